#include "training/collective_time.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bandwright {
namespace {

// One dimension of round numbers: 100 GB/s, half of it reached; a call 10 us, a step 2 us.
Machine machine(Software software) {
  Machine result{.name = "test"};
  FabricDimension fabric;
  fabric.kind = &dimension_kind("Switch");
  fabric.gb_per_s = 100.0;
  fabric.constants = {0.5, 10.0, 2.0};
  fabric.software = software;
  result.dimensions.push_back(fabric);
  return result;
}

double us(const Machine& on, CollectiveKind kind, double bytes, int npus) {
  const Network network = on.network(npus);
  const Group group = whole_network(network);
  return collective_ns(on, network, group, {kind, Bytes(static_cast<std::int64_t>(bytes))}) * 1e-3;
}

// 8 NPUs: w = 2 x 7/8 x 1 GB / 50 GB/s = 35 ms, 14 steps of 2 us, and a call of 10 us.
TEST(CollectiveTime, LongAllReduceIsItsBytesAndPartOfItsSteps) {
  const double w = 35'000.0;
  const double expected = 10.0 + std::pow(std::pow(28.0, 1.5) + std::pow(w, 1.5), 1.0 / 1.5);
  EXPECT_NEAR(us(machine({}), CollectiveKind::AllReduce, 1e9, 8), expected, 1e-3);
}

// Kernels that copy pass 1/8 of the buffer on at 1.6 times the links' speed: 1 GB / 8 / 80 GB/s = 1562.5 us.
TEST(CollectiveTime, CopyingKernelsPassTheirOwnShareOn) {
  const double more = us(machine({.copies = true}), CollectiveKind::AllReduce, 1e9, 8) -
                      us(machine({}), CollectiveKind::AllReduce, 1e9, 8);
  EXPECT_NEAR(more, 1562.5, 1.0);
}

// 1 MB on 8 NPUs: w = 35 us at 0.5 of the large protocol's speed, steps a tenth of 14 x 20 us.
TEST(CollectiveTime, SmallMessagesTakeTheLowLatencyProtocol) {
  Machine on = machine({.copies = true, .low_latency = 0.5});
  on.dimensions[0].constants.step_us = 20.0;
  EXPECT_NEAR(us(on, CollectiveKind::AllReduce, 1e6, 8), 10.0 + 28.0 + 70.0, 1e-3);
  // It is left at 2.5 MB per other NPU, and taken where it is faster only.
  Machine without = on;
  without.dimensions[0].software.low_latency = 0.0;
  for (const double bytes : {1e5, 1e6, 1e7, 1e8}) {
    const double with_it = us(on, CollectiveKind::AllReduce, bytes, 8);
    const double without_it = us(without, CollectiveKind::AllReduce, bytes, 8);
    EXPECT_LE(with_it, without_it) << bytes;
    EXPECT_EQ(with_it < without_it, bytes < 5e6) << bytes;
  }
}

// S (n+1)/n = 1.125 GB against 1.75 GB, at 0.8 of the links' speed.
TEST(CollectiveTime, SwitchesThatReduceSendLess) {
  const Machine ring = machine({});
  const Machine in_switch = machine({.copies = false, .low_latency = 0.0, .in_switch = 0.8});
  const double gain =
      us(ring, CollectiveKind::AllReduce, 1e11, 8) / us(in_switch, CollectiveKind::AllReduce, 1e11, 8);
  EXPECT_NEAR(gain, 0.8 * 1.75 / 1.125, 1e-3);
  // Two NPUs are better off without, and other collectives do not reduce.
  EXPECT_EQ(us(ring, CollectiveKind::AllReduce, 1e9, 2), us(in_switch, CollectiveKind::AllReduce, 1e9, 2));
  EXPECT_EQ(us(ring, CollectiveKind::AllGather, 1e9, 8), us(in_switch, CollectiveKind::AllGather, 1e9, 8));
}

// More bytes never take less time within a protocol; more bandwidth never more.
TEST(CollectiveTime, GrowsWithBytesAndFallsWithBandwidth) {
  for (const CollectiveKindInfo& info : collective_kinds()) {
    Machine on = machine({.copies = true});
    double before = 0.0;
    for (double bytes = 1e3; bytes < 1e12; bytes *= 3.0) {
      const double now = us(on, info.kind, bytes, 8);
      EXPECT_GE(now, before) << info.name << ' ' << bytes;
      before = now;
    }
    on.dimensions[0].gb_per_s *= 2.0;
    EXPECT_LE(us(on, info.kind, 1e9, 8), us(machine({.copies = true}), info.kind, 1e9, 8)) << info.name;
  }
}

// The price's two halves give the whole; a collective at full speed is what a step program holds.
TEST(CollectiveTime, PriceIsLatencyAndBytesAtItsSpeed) {
  Machine on = machine({.copies = true, .low_latency = 0.6, .in_switch = 0.9});
  on.dimensions[0].group_share = {1.0, 1.0, 0.5};
  for (const int npus : {2, 8}) {
    const Network network = on.network(npus);
    const Group group = whole_network(network);
    const Collective collective{CollectiveKind::AllReduce, Bytes(1'000'000'000)};
    const CollectivePrice price = collective_price(on, network, group, collective);
    const double wire = collective_traffic(at_full_speed(collective, price), group, network)[0].busy / 50.0;
    EXPECT_NEAR(price.latency_ns + wire, collective_ns(on, network, group, collective), 1.0);
  }
}

// Two machines of 8, `share` of the bandwidth between them for groups that hold a part of each.
Machine two_machines(double share) {
  Machine result = machine({.copies = true});
  result.dimensions[0].npus = 8;
  FabricDimension between = machine({}).dimensions[0];
  between.gb_per_s = 10.0;
  between.part_share = share;
  result.dimensions.push_back(between);
  return result;
}

double between_us(const Machine& on, CollectiveKind kind, GroupDimension inside, int machines) {
  const Network network = on.network(8 * machines);
  const Group group{.name = "DP", .dimensions = {inside, {1, machines, 8}}};
  return collective_ns(on, network, group, {kind, Bytes(1'000'000'000)}) * 1e-3;
}

// 4 of 8 with every other between them have no two at one adapter; all 8 do, and so do neighbours.
TEST(CollectiveTime, RingsThroughAPartOfAMachineGoThroughItsHost) {
  const Machine whole = two_machines(1.0);
  const Machine half = two_machines(0.5);
  const auto slower = [&](CollectiveKind kind, GroupDimension inside) {
    return between_us(half, kind, inside, 2) / between_us(whole, kind, inside, 2);
  };
  EXPECT_NEAR(slower(CollectiveKind::AllReduce, {0, 4, 2}), 2.0, 0.01);
  EXPECT_EQ(slower(CollectiveKind::AllReduce, {0, 8, 1}), 1.0);
  EXPECT_EQ(slower(CollectiveKind::AllReduce, {0, 2, 1}), 1.0);
  EXPECT_EQ(slower(CollectiveKind::PointToPoint, {0, 4, 2}), 1.0);
}

// 1 GB to one other NPU: between machines at 0.96 of 100 GB/s whatever rings reach there; inside one, through
// kernels, at what rings do.
TEST(CollectiveTime, ASendBetweenMachinesHasTheWholeLink) {
  const double call = 5.0;
  const auto ramp = [](double w) { return 0.4 * std::sqrt(2.0 * w); };
  const double alone = 1e4 / 0.96;
  EXPECT_NEAR(us(machine({}), CollectiveKind::PointToPoint, 1e9, 2), call + ramp(alone) + alone, 0.01);
  const double copied = 2e4;
  EXPECT_NEAR(us(machine({.copies = true}), CollectiveKind::PointToPoint, 1e9, 2),
              call + ramp(copied) + copied, 0.01);
}

TEST(CollectiveTime, NothingToSendTakesNoTime) {
  EXPECT_EQ(us(machine({.copies = true}), CollectiveKind::AllReduce, 0.0, 8), 0.0);
}

}  // namespace
}  // namespace bandwright
