// LIBRA's own inputs: networks of 4,096 NPUs, workloads and communicators under ../shared/reference/foreign.
#include <gtest/gtest.h>

#include "optimizer/solver.h"
#include "simulator/closed_form/closed_form.h"
#include "study/job/file_step.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class Libra : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(root)) GTEST_SKIP() << root << " is absent";
  }

  // The shares of the budget with which NoOverlap, without recomputation, is fastest.
  [[nodiscard]] std::vector<double> best_shares(const std::string& network, const std::string& workload,
                                                const std::string& communicator) const {
    const FileStep step = load_files({.workload = root / "workload" / workload,
                                      .network = root / "network" / network,
                                      .communicator = root / "communicator" / communicator},
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
  const fs::path root = "../shared/reference/foreign/libra";
};

TEST_F(Libra, FourDimensions) {
  expect_near(best_shares("4d_network.yml", "Turing_NLG.txt", "Turing_NLG_4D.yml"),
              {0.7502, 0.2188, 0.0234, 0.0076});
  expect_near(best_shares("4d_network.yml", "GPT_3.txt", "GPT_3_4d.yml"), {0.6769, 0.1692, 0.1163, 0.0376});
  expect_near(best_shares("4d_network.yml", "MSFT_1T.txt", "MSFT_1T_4d.yml"),
              {0.6435, 0.1877, 0.0201, 0.1487});
}

// Pure data parallelism over n1 n2 .. sends 2 S (n_i - 1) / (n_1 .. n_i) on dimension i in one collective, so
// that the best shares are in proportion.
TEST_F(Libra, PureDataParallelSharesFollowTheBytes) {
  const double first = 15.0 / 16;
  const double second = 7.0 / (16 * 8);
  const double third = 31.0 / (16 * 8 * 32);
  const double total = first + second + third;
  const std::vector<double> expected = {first / total, second / total, third / total};
  expect_near(best_shares("3d_network.yml", "Turing_NLG.txt", "Turing_NLG_3D.yml"), expected);
  expect_near(best_shares("3d_network.yml", "ResNet_50.txt", "ResNet_50_3d.yml"), expected);
}

TEST_F(Libra, OtherThreeDimensionalNetworksSpendTheBudget) {
  for (const char* name : {"GPT_3", "MSFT_1T"}) {
    const auto shares =
        best_shares("3d_network.yml", std::string(name) + ".txt", std::string(name) + "_3d.yml");
    ASSERT_EQ(shares.size(), 3U);
    EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1.0, 1e-9);
    for (const double share : shares) EXPECT_GT(share, 0.0);
  }
}

}  // namespace
}  // namespace bandwright
