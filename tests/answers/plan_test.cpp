// Plans as documents: what rows say of each other, and commands that lead on.
#include "answers/plan/plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers/plan/hardware_plan.h"
#include "answers/plan/plan_picture.h"
#include "study/estimate.h"
#include "study/job/job_options.h"
#include "study/recipe/settings.h"
#include "tests/answers/reading.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const PlanWords plan_words{"llama3-8b", "dgx-h100", ""};

PlanQuestion planned_question() {
  return {.job = {.model = "llama3-8b",
                  .machine = "dgx-h100",
                  .npus = "16",
                  .cp = "1",
                  .virtual_stages = "1",
                  .micro_batch = "1,2",
                  .global_batch = "32"},
          .search = {.best = 5}};
}
const PlanAnswer& planned_answer() {
  static const PlanAnswer answer = plan(planned_question());
  return answer;
}

// A job from the words of a command: what a shell would pass.
Job job_of_command(const std::string& command) {
  Settings set = read_command_line(command, "command");
  Job job;
  for (const JobOption& option : job_options()) {
    const std::string name = typed_name(option).substr(2);
    if (set.has(name)) job.*option.word = option.type.empty() ? "true" : *set.text(name);
  }
  job.model = command.substr(std::string("bandwright estimate ").size());
  job.model = job.model.substr(0, job.model.find(' '));
  EXPECT_THAT(set.unused(), IsEmpty());
  return job;
}

// Ranks count from 1, steps rise, and each row's numbers are those of its division.
TEST(PlanDocument, RowsFollowFromTheirDivisions) {
  const PlanAnswer& answer = planned_answer();
  const Json json = json_of(plan_document(plan_words, answer));
  ASSERT_EQ(json.at("plans").size(), answer.best.size());
  double before = 0.0;
  for (std::size_t i = 0; i < answer.best.size(); ++i) {
    const Json& row = json.at("plans")[i];
    const Parallelism& p = answer.best[i].ranked.parallelism;
    EXPECT_EQ(row.at("rank"), i + 1);
    const double step = row.at("step_time_s");
    EXPECT_GE(step, before);
    before = step;
    EXPECT_NEAR(step, answer.best[i].ranked.step_ns / 1e9, 1e-12);
    const Json& division = row.at("division");
    EXPECT_EQ(division.at("tensor").get<std::int64_t>() * division.at("context").get<std::int64_t>() *
                  division.at("pipeline").get<std::int64_t>() * division.at("data").get<std::int64_t>(),
              row.at("npus").get<std::int64_t>());
    EXPECT_EQ(division.at("zero"), p.zero);
    EXPECT_EQ(division.at("recompute"), recomputation_name(p.recompute));
    EXPECT_NEAR(row.at("tokens_per_s").get<double>() * step, 32.0 * 8192.0, 1e-3);
    EXPECT_LE(row.at("mfu").get<double>(), row.at("hfu").get<double>() + 1e-12);
    EXPECT_EQ(row.at("fits"),
              row.at("memory_bytes").get<double>() <= row.at("memory_capacity_bytes").get<double>());
    EXPECT_EQ(row.at("ties").size(), answer.best[i].ranked.ties.size());
  }
  EXPECT_EQ(json.at("step_time_bound_s"), json.at("plans")[0].at("step_time_s"));
  EXPECT_EQ(json.at("gap"), 0.0);
}

// Every combination can't be divided, does not fit, or is feasible.
TEST(PlanDocument, CountsAreOfAllCombinations) {
  const Json counts = json_of(plan_document(plan_words, planned_answer())).at("counts");
  const auto count = [&](const char* key) { return counts.at(key).get<double>(); };
  EXPECT_EQ(count("combinations"), count("cannot_be_divided") + count("do_not_fit") + count("feasible"));
  EXPECT_GE(count("feasible"), count("below_bound"));
  EXPECT_GT(count("below_bound"), 0.0);
}

// The command that looks closer says the same division: its estimate is the row's.
TEST(PlanDocument, CommandsAreTheBestRow) {
  const PlanAnswer& answer = planned_answer();
  const Document document = plan_document(plan_words, answer);
  const Json json = json_of(document);
  const std::string command = json.at("next_commands")[0];
  EXPECT_THAT(command, StartsWith("bandwright estimate llama3-8b --machine dgx-h100 --npus 16 "));
  EXPECT_NEAR(facts_of(estimate(job_of_command(command))).step_ns / 1e9,
              json.at("plans")[0].at("step_time_s"), 1e-9);
  EXPECT_THAT(json.at("next_commands")[1].get<std::string>(), StartsWith("bandwright simulate llama3-8b "));
  EXPECT_EQ(document.verdict.mood, Verdict::Mood::Good);
  EXPECT_THAT(document.verdict.text,
              StartsWith(division_words(answer.best[0].ranked.parallelism) + ": a step of "));
  // The options of every row are its division.
  for (const PlannedDivision& each : answer.best) {
    Job job = job_of_command("bandwright estimate llama3-8b --machine dgx-h100 " +
                             division_options(each.ranked.parallelism));
    EXPECT_NEAR(facts_of(estimate(job)).step_ns, each.estimate.step_ns, 1e-3);
  }
}

TEST(PlanDocument, ALaunchersWordsAreShownWhereTheyAreAskedFor) {
  PlanWords words = plan_words;
  words.launcher = "torchtitan";
  const std::string plain = render_text(plan_document(plan_words, planned_answer()), {});
  const std::string with = render_text(plan_document(words, planned_answer()), {});
  EXPECT_THAT(plain, testing::Not(HasSubstr("--parallelism.tensor_parallel_degree")));
  EXPECT_THAT(with, HasSubstr("--parallelism.tensor_parallel_degree"));
}

// Why there is none: memory, or the longest step; an explanation says which as well.
TEST(PlanDocument, SaysWhatRemovesTheLast) {
  PlanQuestion slow = planned_question();
  slow.search.longest_step_ns = 1e3;
  slow.explain = "tp 2";
  const Document too_slow = plan_document(plan_words, plan(slow));
  EXPECT_EQ(too_slow.verdict.mood, Verdict::Mood::Bad);
  EXPECT_THAT(too_slow.verdict.text,
              StartsWith("nothing is left: --max-step removes the last, the fastest takes "));
  EXPECT_THAT(too_slow.notes,
              testing::Contains("tp 2: no division of the space is so, or none is fast enough"));
  PlanQuestion large = planned_question();
  large.job.model = "gpt3-175b";
  large.explain = "tp 8";
  const Document no_room = plan_document(plan_words, plan(large));
  EXPECT_THAT(no_room.verdict.text,
              StartsWith("nothing fits: memory removes the last: the smallest bill is "));
  EXPECT_THAT(no_room.notes, testing::Contains(StartsWith("tp 8: memory removes the last")));
  const Json json = json_of(no_room);
  EXPECT_TRUE(json.at("step_time_bound_s").is_null());
  EXPECT_THAT(json.at("plans"), IsEmpty());
  EXPECT_FALSE(json.contains("next_commands"));
}

// How much longer than the best what was asked about takes.
TEST(PlanDocument, ExplanationsAreInTheBestsSteps) {
  PlanQuestion question = planned_question();
  question.explain = "tp 8 pp 2";
  const PlanAnswer answer = plan(question);
  const double ratio = answer.explained->best->ranked.step_ns / answer.best[0].ranked.step_ns;
  EXPECT_THAT(plan_document(plan_words, answer).notes,
              testing::Contains(HasSubstr(fmt::format("{:.3f} times the best", ratio))));
}

// Of a front the objective falls as the step time rises; a row of its picture for each.
TEST(PlanDocument, AFrontIsWeighedInItsObjective) {
  PlanQuestion question = planned_question();
  question.job.npus = "8,16,32";
  question.job.zero = "1";
  question.search.objective = PlanObjective::NetworkCost;
  question.pareto = true;
  const PlanAnswer answer = plan(question);
  ASSERT_GT(answer.best.size(), 1U);
  for (std::size_t i = 1; i < answer.best.size(); ++i) {
    EXPECT_LT(weighed(answer.objective, answer.best[i]), weighed(answer.objective, answer.best[i - 1]));
  }
  const Document document = plan_document(plan_words, answer);
  EXPECT_THAT(document.verdict.text,
              StartsWith(fmt::format("{} of 3 NPU counts are on the front", answer.best.size())));
  EXPECT_THAT(document.title, HasSubstr("on 8 to 32 NPUs of"));
  EXPECT_TRUE(json_of(document).at("step_time_bound_s").is_null());
}

// Only what is other than 1 or none is said.
TEST(DivisionWords, SayWhatIsNotUsual) {
  EXPECT_EQ(division_words({}), "DP 1");
  EXPECT_EQ(division_words({.tensor = 8,
                            .context = 2,
                            .expert = 4,
                            .pipeline = 4,
                            .data = 16,
                            .virtual_stages = 2,
                            .sequence_parallel = true,
                            .zero = 1,
                            .micro_batch = 3,
                            .recompute = Recomputation::Full}),
            "TP 8 SP, CP 2, PP 4 x 2, EP 4, DP 16, micro-batch 3, ZeRO 1, recompute full");
  EXPECT_EQ(division_words({.virtual_stages = 2, .sequence_parallel = true}), "DP 1");  // of nothing divided
  const Parallelism p{.tensor = 2, .data = 8, .micro_batch = 2};
  Parallelism tie = p;
  EXPECT_EQ(division_difference(p, tie), "");
  tie.zero = 1;
  tie.recompute = Recomputation::Selective;
  tie.sequence_parallel = true;
  EXPECT_EQ(division_difference(p, tie), "ZeRO 1 recompute selective SP");
  EXPECT_EQ(division_difference(tie, p), "ZeRO 0 recompute none no SP");
  tie.tensor = 4;
  EXPECT_EQ(division_difference(p, tie), division_words(tie));
}

// Ranks with the same ties are one sentence, which names three of them at most.
TEST(TieNotes, AreSaidOnce) {
  Document document;
  add_tie_notes({{"a"}, {}, {"b", "c"}, {"a"}, {"1", "2", "3", "4", "5"}}, document);
  EXPECT_THAT(document.notes,
              ElementsAre("ranks 1, 4: exactly as fast with a", "rank 3: exactly as fast with b; c",
                          "rank 5: exactly as fast with 1; 2; 3; and 2 others"));
}

TEST(ProofDocument, SaysWhetherItIsAccepted) {
  CheckedProof checked{.question = planned_question(), .subtrees = 7};
  checked.counts = {.valid = 5, .fit = 4, .below = 3};
  Json json = json_of(proof_document(checked));
  EXPECT_EQ(json.at("accepted"), true);
  EXPECT_TRUE(json.at("fault").is_null());
  EXPECT_EQ(json.at("subtrees"), 7);
  EXPECT_EQ(json.at("valid_divisions"), 5);
  EXPECT_EQ(json.at("feasible"), 4);
  EXPECT_EQ(json.at("below_bound"), 3);
  checked.fault = "a row is missing";
  json = json_of(proof_document(checked));
  EXPECT_EQ(json.at("accepted"), false);
  EXPECT_EQ(json.at("fault"), "a row is missing");
  EXPECT_EQ(proof_document(checked).verdict.text, "rejected: a row is missing");
}

// A network that is bought: its cost is within the budget, its bound below its step.
TEST(HardwarePlanDocument, RowsAreWithinTheBudget) {
  HardwareQuestion question{.job = {.model = "llama3-8b",
                                    .npus = "16",
                                    .tp = "2,4",
                                    .pp = "1",
                                    .cp = "1",
                                    .virtual_stages = "1",
                                    .zero = "1",
                                    .micro_batch = "1",
                                    .global_batch = "32",
                                    .recompute = "full",
                                    .placement = "TP,CP,EP,DP,PP",
                                    .budget = "$100k"},
                            .words = {.npu = "h100", .shapes = "Switch(8)_Switch(2)"}};
  question.search.best = 2;
  const HardwareAnswer answer = plan_hardware(question);
  const Document document = hardware_plan_document("llama3-8b", "bought.yaml", answer);
  EXPECT_EQ(fault_of(document), "");
  const Json json = json_of(document);
  ASSERT_EQ(json.at("plans").size(), 2U);
  for (const Json& row : json.at("plans")) {
    EXPECT_LE(row.at("cost_usd").get<double>(), 100e3 * (1.0 + 1e-6));
    EXPECT_LE(row.at("step_time_bound_s").get<double>(), row.at("step_time_s").get<double>() * (1.0 + 1e-9));
    EXPECT_EQ(row.at("bandwidth_gb_per_s").size(), 2U);
    EXPECT_EQ(row.at("network"), "Switch(8)_Switch(2)");
  }
  EXPECT_LE(json.at("gap").get<double>(), 1e-6);
  EXPECT_THAT(json.at("next_commands")[0].get<std::string>(),
              HasSubstr("--machine bought.yaml --npus 16 --tp"));
  EXPECT_THAT(json.at("next_commands")[0].get<std::string>(), HasSubstr("--placement TP,CP,EP,DP,PP"));
  EXPECT_FALSE(json_of(hardware_plan_document("llama3-8b", "", answer)).contains("next_commands"));
}

}  // namespace
}  // namespace bandwright
