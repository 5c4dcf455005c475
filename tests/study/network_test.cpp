// Questions about networks as they are built.
#include "study/network.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/io/paths.h"
#include "network/drawing.h"
#include "study/simulate.h"

namespace bandwright {
namespace {

TEST(NetworkQuestion, CountsHalvesAndPrices) {
  const NetworkAnswer answer =
      network({.network = "FatTree(1024, radix 48, oversubscription 2)", .bandwidth = "50"});
  EXPECT_EQ(answer.switches, 48);
  EXPECT_EQ(answer.failed, 0);
  EXPECT_DOUBLE_EQ(answer.between_halves.value(), 256 * 50.0);  // 16 leaves with 16 links up each
  // 1,024 cables to NPUs at 50 (7.8 + 18 + 31.6), and 512 between switches at 50 (7.8 + 2 x 18) dollars.
  ASSERT_TRUE(answer.cost);
  EXPECT_NEAR(answer.cost->value(), 51'200 * 57.4 + 25'600 * 43.8, 1e-3);
  EXPECT_THROW(network({.network = "4D"}), InputError);
}

Job all_to_all(const std::string& network) {
  return {.collective = "all-to-all", .size = "64 MiB", .network = network, .chunks = "1", .bandwidth = "50"};
}

// By rounds at full speed where nothing is narrower: S (n - 1)/n / b. Under ECMP no seed is faster, and seeds
// differ.
TEST(NetworkQuestion, SimulatedOverSeeds) {
  const double ideal = 67'108'864.0 * 63.0 / 64.0 / 50.0;
  SimulationOptions how{.routing = {.routing = Routing::Spray}};
  const SimulationAnswer spray = simulate(all_to_all("FatTree(64, radix 16)"), how);
  EXPECT_NEAR(to_ns(spray.result.step_time), ideal, 1.0);
  EXPECT_EQ(spray.transport, "flows");
  how = {.routing = {.routing = Routing::Ecmp}, .seeds = 5};
  const SimulationAnswer ecmp = simulate(all_to_all("FatTree(64, radix 16)"), how);
  ASSERT_TRUE(ecmp.spread);
  EXPECT_GT(to_ns(ecmp.spread->least), ideal);
  EXPECT_LT(ecmp.spread->least, ecmp.spread->most);
  EXPECT_LE(ecmp.spread->least, ecmp.result.step_time);
  EXPECT_GE(ecmp.spread->mean, ecmp.spread->least);
}

// A machine's step with its traffic on a network of the same bandwidths, on which nothing is shared, takes
// what it takes over ports.
TEST(NetworkQuestion, AMachineOnRailsOfItsOwnBandwidths) {
  Job job{.model = "llama3-8b", .machine = "dgx-h100", .npus = "32", .tp = "8", .global_batch = "8"};
  const SimulationAnswer ports = simulate(job, {.fidelity = Fidelity::Full});
  ASSERT_EQ(ports.network.shorthand(), "Switch(8)_Switch(4)");
  job.network = "RailOptimised(4x8, inside " + std::to_string(ports.own_gb_per_s[0]) + ", bandwidth " +
                std::to_string(ports.own_gb_per_s[1]) + ")";
  const SimulationAnswer built = simulate(job, {});
  const double share = to_ns(built.result.step_time) / to_ns(ports.result.step_time);
  EXPECT_NEAR(share, 1.0, 0.01);
}

// The InfraGraph files that come along: two DGX, a Clos of two tiers, a dragonfly. Each NPU of them sends S
// 7/8 (or as many as there are others) at no more than what its narrowest own way carries.
TEST(NetworkQuestion, InfraGraphIsPricedDrawnAndSimulated) {
  for (const auto& [file, npus, gb_per_s] :
       {std::tuple{"dgx", 16, 50.0}, {"clos", 8, 50.0}, {"dragonfly", 12, 50.0}}) {
    const std::string path =
        (inputs_folder() / "fabrics/infragraph" / (std::string(file) + ".yaml")).string();
    const NetworkAnswer answer = network({.network = path});
    EXPECT_EQ(answer.graph.npus(), npus) << file;
    ASSERT_TRUE(answer.cost) << file;
    EXPECT_GT(answer.cost->value(), 0.0) << file;
    EXPECT_GT(answer.between_halves.value(), 0.0) << file;
    EXPECT_NE(drawing_of(answer.graph).find("<svg"), std::string::npos) << file;
    const SimulationAnswer played =
        simulate({.collective = "all-to-all", .size = "64 MiB", .network = path, .chunks = "1"}, {});
    // What leaves an NPU to the other half: half of its bytes, over its NIC.
    EXPECT_GT(to_ns(played.result.step_time), 67'108'864.0 / 2.0 / gb_per_s) << file;
    EXPECT_LT(to_ns(played.result.step_time), 20.0 * 67'108'864.0 / gb_per_s) << file;
  }
}

// A grid is what optimize and cost ask for; a built network is not taken for the grid it is planned on.
TEST(NetworkQuestion, GridsAreAskedForWhereTheyAreNeeded) {
  EXPECT_THROW(network_of({.network = "FatTree(8, bandwidth 50)"}), InputError);
}

TEST(NetworkQuestion, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_THROW(simulate(all_to_all("FatTree(64)"), {.transport = NetworkModel::Ports}), InputError);
  EXPECT_THROW(simulate(all_to_all("FatTree(64)"), {.closed_form = true}), InputError);
  Job budget = all_to_all("FatTree(64)");
  budget.bandwidth.clear();
  EXPECT_THROW(simulate(budget, {}), InputError);  // no bandwidth anywhere
}

}  // namespace
}  // namespace bandwright
