// Networks, systems, communicators and prices of other simulators: numbers by hand, and what holds of any
// file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>

#include "core/error.h"
#include "formats/astra_sim/artifact.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/astra_sim_2.h"
#include "formats/astra_sim/astra_sim_system.h"
#include "formats/astra_sim/libra.h"
#include "formats/class_prices.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

YamlValue file(const std::string& text) { return YamlValue::parse(text, "folder/file.json"); }

template <class Read>
std::string refusal(Read read) {
  try {
    static_cast<void>(read());
  } catch (const InputError& error) {
    return error.what();
  }
  return "read";
}

// 50 GiB/s of a link: a ring neighbour and a switch have one; of FullyConnected(5) an NPU has four, 200
// GiB/s.
TEST(AstraSim2Network, BandwidthIsOfAnNpu) {
  const AstraSim2Network read = read_astra_sim_2_network(file(
      R"({"topology": ["Ring", "FullyConnected", "Switch"], "npus_count": [4, 5, 8],
          "bandwidth": [50, 50, 25.5], "latency": [500, 0, 1.5]})"));
  EXPECT_EQ(read.network.shorthand(), "Ring(4)_FullyConnected(5)_Switch(8)");
  EXPECT_EQ(read.network.name, "file");
  EXPECT_EQ(read.bandwidth[0], gib_per_s(50));
  EXPECT_DOUBLE_EQ(read.bandwidth[1].value(), gib_per_s(200).value());
  EXPECT_EQ(read.bandwidth[2], gib_per_s(25.5));
  EXPECT_EQ(read.latency, (std::vector<Time>{nanoseconds(500), Time(), nanoseconds(1.5)}));
}

TEST(AstraSim2Network, ListsAreEquallyLong) {
  const auto read = [](const char* text) {
    return refusal([&] { return read_astra_sim_2_network(file(text)); });
  };
  EXPECT_THAT(
      read(R"({"topology": ["Ring", "Ring"], "npus_count": [4], "bandwidth": [1, 1], "latency": [0, 0]})"),
      AllOf(StartsWith("folder/file.json:1: npus_count: "), HasSubstr("1 values for 2 dimensions")));
  EXPECT_THAT(read(R"({"topology": ["Ring"], "npus_count": [4], "bandwidth": [1, 1], "latency": [0]})"),
              StartsWith("folder/file.json:1: bandwidth: "));
  EXPECT_THAT(read(R"({"topology": ["Rong"], "npus_count": [4], "bandwidth": [1], "latency": [0]})"),
              HasSubstr("did you mean 'Ring'"));
  EXPECT_THAT(read(R"({"topology": ["Ring"], "npus_count": [1], "bandwidth": [1], "latency": [0]})"),
              HasSubstr("2 to"));
}

// Three links of 40 GiB/s; class N is Node; delays that are not modelled are said.
TEST(AstraSim1Network, LinksAddUp) {
  const AstraSim1Network read = read_astra_sim_1_network(file(
      R"({"topology-name": "Hierarchical", "topologies-per-dim": ["Ring", "Switch"], "dimension-type": ["N", "Tile"],
          "dimensions-count": 2, "units-count": [6, 4], "links-count": [3, 1], "link-latency": [300, 0],
          "link-bandwidth": [40, 12.5], "nic-latency": [0, 0], "router-latency": [0, 7], "hbm-latency": [1, 1]})"));
  EXPECT_FALSE(read.is_template);
  EXPECT_EQ(read.bandwidth[0], gib_per_s(120));
  EXPECT_EQ(read.latency[0], nanoseconds(300));
  EXPECT_EQ(read.network.dimensions[0].price_class, "Node");
  EXPECT_EQ(read.network.dimensions[1].price_class, "Tile");
  EXPECT_EQ(read.ignored, (std::vector<std::string>{"router-latency: not modelled"}));
  EXPECT_THAT(
      refusal([] {
        return read_astra_sim_1_network(file(
            R"({"topologies-per-dim": ["Ring", "Switch"], "dimensions-count": 3, "units-count": [6, 4],
                        "links-count": [3, 1], "link-latency": [300, 0], "link-bandwidth": [40, 12.5]})"));
      }),
      HasSubstr("topologies-per-dim has 2 dimensions"));
}

// All counts 1: they come from elsewhere.
TEST(AstraSim1Network, ATemplateHasNoCounts) {
  const AstraSim1Network read = read_astra_sim_1_network(file(
      R"({"topologies-per-dim": ["Ring", "Switch"], "units-count": [1, 1], "dimension-type": ["Tile", "Pod"]})"));
  EXPECT_TRUE(read.is_template);
  EXPECT_TRUE(read.bandwidth.empty());
  ASSERT_EQ(read.network.dimensions.size(), 2U);
  EXPECT_EQ(read.network.dimensions[0].kind->name, "Ring");
  EXPECT_EQ(read.network.dimensions[1].price_class, "Pod");
  EXPECT_EQ(read.network.npus(), 1);
}

TEST(RemoteMemory, NeedsNumbersOnlyWhereThereIsSome) {
  EXPECT_EQ(read_remote_memory(file(R"({"memory-type": "NO_MEMORY_EXPANSION"})")).bandwidth, Bandwidth());
  const RemoteMemory pool = read_remote_memory(file(
      R"({"memory-type": "MEMORY_POOL", "num-nodes": 2, "remote-mem-latency": 7, "remote-mem-bw": 900})"));
  EXPECT_EQ(pool.latency, nanoseconds(7));
  EXPECT_EQ(pool.bandwidth, gb_per_s(900));
  EXPECT_EQ(pool.ignored.size(), 1U);
  EXPECT_THAT(refusal([] { return read_remote_memory(file(R"({"memory-type": "MEMORY_POOL"})")); }),
              HasSubstr("missing key 'remote-mem-latency'"));
  EXPECT_THAT(refusal([] { return read_remote_memory(file(R"({"memory-type": "CLOUD"})")); }),
              HasSubstr("'CLOUD', expected NO_MEMORY_EXPANSION"));
}

TEST(LogicalDimensions, AreNumbersInQuotes) {
  EXPECT_EQ(read_logical_dimensions(file(R"({"logical-dims": ["8", "2"]})")), (std::vector<int>{8, 2}));
  EXPECT_THROW(read_logical_dimensions(file(R"({"logical-dims": []})")), InputError);
  EXPECT_THROW(read_logical_dimensions(file(R"({"logical-dims": ["0"]})")), InputError);
  const std::string many = "[" + std::string("\"1\",") + std::string("\"1\", ") + "\"1\"]";
  EXPECT_EQ(read_logical_dimensions(file("{\"logical-dims\": " + many + "}")).size(), 3U);
}

TEST(ArtifactNetwork, HasABudget) {
  const ArtifactNetwork read = read_artifact_network(
      file(R"({"total-bandwidth": 300, "npus-count": [8, 2], "topology": ["Ring", "Switch"],
               "network-type": ["Package", "Pod"]})"));
  EXPECT_EQ(read.budget, gb_per_s(300));
  EXPECT_EQ(read.network.shorthand(), "Ring(8)_Switch(2)");
  EXPECT_EQ(read.network.dimensions[0].price_class, "Package");
}

TEST(ClassPrices, AreOfEachElement) {
  const PriceList list = read_class_prices(
      file(R"({"Pod": {"Link": 7.8, "Switch": 18, "Nic": 31.6}, "Tile": {"Link": 2}})"), Cables{});
  ASSERT_EQ(list.classes.size(), 2U);
  EXPECT_EQ(list.name, "file");
  EXPECT_EQ(list.classes[0].name, "Pod");
  EXPECT_EQ(list.classes[0].per_gb_per_s[0]->value(), 7.8);
  EXPECT_EQ(list.classes[0].per_gb_per_s[2]->value(), 31.6);
  EXPECT_FALSE(list.classes[1].per_gb_per_s[1].has_value());
  EXPECT_THROW(read_class_prices(file("{}"), Cables{}), InputError);
  EXPECT_THAT(refusal([] { return read_class_prices(file(R"({"Pod": {"Cable": 1}})"), Cables{}); }),
              HasSubstr("unknown key 'Cable'"));
}

// The members of a group's line that holds an NPU, by its parts' strides.
std::set<std::int64_t> members(const Group& group, std::int64_t npu, const Network& network) {
  std::set<std::int64_t> ids = {npu};
  for (const GroupDimension& part : group.dimensions) {
    std::int64_t below = 1;
    for (int d = 0; d < part.dimension; ++d) below *= network.dimensions[static_cast<std::size_t>(d)].npus;
    const std::int64_t own = npu / part.stride % part.npus;
    std::set<std::int64_t> wider;
    for (const std::int64_t id : ids) {
      for (std::int64_t i = 0; i < part.npus; ++i) wider.insert(id + (i - own) * part.stride);
    }
    ids = wider;
  }
  return ids;
}

// Whatever divides the dimensions: both groups have the NPUs the file says, and where they stand side by side
// the two have only the NPU itself in common.
TEST(Communicator, GroupsHaveTheSizesOfTheFile) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 200; ++trial) {
    const Network network = parse_network("Ring(4)_Switch(6)_Ring(8)");
    LibraCommunicator communicator;
    std::int64_t activations = 1;
    std::int64_t gradients = 1;
    bool side_by_side = true;
    for (const Dimension& dimension : network.dimensions) {
      const auto divisor = [&] {
        int n = 0;
        do n = 1 + static_cast<int>(random() % static_cast<unsigned>(dimension.npus));
        while (dimension.npus % n != 0);
        return n;
      };
      communicator.activations.push_back(divisor());
      communicator.gradients.push_back(divisor());
      activations *= communicator.activations.back();
      gradients *= communicator.gradients.back();
      const int together = communicator.activations.back() * communicator.gradients.back();
      side_by_side = side_by_side && dimension.npus % together == 0;
    }
    const std::vector<Group> groups = communicator_groups(communicator, network);
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(groups[0].npus(), activations);
    EXPECT_EQ(groups[1].npus(), gradients);
    EXPECT_EQ(groups[2].npus(), network.npus());
    if (!side_by_side) continue;
    const std::int64_t npu = static_cast<std::int64_t>(random() % 192);
    std::vector<std::int64_t> common;
    const auto inner = members(groups[0], npu, network);
    const auto outer = members(groups[1], npu, network);
    std::set_intersection(inner.begin(), inner.end(), outer.begin(), outer.end(), std::back_inserter(common));
    EXPECT_EQ(common, (std::vector<std::int64_t>{npu}));
  }
}

TEST(Communicator, SaysWhatDoesNotFit) {
  const auto read = [](const char* text) {
    return refusal([&] { return read_libra_communicator(file(text)); });
  };
  EXPECT_EQ(read("{Forward: [4, -1], InputGrad: [4, -1], WeightGrad: [-1, 2]}"), "read");
  EXPECT_THAT(read("{Forward: [4, -1], InputGrad: [2, -1], WeightGrad: [-1, 2]}"),
              HasSubstr("differs from Forward"));
  EXPECT_THAT(read("{Forward: [4, -1], InputGrad: [4, -1], WeightGrad: [2]}"),
              HasSubstr("1 dimensions, but"));
  EXPECT_THAT(read("{Forward: [0], InputGrad: [0], WeightGrad: [2]}"), HasSubstr("-1 for none"));
  const Network network = parse_network("Ring(4)_Switch(6)");
  EXPECT_THAT(refusal([&] {
                return communicator_groups({{3, 1}, {1, 1}}, network);
              }),
              HasSubstr("Forward of 3 NPUs on dimension 1 does not divide its 4"));
  EXPECT_THAT(refusal([&] {
                return communicator_groups({{2, 1}, {1, 4}}, network);
              }),
              HasSubstr("WeightGrad of 4"));
  EXPECT_THAT(refusal([&] { return communicator_groups({{2}, {1}}, network); }), HasSubstr("1 dimensions"));
}

AstraSimSystem version_1(const std::string& text) {
  return read_astra_sim_1_system(YamlValue::parse(text, "sys.txt"));
}
AstraSimSystem version_2(const std::string& text) {
  return read_astra_sim_2_system(YamlValue::parse(text, "sys.json"));
}

// Every word of a system file, in either version.
TEST(AstraSimSystem, WordsHaveTheirMeaning) {
  const AstraSimSystem read = version_1(
      "scheduling-policy: FIFO\ncollective-optimization: baseline\nintra-dimension-scheduling: "
      "smallestFirst\n"
      "inter-dimension-scheduling: offlineGreedy\npreferred-dataset-splits: 4\nendpoint-delay: 10\n"
      "all-reduce-implementation: ring_halvingDoubling\nall-to-all-implementation: "
      "direct_doubleBinaryTree\n");
  const Library& system = read.library;
  EXPECT_EQ(system.collectives, CollectiveOrder::Fifo);
  EXPECT_EQ(system.composition, Composition::Plain);
  EXPECT_EQ(system.chunk_order, ChunkOrder::SmallestFirst);
  EXPECT_EQ(system.scheduler, "themis");
  EXPECT_EQ(system.chunks, 4);
  EXPECT_EQ(system.endpoint_delay, nanoseconds(10));
  EXPECT_TRUE(system.truncate && system.gib);
  EXPECT_EQ(system.reduction_bandwidth, gb_per_s(500'000));
  EXPECT_EQ(system.bookkeeping, nanoseconds(1));
  ASSERT_EQ(system.algorithms.by_dimension.size(), 2U);
  EXPECT_EQ(system.algorithms.by_dimension[0].at(CollectiveKind::AllReduce), "ring");
  EXPECT_EQ(system.algorithms.by_dimension[1].at(CollectiveKind::AllToAll), "double-binary-tree");
  const Library usual = version_1("scheduling-policy: LIFO\ncollective-optimization: localBWAware\n").library;
  EXPECT_EQ(usual.collectives, CollectiveOrder::Lifo);
  EXPECT_EQ(usual.composition, Composition::Hierarchical);
  EXPECT_EQ(usual.chunk_order, ChunkOrder::Fifo);
  EXPECT_EQ(usual.chunks, 1);
  EXPECT_EQ(version_2("{}").library.bookkeeping, Time());
  EXPECT_FALSE(version_2("{}").peak.has_value());
}

// One for all dimensions together is each in turn, which is said; a window is said as well.
TEST(AstraSimSystem, SaysWhatItDoesOtherwise) {
  const AstraSimSystem one = version_2(R"({"all-reduce-implementation": ["oneHalvingDoubling"]})");
  EXPECT_EQ(one.library.algorithms.by_dimension.size(), 16U);
  EXPECT_EQ(one.library.algorithms.by_dimension[15].at(CollectiveKind::AllReduce), "halving-doubling");
  EXPECT_EQ(one.ignored.size(), 1U);
  EXPECT_THAT(refusal([] { return version_2(R"({"all-reduce-implementation": ["oneRing", "ring"]})"); }),
              HasSubstr("but others follow"));
  const AstraSimSystem window = version_2(R"({"all-to-all-implementation": ["direct4"]})");
  EXPECT_EQ(window.library.algorithms.by_dimension[0].at(CollectiveKind::AllToAll), "direct");
  EXPECT_THAT(window.ignored.at(0), HasSubstr("not held back by a window"));
  EXPECT_TRUE(version_2(R"({"active-chunks-per-dimension": 1})").ignored.empty());
  EXPECT_EQ(version_2(R"({"active-chunks-per-dimension": 2})").ignored.size(), 1U);
}

// Whatever is wrong is told with its place.
TEST(AstraSimSystem, RefusalsHaveTheirPlace) {
  for (const char* text :
       {R"({"all-to-all-implementation": ["directX"]})", R"({"all-to-all-implementation": ["direct0"]})",
        R"({"all-gather-implementation": ["one"]})", R"({"preferred-dataset-splits": 0})",
        R"({"roofline-enabled": 1})", R"({"roofline-enabled": 1, "peak-perf": 3})",
        R"({"per-node-custom-implementation": 1})", R"({"endpoint-delay": -1})",
        R"({"scheduling-policy": "SJF"})"}) {
    EXPECT_THAT(refusal([&] { return version_2(text); }), StartsWith("sys.json:1: ")) << text;
  }
}

}  // namespace
}  // namespace bandwright
