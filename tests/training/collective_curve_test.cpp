// Collectives as functions of bandwidth: what holds whatever the network, and the prices they come from.
#include "training/collective_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "training/collective_time.h"

namespace bandwright {
namespace {

std::uint8_t kind_bit(std::string_view name) {
  return static_cast<std::uint8_t>(1U << (&dimension_kind(name) - dimension_kinds().data()));
}

FabricDimension links(const char* kind, double gb_per_s, Software software = {}) {
  FabricDimension fabric;
  fabric.kind = &dimension_kind(kind);
  fabric.gb_per_s = gb_per_s;
  fabric.constants = {.efficiency = 0.8, .latency_us = 10.0, .step_us = 3.0};
  fabric.software = software;
  return fabric;
}

struct FreeCase {
  std::vector<FabricDimension> fabrics;
  std::vector<FreeDimension> network;
  Group group;
};

// All NPUs of a network of one, two or three dimensions as one group.
FreeCase whole(std::vector<std::pair<const char*, int>> shape, Software software = {}) {
  FreeCase result;
  double gb_per_s = 400.0;
  for (const auto& [kind, npus] : shape) {
    result.fabrics.push_back(links(kind, gb_per_s, software));
    gb_per_s /= 4.0;
  }
  std::int64_t stride = 1;
  result.group.name = "DP";
  for (std::size_t d = 0; d < shape.size(); ++d) {
    result.network.push_back({&result.fabrics[d], shape[d].second, kind_bit(shape[d].first)});
    result.group.dimensions.push_back({static_cast<int>(d), shape[d].second, stride});
    stride *= shape[d].second;
  }
  return result;
}

std::vector<FreeCase> free_cases() {
  std::vector<FreeCase> all;
  for (const Software software :
       {Software{}, Software{.copies = true, .low_latency = 0.6, .in_switch = 0.8}}) {
    all.push_back(whole({{"Switch", 8}}, software));
    all.push_back(whole({{"Ring", 4}}, software));
    all.push_back(whole({{"FullyConnected", 4}, {"Switch", 8}}, software));
    all.push_back(whole({{"Ring", 2}, {"Switch", 8}, {"Switch", 16}}, software));
    all.push_back(whole({{"Ring", 2}, {"FullyConnected", 2}, {"Switch", 2}, {"Switch", 4}}, software));
  }
  return all;
}

// The tangent at any bandwidths is below the curve everywhere, and touches it where it was taken; more of any
// bandwidth takes no longer.
TEST(CollectiveCurves, AreConvexAndFall) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> power(-1.0, 1.5);
  for (const FreeCase& each : free_cases()) {
    for (const CollectiveKindInfo& info : collective_kinds()) {
      for (const std::int64_t bytes : {1'000, 1'000'000, 1'000'000'000}) {
        const CollectiveCurve curve = collective_curve(each.network, each.group, {info.kind, Bytes(bytes)});
        const auto somewhere = [&] {
          std::vector<double> b;
          for (const FabricDimension& fabric : each.fabrics)
            b.push_back(fabric.gb_per_s * std::pow(10.0, power(random)));
          return b;
        };
        for (int i = 0; i < 5; ++i) {
          const std::vector<double> at = somewhere();
          const PathTime tangent = curve.at(at);
          std::vector<double> other = somewhere();
          double below = tangent.constant_ns(at);
          double here = below;
          for (std::size_t d = 0; d < at.size(); ++d) {
            below += tangent.bytes[d] / other[d];
            here += tangent.bytes[d] / at[d];
          }
          EXPECT_LE(below, curve.at(other).ns * (1.0 + 1e-9)) << info.name << ' ' << bytes;
          EXPECT_NEAR(here, tangent.ns, 1e-9 * tangent.ns) << info.name;
          const double before = curve.at(other).ns;
          other[static_cast<std::size_t>(i) % other.size()] *= 1.5;
          EXPECT_LE(curve.at(other).ns, before * (1.0 + 1e-12)) << info.name;
        }
      }
    }
  }
}

Machine machine_of(const FreeCase& each) {
  Machine machine{.name = "free", .dimensions = each.fabrics};
  for (std::size_t d = 0; d < each.network.size(); ++d) machine.dimensions[d].npus = each.network[d].npus;
  return machine;
}

std::vector<double> nominal(const FreeCase& each) {
  std::vector<double> b;
  for (const FabricDimension& fabric : each.fabrics) b.push_back(fabric.gb_per_s);
  return b;
}

// Where steps take no time a whole dimension costs what collective_time.h says; with them the curve's own
// steps are at most those of a ring.
TEST(CollectiveCurves, AreThePricesOfOneDimension) {
  for (const bool copies : {false, true}) {
    for (const char* kind : {"Switch", "Ring"}) {
      for (const CollectiveKindInfo& info : collective_kinds()) {
        if (info.kind == CollectiveKind::Broadcast || info.kind == CollectiveKind::Reduce)
          continue;  // chains
        FreeCase each =
            whole({{kind, 8}}, {.copies = copies, .in_switch = kind == std::string("Switch") ? 0.8 : 0.0});
        each.fabrics[0].constants.step_us = 0.0;
        each.network[0].fabric = each.fabrics.data();
        const Machine machine = machine_of(each);
        const Network network = machine.network(8);
        for (const double bytes : {1e6, 4e9}) {
          const Collective collective{info.kind, Bytes(std::llround(bytes))};
          const double price = collective_ns(machine, network, whole_network(network), collective);
          EXPECT_NEAR(collective_curve(each.network, each.group, collective).at(nominal(each)).ns, price,
                      1e-6 * price)
              << kind << ' ' << info.name << ' ' << copies;
        }
      }
    }
  }
}

// 1 GB over switches of 8 and 16 at 400 and 100 GB/s, of which 0.8 is reached: 2 x 7/8 GB inside are 5.47 ms,
// 2 x 15/16 of an eighth between them 2.93 ms; halving and doubling takes 2 (3 + 4) steps of 3 us. Copying
// kernels pass on 1/128 of the buffer besides, at 1.6 times the links' speed.
TEST(CollectiveCurves, AddTheStepsOfAllDimensions) {
  for (const bool copies : {false, true}) {
    const FreeCase each = whole({{"Switch", 8}, {"Switch", 16}}, {.copies = copies});
    const Collective collective{CollectiveKind::AllReduce, Bytes(1'000'000'000)};
    const double own = copies ? 1e9 / 128.0 / 1.6 : 0.0;
    const auto ns = [&](double inner, double outer) {
      return collective_curve(each.network, each.group, collective).at({{inner, outer}}).ns;
    };
    const auto norm = [](double a, double b) {
      return std::pow(std::pow(a, 1.5) + std::pow(b, 1.5), 2.0 / 3.0);
    };
    const double steps = 14.0 * 3e3;
    EXPECT_NEAR(ns(400.0, 100.0), 1e4 + norm(steps, (1.75e9 + own) / 400.0 / 0.8), 10.0) << copies;
    // With a tenth of the bandwidth between machines that decides.
    EXPECT_NEAR(ns(400.0, 10.0), 1e4 + norm(steps, (1.875e9 / 8.0 + own) / 10.0 / 0.8), 10.0) << copies;
  }
}

// A dimension that may be of several kinds takes at most what it takes as any of them.
TEST(CollectiveCurves, OfSeveralKindsAreBelowEach) {
  for (const Software software :
       {Software{}, Software{.copies = true, .low_latency = 0.6, .in_switch = 0.8}}) {
    FreeCase each = whole({{"Switch", 4}, {"Switch", 8}}, software);
    for (const CollectiveKindInfo& info : collective_kinds()) {
      for (const std::int64_t bytes : {10'000, 3'000'000, 1'000'000'000}) {
        const Collective collective{info.kind, Bytes(bytes)};
        const auto ns = [&](std::uint8_t inner, std::uint8_t outer) {
          each.network[0].kinds = inner;
          each.network[1].kinds = outer;
          return collective_curve(each.network, each.group, collective).at({{200.0, 50.0}}).ns;
        };
        const std::uint8_t any = kind_bit("Ring") | kind_bit("FullyConnected") | kind_bit("Switch");
        const double least = ns(any, any);
        for (const char* inner : {"Ring", "FullyConnected", "Switch"}) {
          for (const char* outer : {"Ring", "FullyConnected", "Switch"}) {
            EXPECT_LE(least, ns(kind_bit(inner), kind_bit(outer)) * (1.0 + 1e-9)) << info.name;
          }
        }
      }
    }
  }
}

// As one dimension of the total bandwidth nothing takes longer than on any shape of the same NPUs.
TEST(CollectiveCurves, OfTheAggregateAreBelowEveryShape) {
  for (const FreeCase& each : free_cases()) {
    const std::int64_t npus = each.group.npus();
    std::vector<double> b = nominal(each);
    double total = 0.0;
    for (const double gb_per_s : b) total += gb_per_s;
    for (const CollectiveKindInfo& info : collective_kinds()) {
      for (const std::int64_t bytes : {10'000, 3'000'000, 1'000'000'000}) {
        const Collective collective{info.kind, Bytes(bytes)};
        EXPECT_LE(aggregate_curve(each.fabrics, npus, collective).at({{total}}).ns,
                  collective_curve(each.network, each.group, collective).at(b).ns * (1.0 + 1e-9))
            << info.name << ' ' << bytes << ' ' << npus;
      }
    }
  }
  const FreeCase alone = whole({{"Switch", 8}});
  EXPECT_EQ(aggregate_curve(alone.fabrics, 1, {CollectiveKind::AllReduce, Bytes(1000)}).at({{1.0}}).ns, 0.0);
}

// An all-gather of S from each of n moves what a reduce-scatter of n S does: S (n-1).
TEST(CollectiveCurves, OfTheAggregateGatherWhatTheyScatter) {
  for (const int npus : {2, 3, 8}) {
    const FreeCase each = whole({{"Switch", npus}});
    const auto ns = [&](CollectiveKind kind, std::int64_t bytes) {
      return aggregate_curve(each.fabrics, npus, {kind, Bytes(bytes)}).at({{50.0}}).ns;
    };
    const double gathered = ns(CollectiveKind::AllGather, 1'000'000);
    EXPECT_NEAR(gathered, ns(CollectiveKind::ReduceScatter, 1'000'000 * npus), 1e-9 * gathered) << npus;
    EXPECT_GT(gathered, 1e6 * (npus - 1) / 50.0);
  }
}

// A protocol for small messages is one more to choose from: it takes a tenth of a step's time, here of 3 us,
// and half of the bandwidth; no size takes longer for it.
TEST(CollectiveCurves, SmallMessagesHaveAProtocolOfTheirOwn) {
  const FreeCase usual = whole({{"Switch", 2}});
  const FreeCase both = whole({{"Switch", 2}}, {.low_latency = 0.5});
  const auto ns = [](const FreeCase& each, std::int64_t bytes) {
    return collective_curve(each.network, each.group, {CollectiveKind::ReduceScatter, Bytes(bytes)})
        .at(nominal(each))
        .ns;
  };
  EXPECT_NEAR(ns(usual, 1000) - ns(both, 1000), 0.9 * 3e3, 10.0);  // 500 B take some ns
  for (std::int64_t bytes = 1000; bytes < 1'000'000'000; bytes *= 2) {
    EXPECT_LE(ns(both, bytes), ns(usual, bytes) * (1.0 + 1e-9)) << bytes;
  }
  EXPECT_EQ(ns(both, 1'000'000'000), ns(usual, 1'000'000'000));
}

// A group of 4 neighbours of a ring of 16 sends what it would send on a ring of its own back the way it came:
// half the speed; with every other NPU two links lie between, and 4 that go around have all 16.
TEST(CollectiveCurves, PartsOfARingHaveTheirOwnLinks) {
  FreeCase ring = whole({{"Ring", 16}});
  ring.fabrics[0].constants = {.efficiency = 1.0, .latency_us = 0.0, .step_us = 0.0};
  ring.network[0].fabric = ring.fabrics.data();
  const Collective collective{CollectiveKind::AllReduce, Bytes(1'000'000'000)};
  const auto ns = [&](int npus, std::int64_t stride) {
    ring.group.dimensions = {{0, npus, stride}};
    return collective_curve(ring.network, ring.group, collective).at({{100.0}}).ns;
  };
  const double alone = 2.0 * 0.75 * 1e7;  // 2 S 3/4 at 100 GB/s
  EXPECT_NEAR(ns(4, 1), 2.0 * alone, 1.0);
  EXPECT_NEAR(ns(4, 2), 4.0 * alone, 1.0);
  EXPECT_NEAR(ns(4, 4), 4.0 * alone, 1.0);  // around: four links between two, shared by four groups
  EXPECT_NEAR(ns(16, 1), 2.0 * 15.0 / 16.0 * 1e7, 1.0);
  // On the second dimension strides count NPUs of the first.
  FreeCase two = whole({{"Switch", 8}, {"Ring", 16}});
  for (FabricDimension& fabric : two.fabrics)
    fabric.constants = {.efficiency = 1.0, .latency_us = 0.0, .step_us = 0.0};
  for (std::size_t d = 0; d < 2; ++d) two.network[d].fabric = &two.fabrics[d];
  two.group.dimensions = {{1, 4, 16}};  // every other
  EXPECT_NEAR(collective_curve(two.network, two.group, collective).at({{100.0, 100.0}}).ns, 4.0 * alone, 1.0);
}

TEST(CollectiveCurves, NothingToSendTakesNoTime) {
  const FreeCase each = whole({{"Switch", 8}});
  EXPECT_EQ(collective_curve(each.network, each.group, {CollectiveKind::AllReduce, Bytes(0)}).at({{1.0}}).ns,
            0.0);
  EXPECT_EQ(collective_curve(each.network, Group{}, {CollectiveKind::AllReduce, Bytes(9)}).at({{1.0}}).ns,
            0.0);
}

TEST(PathTimes, AddUpByPart) {
  PathTime a{.ns = 10.0, .bytes = {1.0, 2.0}};
  const PathTime b{.ns = 5.0, .bytes = {0.0, 4.0, 8.0}};
  a += b;
  EXPECT_EQ(a.ns, 15.0);
  EXPECT_EQ(a.bytes, (std::array<double, 4>{1.0, 6.0, 8.0, 0.0}));
  a.add(2.0, b);
  EXPECT_EQ(a.ns, 25.0);
  EXPECT_EQ(a.bytes, (std::array<double, 4>{1.0, 14.0, 24.0, 0.0}));
  EXPECT_EQ(a.times(0.5).bytes, (std::array<double, 4>{0.5, 7.0, 12.0, 0.0}));
  // 25 - 1/1 - 14/2 - 24/3 = 9; never below nothing.
  EXPECT_DOUBLE_EQ(a.constant_ns(std::vector<double>{1.0, 2.0, 3.0}), 9.0);
  EXPECT_EQ(a.constant_ns(std::vector<double>{0.01, 2.0, 3.0}), 0.0);
}

}  // namespace
}  // namespace bandwright
