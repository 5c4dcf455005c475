// Intervals from the errors of measured steps.
#include "training/interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <set>

#include "core/error.h"
#include "core/io/paths.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

MeasuredStep step(std::string npu, double error, const std::string& configuration) {
  return {.run = configuration,
          .configuration = configuration,
          .kind = {.npu = std::move(npu), .parameters = 7e9, .npus = 8.0, .tokens_per_npu = 4096.0},
          .error = error};
}

TEST(StepInterval, IsWiderWhereNothingAlikeWasMeasured) {
  std::vector<MeasuredStep> steps;
  for (int i = 0; i < 40; ++i) steps.push_back(step("a", i % 2 == 0 ? 0.05 : -0.05, std::to_string(i)));
  const MeasuredErrors errors(steps);
  StepKind other = steps[0].kind;
  other.npu = "b";
  other.experts = true;
  EXPECT_GT(errors.width(other), 1.5 * errors.width(steps[0].kind));
  const StepInterval known = errors.interval(steps[0].kind, 1e9);
  EXPECT_LT(known.low_ns, 1e9 / std::exp(0.05));  // both measured errors are inside
  EXPECT_GT(known.high_ns, 1e9 * std::exp(0.05));
  EXPECT_EQ(known.runs.size(), 3U);
}

// All were estimated 20 % too long: a step like them takes less than its estimate.
TEST(StepInterval, IsAboutWhatTheErrorsSay) {
  std::vector<MeasuredStep> steps;
  for (int i = 0; i < 40; ++i) steps.push_back(step("a", std::log(1.2), std::to_string(i)));
  const StepInterval interval = MeasuredErrors(steps).interval(steps[0].kind, 1.2e9);
  EXPECT_LT(interval.high_ns, 1.2e9);
  EXPECT_NEAR(std::sqrt(interval.low_ns * interval.high_ns), 1e9, 0.01e9);
}

TEST(StepInterval, UnlikenessIsSymmetricAndNothingForTheSame) {
  const auto steps = read_step_errors((inputs_folder() / "step_errors.csv").string());
  ASSERT_GE(steps.size(), 700U);
  for (std::size_t i = 1; i < 100; ++i) {
    const StepKind& a = steps[i - 1].kind;
    const StepKind& b = steps[steps.size() - i].kind;
    EXPECT_EQ(unlikeness(a, a), 0.0);
    EXPECT_DOUBLE_EQ(unlikeness(a, b), unlikeness(b, a));
  }
}

// Ten random halves of the configurations: intervals from one half hold 85 to 95 % of the other's steps.
TEST(StepInterval, HoldsNineOfTenStepsItHasNotSeen) {
  const auto all = read_step_errors((inputs_folder() / "step_errors.csv").string());
  std::set<std::string> names;
  for (const MeasuredStep& each : all) names.insert(each.configuration);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::string> order(names.begin(), names.end());
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    const std::set<std::string> seen(order.begin(),
                                     order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2));
    std::vector<MeasuredStep> half;
    for (const MeasuredStep& each : all) {
      if (seen.count(each.configuration) > 0) half.push_back(each);
    }
    const MeasuredErrors errors(half);
    double held = 0.0;
    double others = 0.0;
    for (const MeasuredStep& each : all) {
      if (seen.count(each.configuration) > 0) continue;
      others += 1.0;
      held += errors.holds(each) ? 1.0 : 0.0;
    }
    EXPECT_GE(held / others, 0.85) << seed;
    EXPECT_LE(held / others, 0.95) << seed;
  }
}

// Logarithms and exponentials are taken of them: what has none is refused with its place.
TEST(StepInterval, ErrorsThatCannotBeAreRefused) {
  const TemporaryFolder folder;
  const auto file = folder / "step_errors.csv";
  const auto refusal = [&](const std::string& row) -> std::string {
    std::ofstream(file) << "run,configuration,npu,experts,parameters,npus,tokens_per_npu,tensor,pipeline,"
                           "weights_divided,precision,error\n"
                        << row << '\n';
    try {
      read_step_errors(file.string());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("a,b,h100,no,7e9,8,4096,yes,no,no,bf16,0.1"), "");
  EXPECT_NE(refusal("a,b,h100,no,-7e9,8,4096,yes,no,no,bf16,0.1").find(":2: parameters: "),
            std::string::npos);
  EXPECT_NE(refusal("a,b,h100,no,7e9,0,4096,yes,no,no,bf16,0.1").find(":2: npus: "), std::string::npos);
  EXPECT_NE(refusal("a,b,h100,no,7e9,8,4096,ja,no,no,bf16,0.1").find(":2: tensor: 'ja'"), std::string::npos);
  EXPECT_NE(refusal("a,b,h100,no,7e9,8,4096,yes,no,no,bf17,0.1").find(":2: precision: "), std::string::npos);
  EXPECT_NE(refusal("a,b,h100,no,7e9,8,4096,yes,no,no,bf16,1e308").find(":2: error: "), std::string::npos);
}

}  // namespace
}  // namespace bandwright
