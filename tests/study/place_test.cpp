// Questions about where tensors live: what every answer has to hold, by the policies that need no program.
#include "study/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/cost.h"
#include "study/job/offload.h"
#include "study/job/training.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

PlaceQuestion images_question() {
  return {.job = {.model = "resnet-50", .global_batch = "8"},
          .ratios = std::string(sweep_ratios),
          .policies = "all-fast,all-slow,first-touch"};
}

const PlaceReport& images_report() {
  static const PlaceReport report = place(images_question());
  return report;
}

// Rows are compared with everything in fast memory; nothing is faster than that, or slower than all in slow
// memory, and what fits into fast memory is as fast.
TEST(PlaceAnswers, LieBetweenAllFastAndAllSlow) {
  const PlaceReport& report = images_report();
  ASSERT_TRUE(report.answered());
  double fast = 0.0;
  double slow = 0.0;
  for (const PlaceRow& row : report.rows) {
    if (row.summary.policy == "all-fast") fast = row.summary.ns;
    if (row.summary.policy == "all-slow") slow = row.summary.ns;
  }
  ASSERT_GT(fast, 0.0);
  for (const PlaceRow& row : report.rows) {
    EXPECT_NEAR(row.slowdown, row.summary.ns / fast, 1e-12);
    EXPECT_GE(row.summary.ns, fast * (1.0 - 1e-12)) << row.ratio;
    EXPECT_LE(row.summary.ns, slow * (1.0 + 1e-9)) << row.ratio;
    if (row.summary.policy == "first-touch" && row.ratio == "0:1") {
      EXPECT_LE(row.slowdown, 1.01);  // as much as the peak, but blocks leave gaps
    }
    if (row.summary.policy == "first-touch" && row.ratio == "1:0") {
      EXPECT_NEAR(row.summary.ns, slow, 1e-9 * slow);
    }
  }
}

// Policies that heed no limit have one row, others one for each ratio; fast memory is the ratio's part of the
// peak, and costs what the tiers' prices say.
TEST(PlaceAnswers, HaveARowForEachRatio) {
  const PlaceReport& report = images_report();
  EXPECT_EQ(report.rows.size(), 2U + 9U);
  const double peak = to_double(report.peak_live);
  double before = -1.0;
  for (const PlaceRow& row : report.rows) {
    EXPECT_EQ(row.memory_cost.value(),
              memory_cost(report.problem.tiers, row.fast_limit, report.peak_live).value());
    const double all = memory_cost(report.problem.tiers, report.peak_live, report.peak_live).value();
    EXPECT_NEAR(row.relative_cost, row.memory_cost.value() / all, 1e-12);
    if (row.summary.policy != "first-touch") continue;
    const std::size_t colon = row.ratio.find(':');
    const double slow = std::stod(row.ratio.substr(0, colon));
    const double part = std::stod(row.ratio.substr(colon + 1));
    EXPECT_NEAR(to_double(row.fast_limit), peak * part / (slow + part), 1.0) << row.ratio;
    EXPECT_GT(to_double(row.fast_limit), before);  // the sweep goes from none to all
    before = to_double(row.fast_limit);
    EXPECT_LE(row.summary.peak_fast, row.fast_limit) << row.ratio;
  }
}

// A row is on the front unless another is at least as cheap and as fast, and better in one of the two.
TEST(PlaceAnswers, TheFrontIsWhatNoRowBeats) {
  const std::vector<PlaceRow>& rows = images_report().rows;
  int front = 0;
  for (const PlaceRow& row : rows) {
    const bool beaten = std::any_of(rows.begin(), rows.end(), [&](const PlaceRow& other) {
      const bool no_worse = other.memory_cost <= row.memory_cost && other.summary.ns <= row.summary.ns;
      return no_worse && (other.memory_cost < row.memory_cost || other.summary.ns < row.summary.ns);
    });
    EXPECT_EQ(row.pareto, !beaten) << row.summary.policy << ' ' << row.ratio;
    front += row.pareto ? 1 : 0;
  }
  EXPECT_GT(front, 1);
}

// A size in bytes is the ratio it makes with what is left.
TEST(PlaceAnswers, SizesAreRatiosToo) {
  const double peak = to_double(images_report().peak_live);
  const auto ratio = [](const std::string& fast) {
    PlaceQuestion question = images_question();
    question.ratios.clear();
    question.job.fast = fast;
    question.policies = "first-touch";
    return place(question).rows.at(0).ratio;
  };
  EXPECT_EQ(ratio("0 B"), "1:0");
  EXPECT_EQ(ratio(std::to_string(static_cast<std::int64_t>(peak)) + " B"), "0:1");
  EXPECT_EQ(ratio(std::to_string(static_cast<std::int64_t>(peak / 5.0)) + " B"), "4:1");
}

TEST(PlaceProblems, AreOneLineThatNamesTheOption) {
  const auto said = [](auto change) {
    PlaceQuestion question = images_question();
    question.policies = "first-touch";
    question.ratios = "1:1";
    change(question);
    return refused([&] { return place(question); });
  };
  EXPECT_EQ(said([](auto&) {}), "");
  EXPECT_EQ(said([](auto& q) { q.ratios = "1"; }), "--ratio: '1' is not a ratio slow:fast such as 8:1");
  EXPECT_EQ(said([](auto& q) { q.ratios = "8:1,0:0"; }), "--ratio: '0:0' is not a ratio: both sides are 0");
  EXPECT_TRUE(said([](auto& q) { q.ratios = "8:x"; }).starts_with("--ratio: "));
  EXPECT_TRUE(said([](auto& q) { q.policies = "first-touch,luck"; }).starts_with("--policy: "));
  EXPECT_EQ(said([](auto& q) { q.job.fast = "1 GB"; }), "give one of --ratio, --fast and --sweep");
  EXPECT_EQ(said([](auto& q) { q.window = 3; }), "--window is for the policy asynchronous");
  EXPECT_EQ(said([](auto& q) { q.kernels = "k.csv"; }), "give either a network or --kernels FILE");
  EXPECT_EQ(said([](auto& q) { q.job.model.clear(); }), "give either a network or --kernels FILE");
  EXPECT_EQ(said([](auto& q) { q.job.tp = "2"; }), "--tp is for transformers, and resnet-50 is none");
  EXPECT_EQ(said([](auto& q) { q.job.recompute = "full"; }),
            "--recompute is for transformers, and resnet-50 is none");
  EXPECT_THAT(said([](auto& q) {
                q.ratios.clear();
                q.job.fast = "900 TB";
              }),
              HasSubstr("--fast: "));
  EXPECT_THAT(said([](auto& q) {
                q.one_schedule = true;
                q.ratios = "1:1,2:1";
              }),
              HasSubstr("--schedule and --timeline need one --policy"));
  EXPECT_THAT(said([](auto& q) {
                q.one_schedule = true;
                q.policies = "cache";
              }),
              HasSubstr("that gives a schedule"));
}

// Tensors of a transformer beside its buffers: no more fast memory than these leave, and no policy without a
// schedule.
TEST(PlaceProblems, OfATransformersSecondMemory) {
  const auto said = [](auto change) {
    Job job{.model = "llama3-8b",
            .machine = "dgx-h100",
            .npus = "8",
            .tp = "4",
            .tiers = "hbm-ddr",
            .fast = "60 GB",
            .offload = "first-touch"};
    change(job);
    return refused([&] {
      TrainingJob training = training_job(job, load_architecture(job.model), load_machine(job.machine));
      const double capacity = training.machine.npu.memory_bytes;
      const Offload done = offload(job, training);
      EXPECT_GE(done.slowdown.forward, 1.0 - 1e-9);
      EXPECT_EQ(training.slow_memory_bytes, to_double(done.tiers.slow.capacity));
      EXPECT_LE(to_double(done.fast), capacity);
      return done;
    });
  };
  EXPECT_EQ(said([](Job&) {}), "");
  EXPECT_THAT(said([](Job& job) { job.fast = "90 GB"; }), HasSubstr("--fast: "));
  EXPECT_THAT(said([](Job& job) { job.offload = "cache"; }),
              HasSubstr("--offload: the idealised cache gives no schedule to run"));
  EXPECT_TRUE(said([](Job& job) { job.offload = "luck"; }).starts_with("--offload: "));
  EXPECT_NE(said([](Job& job) { job.tiers = "clouds"; }), "");
}

}  // namespace
}  // namespace bandwright
