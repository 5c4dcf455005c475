// Questions about divisions in the words of a job.
#include "study/plan/plan.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "study/estimate.h"
#include "study/job/division_space.h"
#include "study/scaling/curve.h"

namespace bandwright {
namespace {

Job small_job() { return {.model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .global_batch = "32"}; }

TEST(Plan, SaysOfTheBestWhatEstimateSays) {
  const PlanAnswer answer = plan({.job = small_job()});
  ASSERT_EQ(answer.best.size(), 10U);
  const PlannedDivision& best = answer.best[0];
  const Parallelism& p = best.ranked.parallelism;
  Job job = small_job();
  job.tp = std::to_string(p.tensor);
  job.pp = std::to_string(p.pipeline);
  job.cp = std::to_string(p.context);
  job.micro_batch = std::to_string(p.micro_batch);
  job.virtual_stages = std::to_string(p.virtual_stages);
  job.zero = std::to_string(p.zero);
  job.recompute = recomputation_name(p.recompute);
  job.sequence_parallel = p.sequence_parallel ? "true" : "false";
  const EstimateFacts facts = facts_of(estimate(job));
  EXPECT_EQ(best.estimate.step_ns, facts.step_ns);
  EXPECT_EQ(best.ranked.memory_bytes, facts.memory_bytes);
  EXPECT_NEAR(best.ranked.step_ns, facts.step_ns, 1e-3);  // whole picoseconds
}

TEST(Plan, DecisionsAreValuesListsOrAnything) {
  Job job = small_job();
  job.tp = "4, 2,2";
  job.zero = "any";
  job.recompute = "full,none";
  const DivisionSpace space = division_space(job);
  EXPECT_EQ(space.tensor, (std::vector<std::int64_t>{2, 4}));
  EXPECT_TRUE(space.zero.empty());
  EXPECT_EQ(space.recompute, (std::vector{Recomputation::None, Recomputation::Full}));
  EXPECT_TRUE(space.pipeline.empty());
}

std::string plan_refusal(const Job& job, const std::string& explain = "") {
  try {
    plan({.job = job, .explain = explain});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Plan, BadWordsAreOneLine) {
  Job job = small_job();
  job.tp = "2,many";
  EXPECT_EQ(plan_refusal(job).substr(0, 6), "--tp: ");
  job = small_job();
  job.npus = "0";
  EXPECT_EQ(plan_refusal(job).substr(0, 8), "--npus: ");
  job.npus = "12";
  EXPECT_NE(plan_refusal(job).find("nearest counts that do: 8, 16"), std::string::npos);
  EXPECT_NE(plan_refusal(small_job(), "tp").find("pairs"), std::string::npos);
  EXPECT_NE(plan_refusal(small_job(), "dp 8").find("'dp' is no decision"), std::string::npos);
  job = small_job();
  job.overlap = "tensor";
  EXPECT_EQ(plan_refusal(job).substr(0, 10), "--overlap:");
}

// What removes the last division: nothing divides, memory, or the limit of the step.
TEST(Plan, SaysWhichConstraintRemovesTheLast) {
  Job job = small_job();
  job.tp = "7";
  EXPECT_THROW(static_cast<void>(plan({.job = job})), InputError);  // divides nothing: bad input, no answer

  job = small_job();
  job.model = "gpt3-175b";
  PlanAnswer answer = plan({.job = job});
  EXPECT_TRUE(answer.best.empty());
  EXPECT_GT(answer.counts.valid, 0);
  EXPECT_EQ(answer.counts.fit, 0);
  EXPECT_GT(answer.smallest->memory_bytes, answer.memory_limit);

  const PlanQuestion too_fast{.job = small_job(), .search = {.longest_step_ns = 1e3}};
  answer = plan(too_fast);
  EXPECT_TRUE(answer.best.empty());
  ASSERT_TRUE(answer.fastest);
  EXPECT_EQ(answer.fastest->step_ns, plan({.job = small_job()}).best[0].ranked.step_ns);
}

TEST(Plan, ExplainsWhatIsNotTheBest) {
  const PlanAnswer answer = plan({.job = small_job(), .explain = "tp 8 pp 2"});
  ASSERT_TRUE(answer.explained && answer.explained->best);
  EXPECT_EQ(answer.explained->best->ranked.parallelism.tensor, 8);
  EXPECT_EQ(answer.explained->best->ranked.parallelism.pipeline, 2);
  EXPECT_GT(answer.explained->best->ranked.step_ns, answer.best[0].ranked.step_ns);
}

// Memory removes what does not fit; what fits and is too slow is removed by the limit of the step, not by
// memory, although other divisions of the same TP do not fit.
TEST(Plan, ExplainsWhatIsTooSlowByItsStep) {
  const PlanAnswer answer = plan({.job = small_job(), .search = {.longest_step_ns = 1e3}, .explain = "tp 2"});
  EXPECT_LT(answer.counts.fit, answer.counts.valid);
  EXPECT_FALSE(answer.smallest);
  ASSERT_TRUE(answer.explained);
  EXPECT_FALSE(answer.explained->best);
  EXPECT_FALSE(answer.explained->smallest);
  Job large = small_job();
  large.model = "llama3-70b";
  const PlanAnswer memory = plan({.job = large, .explain = "tp 1 pp 1 zero 0"});
  ASSERT_TRUE(memory.explained && memory.explained->smallest);
  EXPECT_FALSE(memory.explained->best);
  EXPECT_GT(memory.explained->smallest->memory_bytes, memory.memory_limit);
}

// Of several NPU counts: the network of fewer costs less; a front has no row that another beats.
TEST(Plan, ObjectivesAndFrontOverNpuCounts) {
  Job job = small_job();
  job.npus = "8,16,32,64";
  job.global_batch = "64";
  const auto npus = [&](PlanObjective objective) {
    return plan({.job = job, .search = {.objective = objective, .best = 1}})
        .best[0]
        .ranked.parallelism.npus();
  };
  EXPECT_EQ(npus(PlanObjective::StepTime), 64);
  EXPECT_EQ(npus(PlanObjective::NetworkCost), 8);
  const PlanAnswer front =
      plan({.job = job, .search = {.objective = PlanObjective::NetworkCost}, .pareto = true});
  ASSERT_GT(front.best.size(), 1U);
  for (std::size_t i = 1; i < front.best.size(); ++i) {
    EXPECT_GT(front.best[i].ranked.step_ns, front.best[i - 1].ranked.step_ns);
    EXPECT_LT(*front.best[i].network_usd, *front.best[i - 1].network_usd);
  }
  // Cheapest with a step of at most X: the fewest NPUs that are as fast.
  const PlanAnswer all = plan({.job = job, .search = {.best = 1}, .pareto = true});
  const double limit = all.best[1].ranked.step_ns;
  const PlanAnswer cheapest = plan(
      {.job = job, .search = {.objective = PlanObjective::NetworkCost, .best = 1, .longest_step_ns = limit}});
  EXPECT_EQ(cheapest.best[0].ranked.parallelism.npus(), all.best[1].ranked.parallelism.npus());
}

// "auto" opens one decision; the others stay as they are said, or usual.
TEST(OpenDivision, IsTheBestOfWhatIsOpen) {
  Job job = small_job();
  job.tp = "auto";
  job.zero = "1";
  job.sequence_parallel = "true";
  double best = 1e300;
  for (const char* tp : {"1", "2", "4", "8", "16"}) {
    Job one = job;
    one.tp = tp;
    const EstimateFacts facts = facts_of(estimate(one));
    if (facts.fits) best = std::min(best, facts.step_ns);
  }
  EXPECT_EQ(facts_of(estimate(job)).step_ns, best);
  job.pp = job.cp = job.micro_batch = job.zero = job.recompute = job.virtual_stages = "auto";
  job.sequence_parallel.clear();
  EXPECT_LE(facts_of(estimate(job)).step_ns, best);
  const double open = facts_of(estimate(job)).step_ns;
  job.global_batch.clear();  // two sequences for each NPU, which are 32 as well
  EXPECT_EQ(facts_of(estimate(job)).step_ns, open);
}

// Where nothing fits the smallest bill is the answer, and where nothing divides the reason is that of the
// first combination.
TEST(OpenDivision, SaysWhyThereIsNone) {
  Job job = small_job();
  job.model = "gpt3-175b";
  job.tp = job.pp = job.zero = job.recompute = "auto";
  const EstimateFacts facts = facts_of(estimate(job));
  EXPECT_FALSE(facts.fits);
  EXPECT_GE(facts.memory_bytes, plan({.job = job}).smallest->memory_bytes * (1.0 - 1e-12));
  job.cp = "7";
  try {
    estimate(job);
    ADD_FAILURE() << "7 divides no sequence";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("does not divide 16 NPUs"), std::string::npos) << error.what();
  }
}

// A curve's points are the best divisions of their NPU counts.
TEST(OpenDivision, ACurveHasTheBestOfEachPoint) {
  CurveQuestion question{.job = small_job(), .workers = {8, 12, 16}, .mode = ScalingMode::Strong};
  question.job.npus.clear();
  question.efficiency = 1e-3;
  const Curve found = curve(question).curve;
  ASSERT_EQ(found.points.size(), 3U);
  EXPECT_NE(found.points[1].refused.find("12"), std::string::npos);
  for (const std::size_t i : {0U, 2U}) {
    Job job = small_job();
    job.npus = std::to_string(found.points[i].workers);
    EXPECT_DOUBLE_EQ(found.points[i].step.seconds, plan({.job = job}).best[0].estimate.step_ns * 1e-9);
  }
}

// Divisions are compared at one batch: two sequences for each NPU of the largest count where none is given.
TEST(Plan, ABatchThatIsLeftOpenIsTwoSequencesPerNpu) {
  Job job{.model = "llama3-8b", .machine = "dgx-h100", .npus = "8,16"};
  EXPECT_EQ(division_space(job).job.parallelism.global_batch, 32);
  job.global_batch = "24";
  EXPECT_EQ(division_space(job).job.parallelism.global_batch, 24);
}

}  // namespace
}  // namespace bandwright
