// Decisions about a division in words, the space that they leave open, and that space from above.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "study/job/division_space.h"
#include "study/job/job_options.h"
#include "study/plan/plan_map.h"
#include "study/plan/plan_work.h"
#include "study/plan/space_file.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using Numbers = std::vector<std::int64_t>;

Job open_job() { return {.model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .global_batch = "32"}; }

// Few enough to be looked at one by one.
Job narrow_job() {
  Job job = open_job();
  job.cp = "1";
  job.virtual_stages = "1";
  job.micro_batch = "1,2";
  job.zero = "1";
  job.recompute = "none,full";
  return job;
}

struct NumbersCase {
  const char* text;
  Numbers values;
};

class DecisionWords : public testing::TestWithParam<NumbersCase> {};

// The same words for every decision that is a number.
TEST_P(DecisionWords, AreNumbersOnceAndAscending) {
  for (const auto& [word, member] : {std::pair{&Job::tp, &DivisionSpace::tensor},
                                     {&Job::cp, &DivisionSpace::context},
                                     {&Job::pp, &DivisionSpace::pipeline},
                                     {&Job::ep, &DivisionSpace::expert},
                                     {&Job::virtual_stages, &DivisionSpace::virtual_stages},
                                     {&Job::micro_batch, &DivisionSpace::micro_batch},
                                     {&Job::npus, &DivisionSpace::npus}}) {
    Job job = open_job();
    job.*word = GetParam().text;
    EXPECT_EQ(refused([&] { return check_decision(word, GetParam().text); }), "");
    EXPECT_EQ(division_space(job).*member, GetParam().values) << GetParam().text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, DecisionWords,
                         testing::Values(NumbersCase{"4", {4}}, NumbersCase{"4,2", {2, 4}},
                                         NumbersCase{"2, 4,2 ,4", {2, 4}}, NumbersCase{"2..5", {2, 3, 4, 5}},
                                         NumbersCase{"3..3", {3}}, NumbersCase{"8,2..4,3", {2, 3, 4, 8}},
                                         NumbersCase{" 2 .. 3 ", {2, 3}}, NumbersCase{"any", {}},
                                         NumbersCase{"ANY", {}}, NumbersCase{"auto", {}},
                                         NumbersCase{"", {}}));

TEST(DecisionWords, ThatAreNoneAreNamedByTheirOption) {
  for (std::string Job::*const word : division_decisions()) {
    const std::string option = typed_name(job_option(word));
    for (const char* bad : {"many", "2,", "-1", "2,many", "99999999999"}) {
      const std::string said = refused([&] { return check_decision(word, bad); });
      EXPECT_TRUE(said.starts_with(option + ": ")) << option << ' ' << bad << ": " << said;
      Job job = open_job();
      job.*word = bad;
      EXPECT_EQ(refused([&] { return division_space(job); }), said);
    }
  }
  const auto said = [](std::string Job::*word, const char* text) {
    return refused([&] { return check_decision(word, text); });
  };
  EXPECT_THAT(said(&Job::tp, "0"), HasSubstr("--tp: "));
  EXPECT_THAT(said(&Job::zero, "4"), HasSubstr("--zero: "));
  EXPECT_EQ(said(&Job::zero, "0..3"), "");
  EXPECT_EQ(said(&Job::tp, "5..2"), "--tp: '5..2', expected a range of 1 to 100000 numbers");
  EXPECT_THAT(said(&Job::tp, "1..200000"), HasSubstr("expected a range of 1 to 100000 numbers"));
  EXPECT_THAT(said(&Job::recompute, "all"), HasSubstr("--recompute: "));
  EXPECT_EQ(said(&Job::sequence_parallel, "perhaps"),
            "--sequence-parallel: 'perhaps', expected true or false");
}

TEST(DecisionWords, FlagsAndNamesAreAscendingToo) {
  Job job = open_job();
  EXPECT_THAT(division_space(job).sequence_parallel, IsEmpty());
  for (const auto& [text, values] : {std::pair{"true", std::vector<bool>{true}},
                                     {"TRUE,false,true", std::vector<bool>{false, true}},
                                     {"false", std::vector<bool>{false}}}) {
    job.sequence_parallel = text;
    EXPECT_EQ(division_space(job).sequence_parallel, values) << text;
  }
  job.recompute = "full, none,full";
  EXPECT_EQ(division_space(job).recompute, (std::vector{Recomputation::None, Recomputation::Full}));
}

// Pairs of a name and a value narrow what is open, and nothing else.
TEST(DecisionWords, PairsNarrowASpace) {
  DivisionSpace space = division_space(open_job());
  narrow(space, "--explain", " tp 2,4  zero 1 recompute full virtual-stages 1..2 ");
  EXPECT_EQ(space.tensor, (Numbers{2, 4}));
  EXPECT_EQ(space.zero, (Numbers{1}));
  EXPECT_EQ(space.recompute, std::vector{Recomputation::Full});
  EXPECT_EQ(space.virtual_stages, (Numbers{1, 2}));
  EXPECT_THAT(space.pipeline, IsEmpty());
  EXPECT_THAT(space.micro_batch, IsEmpty());
  const auto said = [&](const char* pairs) {
    return refused([&] { return narrow(space, "--explain", pairs); });
  };
  EXPECT_EQ(said(""), "--explain: expected pairs such as 'tp 8 pp 8'");
  EXPECT_EQ(said("tp 8 pp"), "--explain: expected pairs such as 'tp 8 pp 8'");
  EXPECT_THAT(said("npus 8"), HasSubstr("--explain: 'npus' is no decision, expected one of tp, cp, pp, ep"));
  EXPECT_THAT(said("tp x"), HasSubstr("--explain: tp: "));
}

TEST(OpenWords, AutoLeavesOpenAndIsTheUsualValueElsewhere) {
  Job job = open_job();
  EXPECT_FALSE(leaves_open(job));
  for (std::string Job::*const word : division_decisions()) {
    Job one = job;
    one.*word = "any";
    EXPECT_FALSE(leaves_open(one));
    one.*word = "Auto";
    EXPECT_TRUE(leaves_open(one));
    EXPECT_EQ(without_auto(one), job);
  }
  job.model = "auto";  // no decision
  EXPECT_FALSE(leaves_open(job));
  EXPECT_EQ(without_auto(job), job);
}

// A space with overlap of tensor parallelism, or a precision that the NPU has no units for, is refused.
TEST(OpenWords, WhatASearchCannotLeanOnIsRefused) {
  Job job = open_job();
  job.overlap = "tensor";
  EXPECT_THAT(refused([&] { return division_space(job); }), HasSubstr("--overlap: tensor has no limit"));
  job = open_job();
  job.precision = "nvfp4";
  EXPECT_THAT(refused([&] { return division_space(job); }), HasSubstr("nvfp4"));
}

// The best of each TP and PP is what a plan of that TP and PP alone says, the best of all cells is the best
// of the whole, and cells that cannot be divided are not there.
TEST(PlanMap, CellsAreThePlansOfTheirOwn) {
  const PlanQuestion question{.job = narrow_job()};
  const PlanAnswer answer = plan(question);
  const std::vector<PlanCell> cells = plan_map(question, answer);
  double best = 1e300;
  int alone = 0;
  for (const PlanCell& cell : cells) {
    EXPECT_EQ(16 % (cell.tensor * cell.pipeline), 0);
    EXPECT_NE(cell.best.has_value(), cell.smallest.has_value());
    if (cell.best) best = std::min(best, cell.best->step_ns);
    if (++alone % 4 != 0) continue;
    PlanQuestion one = question;
    one.job.tp = std::to_string(cell.tensor);
    one.job.pp = std::to_string(cell.pipeline);
    one.search.best = 1;
    const PlanAnswer found = plan(one);
    ASSERT_EQ(found.best.empty(), !cell.best);
    if (cell.best) {
      EXPECT_EQ(found.best[0].ranked.step_ns, cell.best->step_ns);
    } else {
      EXPECT_EQ(found.smallest->memory_bytes, cell.smallest->memory_bytes);
    }
  }
  EXPECT_EQ(best, answer.best[0].ranked.step_ns);
  // TP 1 to 16 and PP 1 to 16 with a product of at most 16, in powers of two: 5 + 4 + 3 + 2 + 1; TP 16
  // would divide 8 keys and values into halves, which is refused or not as validate() says.
  EXPECT_LE(cells.size(), 15U);
  EXPECT_GE(cells.size(), 10U);
  EXPECT_THAT(plan_map(question, PlanAnswer{}), IsEmpty());
}

// Whatever word of a question changes, its work is another; asked again it is the same.
TEST(PlanWork, IsAnotherForEveryWord) {
  const PlanQuestion question{.job = narrow_job()};
  std::map<std::string, std::string> works = {{work_of(question), "as it is"}};
  EXPECT_EQ(work_of(question), works.begin()->first);
  const auto differs = [&](const std::string& what, auto change) {
    PlanQuestion changed = question;
    change(changed);
    const auto [at, fresh] = works.emplace(work_of(changed), what);
    EXPECT_TRUE(fresh) << what << " is the work of " << at->second;
  };
  const std::vector<std::pair<std::string Job::*, const char*>> words = {{&Job::model, "llama2-7b"},
                                                                         {&Job::machine, "dgx-a100"},
                                                                         {&Job::npus, "8,16"},
                                                                         {&Job::global_batch, "64"},
                                                                         {&Job::tp, "2"},
                                                                         {&Job::pp, "2"},
                                                                         {&Job::cp, "2"},
                                                                         {&Job::zero, "2"},
                                                                         {&Job::recompute, "none"},
                                                                         {&Job::sequence, "4096"},
                                                                         {&Job::precision, "fp8"},
                                                                         {&Job::attention, "unfused"}};
  for (const auto& [word, value] : words) {
    differs(std::string(job_option(word).name), [&, w = word, v = value](PlanQuestion& q) { q.job.*w = v; });
  }
  differs("best", [](PlanQuestion& q) { q.search.best = 3; });
  differs("max_step", [](PlanQuestion& q) { q.search.longest_step_ns = 1e9; });
  differs("max_memory", [](PlanQuestion& q) { q.search.most_memory_bytes = 1e9; });
  differs("objective", [](PlanQuestion& q) { q.search.objective = PlanObjective::CostPerToken; });
  differs("prove", [](PlanQuestion& q) { q.prove = true; });
  differs("pareto", [](PlanQuestion& q) { q.pareto = true; });
  differs("explain", [](PlanQuestion& q) { q.explain = "tp 2"; });
}

// What is wanted in words: each by its option's name where it cannot be.
TEST(SearchWanted, IsReadInWords) {
  const DivisionSearch usual = read_search({});
  EXPECT_EQ(usual.objective, PlanObjective::StepTime);
  EXPECT_EQ(usual.best, 10U);
  EXPECT_EQ(usual.longest_step_ns, 0.0);
  const DivisionSearch read = read_search({"network-cost", "7", "1.5 s", "60 GB"});
  EXPECT_EQ(read.objective, PlanObjective::NetworkCost);
  EXPECT_EQ(read.best, 7U);
  EXPECT_EQ(read.longest_step_ns, 1.5e9);
  EXPECT_EQ(read.most_memory_bytes, 60e9);
  for (const auto& [words, option] : {std::pair{SearchWords{.minimize = "pain"}, "--minimize: "},
                                      {SearchWords{.best = "0"}, "--best: "},
                                      {SearchWords{.best = "10001"}, "--best: "},
                                      {SearchWords{.max_step = "0 s"}, "--max-step: "},
                                      {SearchWords{.max_step = "soon"}, "--max-step: "},
                                      {SearchWords{.max_memory = "0"}, "--max-memory: "},
                                      {SearchWords{.max_memory = "-1 GB"}, "--max-memory: "}}) {
    EXPECT_TRUE(refused([&] { return read_search(words); }).starts_with(option)) << option;
  }
}

// A longer list begins with the shorter one; a limit removes what is above it and nothing else.
TEST(SearchWanted, LimitsAndLengthsOnlyCut) {
  const auto asked = [](const DivisionSearch& search) {
    return plan({.job = narrow_job(), .search = search}).best;
  };
  const auto all = asked({.best = 40});
  const auto few = asked({.best = 4});
  ASSERT_EQ(few.size(), 4U);
  for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i].ranked.step_ns, all[i].ranked.step_ns);
  const double limit = all[2].ranked.step_ns;
  const auto fast = asked({.best = 40, .longest_step_ns = limit});
  ASSERT_FALSE(fast.empty());
  EXPECT_EQ(fast.back().ranked.step_ns, limit);
  EXPECT_EQ(fast.size(), 3U);
  double most = 0.0;
  for (const auto& each : all) most = std::max(most, each.ranked.memory_bytes);
  for (const auto& each : asked({.best = 40, .most_memory_bytes = 0.8 * most})) {
    EXPECT_LE(each.ranked.memory_bytes, 0.8 * most);
  }
}

}  // namespace
}  // namespace bandwright
