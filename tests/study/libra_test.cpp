// LIBRA's inputs: networks of 4,096 NPUs, layer texts without a header, and communicators.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formats/astra_sim/layer_text.h"
#include "optimizer/solver.h"
#include "simulator/closed_form/closed_form.h"
#include "study/job/file_step.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

// A network of LIBRA's experiments (Won et al., ISPASS 2024).
struct LibraNetwork {
  const char* kinds;
  std::vector<int> npus;
  const char* classes;
};
const LibraNetwork three_dimensions{
    "Ring, FullyConnected, Switch", {16, 8, 32}, "InterPackage, InterNode, InterPod"};
const LibraNetwork four_dimensions{
    "Ring, FullyConnected, Ring, Switch", {4, 8, 4, 32}, "InterChiplet, InterPackage, InterNode, InterPod"};

std::string network_text(const LibraNetwork& network) {
  return fmt::format("Topology: [ {} ]\nNpusCount: [ {} ]  # of each\nCostDimension: [ {} ]\n", network.kinds,
                     fmt::join(network.npus, ", "), network.classes);
}

// TP on the innermost NPUs, DP on the rest; -1 where a group has no part in a dimension.
std::string communicator_text(const LibraNetwork& network, int tensor) {
  std::vector<int> inside;
  std::vector<int> outside;
  for (const int npus : network.npus) {
    const int part = std::min(tensor, npus);
    tensor /= part;
    inside.push_back(part > 1 ? part : -1);
    outside.push_back(npus > part ? npus / part : -1);
  }
  return fmt::format("Forward: [ {0} ]\nInputGrad: [ {0} ]\nWeightGrad: [ {1} ]\n", fmt::join(inside, ", "),
                     fmt::join(outside, ", "));
}

// A table that comes along, as LIBRA writes it: without policy and count.
std::string layers_text(std::string_view table) {
  std::string text = write_layer_text(load_model(table));
  for (int line = 0; line < 2; ++line) text.erase(0, text.find('\n') + 1);
  return text;
}

class Libra : public testing::Test {
 protected:
  // The shares of the budget with which NoOverlap, without recomputation, is fastest.
  [[nodiscard]] std::vector<double> best_shares(const LibraNetwork& network, std::string_view table,
                                                int tensor) const {
    write_file(folder / "network.yml", network_text(network));
    write_file(folder / "layers.txt", layers_text(table));
    write_file(folder / "communicator.yml", communicator_text(network, tensor));
    const FileStep step = load_files({.workload = (folder / "layers.txt").string(),
                                      .network = (folder / "network.yml").string(),
                                      .communicator = (folder / "communicator.yml").string()},
                                     {.budget = budget});
    const ClosedForm form(step.graph, step.network);
    const Summary summary =
        optimize(Problem{.dimensions = step.network.size(),
                         .step_times = {{.cut = [&](std::span<const double> b) { return form.cut(b); }}},
                         .constraints = {total_budget(step.network.size(), budget)}});
    std::vector<double> shares = summary.gb_per_s;
    for (double& share : shares) share /= budget;
    return shares;
  }

  static void expect_near(const std::vector<double>& shares, const std::vector<double>& expected) {
    ASSERT_EQ(shares.size(), expected.size());
    for (std::size_t d = 0; d < expected.size(); ++d) EXPECT_NEAR(shares[d], expected[d], 6e-5) << d;
  }

  static constexpr double budget = 500.0;
  const TemporaryFolder folder;
};

TEST_F(Libra, FourDimensions) {
  expect_near(best_shares(four_dimensions, "t-nlg", 1), {0.7502, 0.2188, 0.0234, 0.0076});
  expect_near(best_shares(four_dimensions, "gpt-3", 16), {0.6769, 0.1692, 0.1163, 0.0376});
  expect_near(best_shares(four_dimensions, "msft-1t", 128), {0.6435, 0.1877, 0.0201, 0.1487});
}

// Pure data parallelism over n1 n2 .. sends 2 S (n_i - 1) / (n_1 .. n_i) on dimension i in one collective, so
// that the best shares are in proportion.
TEST_F(Libra, PureDataParallelSharesFollowTheBytes) {
  const double first = 15.0 / 16;
  const double second = 7.0 / (16 * 8);
  const double third = 31.0 / (16 * 8 * 32);
  const double total = first + second + third;
  const std::vector<double> expected = {first / total, second / total, third / total};
  expect_near(best_shares(three_dimensions, "t-nlg", 1), expected);
  expect_near(best_shares(three_dimensions, "resnet-50-layers", 1), expected);
}

TEST_F(Libra, OtherThreeDimensionalNetworksSpendTheBudget) {
  for (const auto& [table, tensor] : {std::pair{"gpt-3", 16}, {"msft-1t", 128}}) {
    const auto shares = best_shares(three_dimensions, table, tensor);
    ASSERT_EQ(shares.size(), 3U);
    EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1.0, 1e-9);
    for (const double share : shares) EXPECT_GT(share, 0.0);
  }
}

}  // namespace
}  // namespace bandwright
