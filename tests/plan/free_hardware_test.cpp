// What networks can be built of: files, shapes against plain loops, prices against bills, limits.
#include "plan/hardware/free_hardware.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <random>
#include <set>

#include "cost_model/bill.h"
#include "plan/hardware/hardware_space.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"
#include "training/collective_constants.h"
#include "training/collective_time.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::size_t kind_of(const char* name) {
  return static_cast<std::size_t>(&dimension_kind(name) - dimension_kinds().data());
}

Network network_as(const std::vector<std::pair<const char*, int>>& dimensions) {
  Network network;
  for (const auto& [kind, npus] : dimensions)
    network.dimensions.push_back({&dimension_kind(kind), npus, "Pod"});
  return network;
}

// Every way to write a number as a product of so many factors of at least 2, in order.
std::set<std::vector<int>> factorisations(int npus, std::size_t factors) {
  if (factors == 1) return npus < 2 ? std::set<std::vector<int>>{} : std::set<std::vector<int>>{{npus}};
  std::set<std::vector<int>> all;
  for (int first = 2; first < npus; ++first) {
    if (npus % first != 0) continue;
    for (std::vector<int> rest : factorisations(npus / first, factors - 1)) {
      rest.insert(rest.begin(), first);
      all.insert(rest);
    }
  }
  return all;
}

// "usual": Tile from 4 dimensions on, up to 8 NPUs; Package from 2, up to 16; Node from 3, up to 64; Pod.
TEST(FreeHardware, ShapesAreEveryFactorisationWithinLimits) {
  const FreeHardware hardware = load_free_hardware("usual");
  const std::vector<std::vector<int>> most = {{0}, {16, 0}, {16, 64, 0}, {8, 16, 64, 0}};
  for (const int npus : {1, 2, 7, 24, 96, 1024}) {
    std::set<std::vector<int>> expected;
    for (std::size_t dimensions = 1; dimensions <= 4; ++dimensions) {
      for (const std::vector<int>& sizes : factorisations(npus, dimensions)) {
        bool within = true;
        for (std::size_t d = 0; d < dimensions; ++d) {
          const int limit = most[dimensions - 1][d];
          within = within && (limit == 0 || sizes[d] <= limit);
        }
        if (within) expected.insert(sizes);
      }
    }
    std::set<std::vector<int>> found;
    for (const ShapeFamily& family : shape_families(hardware, npus, 4, nullptr)) {
      EXPECT_TRUE(found.insert(family.npus).second);
      for (std::size_t d = 0; d < family.npus.size(); ++d) {
        // Rings up to 64 NPUs, all to all up to 32, switches of any number.
        EXPECT_EQ(family.kinds[d] >> kind_of("Ring") & 1, family.npus[d] <= 64 ? 1 : 0);
        EXPECT_EQ(family.kinds[d] >> kind_of("FullyConnected") & 1, family.npus[d] <= 32 ? 1 : 0);
        EXPECT_EQ(family.kinds[d] >> kind_of("Switch") & 1, 1);
      }
    }
    EXPECT_EQ(found, expected) << npus;
    std::size_t of_two = 0;
    for (const ShapeFamily& family : shape_families(hardware, npus, 2, nullptr))
      of_two += family.npus.size() <= 2 ? 1U : 1000U;
    EXPECT_EQ(of_two,
              static_cast<std::size_t>(std::count_if(expected.begin(), expected.end(),
                                                     [](const auto& sizes) { return sizes.size() <= 2; })));
  }
}

// A kind that nobody sells is in no shape: tiles have links alone, so that no Tile is a switch.
TEST(FreeHardware, ShapesThatHaveNoPriceAreLeftOut) {
  const FreeHardware hardware = load_free_hardware("usual");
  const PriceList prices = load_price_list("artifact");
  bool any_tile = false;
  for (const ShapeFamily& family : shape_families(hardware, 64, 4, &prices)) {
    for (std::size_t d = 0; d < family.npus.size(); ++d) {
      const bool tile = hardware.classes[family.classes[d]].links.price_class == "Tile";
      any_tile = any_tile || tile;
      EXPECT_EQ(family.kinds[d] >> kind_of("Switch") & 1, tile ? 0 : 1);
    }
  }
  EXPECT_TRUE(any_tile);
  EXPECT_EQ(unit_price(hardware, 0, kind_of("Switch"), 64, prices), std::nullopt);
  EXPECT_TRUE(std::isinf(unit_prices_of(hardware, 64, prices)[0][kind_of("Switch")]));
}

// The bill of a network that has so much of everything, dimension by dimension.
TEST(FreeHardware, UnitPricesMakeTheBill) {
  const FreeHardware hardware = load_free_hardware("usual");
  for (const char* list : {"artifact", "astra1", "ispass"}) {
    const PriceList prices = load_price_list(list);
    for (const ShapeFamily& family : shape_families(hardware, 48, 3, &prices)) {
      for_each_shape(family, [&](const ShapeFamily& shape) {
        std::vector<double> gb_per_s;
        double usd = 0.0;
        for (std::size_t d = 0; d < shape.npus.size(); ++d) {
          gb_per_s.push_back(10.0 * static_cast<double>(d + 1));
          const auto kind = static_cast<std::size_t>(std::countr_zero(shape.kinds[d]));
          usd += gb_per_s.back() * unit_price(hardware, shape.classes[d], kind, 48, prices).value();
        }
        const double bill = make_bill(network_of(hardware, shape), prices, gb_per_s).total().value();
        EXPECT_NEAR(usd, bill, 1e-9 * bill) << list;
      });
    }
  }
}

TEST(FreeHardware, ANetworkThatCannotBeBuiltIsRefused) {
  const FreeHardware hardware = load_free_hardware("usual");
  const PriceList prices = load_price_list("artifact");
  const auto said = [&](const Network& network, const PriceList* list) {
    return refused([&] { return family_of(hardware, network, list); });
  };
  EXPECT_EQ(said(network_as({{"Ring", 2}, {"Ring", 2}, {"Ring", 2}, {"Ring", 2}}), nullptr), "");
  EXPECT_THAT(said(network_as({{"Ring", 2}, {"Ring", 2}, {"Ring", 2}, {"Ring", 2}, {"Ring", 2}}), nullptr),
              HasSubstr("no network of 5 dimensions can be built of usual"));
  EXPECT_THAT(said(network_as({}), nullptr), HasSubstr("no network of 0 dimensions"));
  EXPECT_THAT(said(network_as({{"Switch", 17}, {"Switch", 2}}), nullptr),
              HasSubstr("17 NPUs as a Switch of class Package are beyond usual, or have no price"));
  EXPECT_THAT(said(network_as({{"FullyConnected", 33}}), nullptr), HasSubstr("33 NPUs as a FullyConnected"));
  EXPECT_EQ(said(network_as({{"Switch", 8}, {"Ring", 2}, {"Ring", 2}, {"Ring", 2}}), nullptr), "");
  EXPECT_THAT(said(network_as({{"Switch", 8}, {"Ring", 2}, {"Ring", 2}, {"Ring", 2}}), &prices),
              HasSubstr("8 NPUs as a Switch of class Tile"));
}

// Of what is of several kinds that of most NPUs; of equals the outermost.
TEST(FreeHardware, TheOpenDimensionIsTheLargest) {
  struct Case {
    std::vector<int> npus;
    std::vector<std::uint8_t> kinds;
    std::optional<std::size_t> open;
  };
  for (const Case& each :
       {Case{{8, 4}, {1, 2}, std::nullopt}, Case{{8, 4}, {1, 3}, 1}, Case{{8, 4}, {7, 3}, 0},
        Case{{4, 4, 2}, {6, 5, 7}, 1}, Case{{}, {}, std::nullopt}}) {
    EXPECT_EQ(open_dimension({each.npus, {}, each.kinds}), each.open);
  }
}

// A machine of a shape has its sizes and kinds, the classes' constants, and what was bought.
TEST(FreeHardware, MachinesAreOfTheirShape) {
  const FreeHardware hardware = load_free_hardware("usual");
  const Npu npu = load_machine("dgx-h100").npu;
  const ShapeFamily shape =
      family_of(hardware, network_as({{"Ring", 8}, {"FullyConnected", 4}, {"Switch", 6}}), nullptr);
  const Machine machine = machine_of(hardware, shape, npu, std::vector{300.0, 200.0, 25.0});
  EXPECT_EQ(machine.name, network_of(hardware, shape).shorthand());
  const Network network = machine.network(8 * 4 * 6);
  EXPECT_EQ(network.shorthand(), "Ring(8)_FullyConnected(4)_Switch(6)");
  EXPECT_THAT(machine.gb_per_s(network), ElementsAre(300.0, 200.0, 25.0));
  const std::vector<FreeDimension> dimensions = free_dimensions(hardware, shape);
  for (std::size_t d = 0; d < 3; ++d) {
    EXPECT_EQ(machine.dimensions[d].constants.latency_us, dimensions[d].fabric->constants.latency_us) << d;
    EXPECT_EQ(dimensions[d].npus, shape.npus[d]);
  }
  // Kernels copy where the innermost links have a library that does: NVLink, and no tile.
  EXPECT_EQ(copying_share(hardware, shape), copying_processors);
  EXPECT_EQ(copying_share(hardware, {{8}, {0}, {1}}), 0.0);
}

// Where kinds are not what differs: a switch and a ring of two NPUs have the same steps and links.
TEST(FreeHardware, CurveIsThePriceOfAMachineAtItsBandwidth) {
  const FreeHardware hardware = load_free_hardware("usual");
  const Network network = network_as({{"Ring", 8}, {"Ring", 8}});
  const ShapeFamily shape = family_of(hardware, network, nullptr);
  const Npu npu = load_machine("dgx-h100").npu;
  const std::vector<double> tuned = {hardware.classes[1].links.gb_per_s, hardware.classes[3].links.gb_per_s};
  const Machine machine = machine_of(hardware, shape, npu, tuned);
  for (const CollectiveKind kind :
       {CollectiveKind::ReduceScatter, CollectiveKind::AllGather, CollectiveKind::PointToPoint}) {
    for (const double bytes : {1e3, 1e6, 1e8, 1e10}) {
      for (const int dimension : {0, 1}) {
        const Group group{.name = "g", .dimensions = {{dimension, 8, dimension == 0 ? 1 : 8}}};
        const Collective collective{kind, Bytes(static_cast<std::int64_t>(bytes))};
        const double curve =
            collective_curve(free_dimensions(hardware, shape), group, collective).at(tuned).ns;
        EXPECT_NEAR(curve, collective_ns(machine, network, group, collective), 1e-9 * curve)
            << collective_name(kind) << " " << bytes << " " << dimension;
      }
    }
  }
}

std::string hardware_file(const std::string& classes, const std::string& rest = "kinds: {}") {
  return "bandwright: hardware\nname: mine\nclasses:\n" + classes + rest + "\n";
}
const std::string pod =
    "  - {links: {kind: Switch, class: Pod, bandwidth: 50 GB/s, fabric: infiniband-ndr}, most_bandwidth: 100 "
    "GB/s}\n";

// One line: the file, the line, the key, the value and what was expected, each once.
TEST(FreeHardware, AFileThatIsNotRightIsRefusedInOneLine) {
  struct Case {
    std::string text;
    std::string said;
  };
  const std::string inner =
      "  - {links: {kind: Ring, class: Tile, bandwidth: 9 GB/s, fabric: torus}, most_bandwidth: 10 GB/s, "
      "from_dimensions: 2}\n";
  const std::vector<Case> cases = {
      {hardware_file("", "kinds: {}"), "classes"},
      {hardware_file(inner), "the outermost class has to be in networks of one dimension"},
      {hardware_file(inner + inner + inner + inner + pod), "expected 1 to 4 classes"},
      {hardware_file(pod, "kinds: {Rung: 8}"), "5: kinds.Rung: unknown dimension kind 'Rung'"},
      {hardware_file(pod, "kinds: {Ring: -1}"), "5: kinds.Ring: "},
      {hardware_file(pod, "kinds: {Ring: many}"), "5: kinds.Ring: "},
      {hardware_file(pod, "kinds: {}\nyears: 0"), "6: years: "},
      {hardware_file(pod, "kinds: {}\nyear: 1"), "year"},
      {"bandwright: hardware\nname: mine\n" + std::string("kinds: {}\n"), "classes"}};
  const TemporaryFolder folder;
  for (const Case& each : cases) {
    const std::filesystem::path file = folder / "mine.yaml";
    std::ofstream(file) << each.text;
    const std::string said = refused([&] { return load_free_hardware(file.string()); });
    EXPECT_THAT(said, HasSubstr(each.said)) << each.text;
    EXPECT_EQ(said.find("mine.yaml"), said.rfind("mine.yaml")) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
  EXPECT_THAT(refused([] { return load_free_hardware("usul"); }), HasSubstr("did you mean 'usual'?"));
}

// What is written reads back; limits that are none are not written.
TEST(FreeHardware, WhatIsWrittenReadsBack) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "mine.yaml";
  std::ofstream(file) << hardware_file(pod, "kinds: {Ring: 12, Switch: 0}\nyears: 3");
  const FreeHardware hardware = load_free_hardware(file.string());
  EXPECT_EQ(hardware.most_npus[kind_of("Ring")], 12);
  EXPECT_EQ(hardware.most_npus[kind_of("Switch")], 0);
  EXPECT_EQ(hardware.years, 3.0);
  EXPECT_EQ(hardware.classes.size(), 1U);
  EXPECT_EQ(hardware.classes[0].from_dimensions, 1);
  EXPECT_EQ(hardware.classes[0].most_gb_per_s, 100.0);
  // One class is in networks of one dimension alone.
  const std::vector<ShapeFamily> families = shape_families(hardware, 12, 4, nullptr);
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].shapes(), 3.0);
  EXPECT_EQ(shape_families(hardware, 13, 4, nullptr)[0].shapes(), 2.0);  // no ring of 13
}

// The cheapest first, each up to its most: of 1,000 dollars 50 GB/s at 10 and 25 at 20.
TEST(HardwareSpaces, TheMostTogetherIsBoughtCheapestFirst) {
  HardwareSpace space{.hardware = load_free_hardware("usual")};
  for (HardwareClass& each : space.hardware.classes) each.most_gb_per_s = 50.0;
  space.unit_usd = {{1e9, 1e9, 1e9}, {20.0, 20.0, 20.0}, {1e9, 1e9, 1e9}, {30.0, 10.0, 40.0}};
  space.dollars = true;
  space.budget = 1000.0;
  space.families = {{{4, 4}, {1, 3}, {7, 7}}};
  EXPECT_DOUBLE_EQ(most_together(space), 75.0);
  space.budget = 1e6;
  EXPECT_DOUBLE_EQ(most_together(space), 100.0);
  space.dollars = false;
  space.budget = 60.0;
  EXPECT_DOUBLE_EQ(most_together(space), 60.0);
  space.budget = 600.0;
  EXPECT_DOUBLE_EQ(most_together(space), 100.0);
  // Of the kinds that a family leaves.
  space.dollars = true;
  space.budget = 1000.0;
  space.families = {{{4, 4}, {1, 3}, {1, 4}}};
  EXPECT_DOUBLE_EQ(most_together(space), 50.0);
  EXPECT_DOUBLE_EQ(region_of(space, space.families[0]).usd[1], 40.0);
}

}  // namespace
}  // namespace bandwright
