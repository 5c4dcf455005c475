// Networks as they are built, by what a user types.
#include "formats/load_graph.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "formats/load.h"
#include "network/routes.h"

namespace bandwright {
namespace {

std::vector<std::string> shipped() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("inputs/fabrics")) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

// Every file that comes with the program is one, and every NPU reaches every other.
TEST(LoadGraph, ShippedFilesJoinAllTheirNpus) {
  ASSERT_GE(shipped().size(), 3U);
  for (const std::string& file : shipped()) {
    ASSERT_TRUE(names_graph(file)) << file;
    const NetworkGraph graph = load_graph(file);
    Routes routes(graph, {.routing = Routing::Ecmp});
    for (NodeId to = 1; to < graph.npus(); ++to) {
      Routes::Way way;
      routes.find(
          0, to, 0, [](LinkId) { return 0.0; }, way);
      EXPECT_FALSE(way.steps.empty()) << file;
    }
  }
}

TEST(LoadGraph, GridsAndOtherFilesAreNone) {
  for (const std::string word :
       {"Ring(8)", "Torus(4)_Ring(2)", "4D", "inputs/networks/4d.yaml", "nowhere.yaml", ""}) {
    EXPECT_FALSE(names_graph(word)) << word;
  }
  EXPECT_TRUE(names_graph("FatTree(8)"));
  EXPECT_TRUE(names_graph(" torus(4x4, bandwidth 50)"));
}

// As a network to plan on: machines by NPUs where the graph says so, else one switch at an NPU's bandwidth.
TEST(LoadGraph, PlannedOnItsGrid) {
  const LoadedNetwork rails = load_any_network("RailOptimised(4x8, inside 450, bandwidth 50)");
  EXPECT_EQ(rails.network.shorthand(), "Switch(8)_Switch(4)");
  EXPECT_EQ(rails.bandwidth, (std::vector<Bandwidth>{gb_per_s(450), gb_per_s(50)}));
  const LoadedNetwork tree = load_any_network("FatTree(24, radix 8, bandwidth 50)");
  EXPECT_EQ(tree.network.shorthand(), "Switch(24)");
  EXPECT_EQ(tree.bandwidth, std::vector<Bandwidth>{gb_per_s(50)});
  EXPECT_THROW(load_any_network("FatTree(24, radix 8)"), InputError);
}

}  // namespace
}  // namespace bandwright
