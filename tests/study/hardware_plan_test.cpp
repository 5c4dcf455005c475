// Networks that are bought, in the words of a job.
#include "study/plan/hardware_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/files.h"
#include "core/text.h"
#include "study/estimate.h"
#include "study/plan/hardware_proof_file.h"
#include "study/plan/plan_work.h"
#include "study/plan/proof_json.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

// 16 NPUs of an H100 over two shapes, with few decisions.
HardwareQuestion small_purchase() {
  HardwareQuestion question{.job = {.model = "llama3-8b",
                                    .npus = "16",
                                    .tp = "2,4,8",
                                    .pp = "1",
                                    .cp = "1",
                                    .virtual_stages = "1",
                                    .zero = "1",
                                    .micro_batch = "1",
                                    .global_batch = "32",
                                    .recompute = "none,full",
                                    .placement = "TP,CP,EP,DP,PP",
                                    .budget = "$100k"},
                            .words = {.npu = "h100", .shapes = "Switch(8)_Switch(2),Switch(16)"}};
  question.search.best = 3;
  return question;
}

const HardwareAnswer& small_answer() {
  static const HardwareAnswer answer = plan_hardware(small_purchase());
  return answer;
}

// What is bought is within its dollars, of one of the shapes; its machine, written out and asked of
// `estimate`, takes what the answer says.
TEST(HardwarePlans, AreMachinesThatTakeTheirTime) {
  const HardwareAnswer& answer = small_answer();
  ASSERT_FALSE(answer.best.empty());
  const TemporaryFolder folder;
  double before = 0.0;
  for (const PlannedHardware& row : answer.best) {
    EXPECT_GE(row.ranked.step_ns, before);
    before = row.ranked.step_ns;
    ASSERT_TRUE(row.network_usd);
    EXPECT_LE(*row.network_usd, 100e3 * (1.0 + 1e-6));
    EXPECT_TRUE(row.network.shorthand() == "Switch(8)_Switch(2)" || row.network.shorthand() == "Switch(16)");
    // The price of single collectives differs from the curve's where a kind's own steps do
    // (collective_curve.h).
    EXPECT_NEAR(row.estimate_ns / row.ranked.step_ns, 1.0, 0.05);
    const Parallelism& p = row.ranked.parallelism;
    const std::string file = folder / "machine.yaml";
    write_whole(file, machine_text(row.machine));
    Job job{.model = "llama3-8b", .machine = file, .npus = "16"};
    job.tp = std::to_string(p.tensor);
    job.zero = std::to_string(p.zero);
    job.global_batch = "32";
    job.recompute = recomputation_name(p.recompute);
    job.sequence_parallel = p.sequence_parallel ? "true" : "false";
    EXPECT_NEAR(facts_of(estimate(job)).step_ns, row.estimate_ns, 1e-6 * row.estimate_ns);
  }
}

// More money buys no slower step, and what is told of the cheapest is at its limit.
TEST(HardwarePlans, MoreMoneyIsNeverSlower) {
  double before = 1e300;
  for (const char* budget : {"$30k", "$100k", "$300k"}) {
    HardwareQuestion question = small_purchase();
    question.job.budget = budget;
    question.search.best = 1;
    const HardwareAnswer answer = plan_hardware(question);
    ASSERT_EQ(answer.best.size(), 1U);
    EXPECT_LE(answer.best[0].ranked.step_ns, before * (1.0 + 1e-9)) << budget;
    before = answer.best[0].ranked.step_ns;
  }
}

// The cheapest network with a step as long as the best of $100k costs at most that, and one with a longer
// step less.
TEST(HardwarePlans, TheCheapestKeepsToItsStep) {
  const double fastest = small_answer().best[0].ranked.step_ns;
  double before = 100e3 * (1.0 + 1e-4);
  for (const double slack : {1.0 + 1e-6, 1.05, 1.2}) {
    HardwareQuestion question = small_purchase();
    question.objective = PlanObjective::NetworkCost;
    question.search.best = 1;
    question.search.longest_step_ns = slack * fastest;
    const HardwareAnswer answer = plan_hardware(question);
    ASSERT_EQ(answer.best.size(), 1U) << slack;
    EXPECT_LE(answer.best[0].ranked.step_ns, slack * fastest * (1.0 + 1e-6));
    EXPECT_LE(*answer.best[0].network_usd, before) << slack;
    before = *answer.best[0].network_usd;
  }
}

// A step that nothing reaches: the answer is empty and tells the fastest.
TEST(HardwarePlans, TellTheFastestWhereNoneIsFastEnough) {
  HardwareQuestion question = small_purchase();
  question.search.longest_step_ns = 1e3;
  const HardwareAnswer answer = plan_hardware(question);
  EXPECT_TRUE(answer.best.empty());
  ASSERT_TRUE(answer.fastest);
  EXPECT_NEAR(answer.fastest->ranked.step_ns, small_answer().best[0].ranked.step_ns, 1e-6 * 1e9);
  EXPECT_FALSE(answer.smallest);  // divisions fit, though others do not
  question = small_purchase();
  question.explain = "tp 2";
  const HardwareAnswer explained = plan_hardware(question);
  ASSERT_TRUE(explained.explained && explained.explained->best);
  EXPECT_EQ(explained.explained->best->ranked.parallelism.tensor, 2);
  EXPECT_GE(explained.explained->best->ranked.step_ns, explained.best[0].ranked.step_ns * (1.0 - 1e-9));
}

// Each row of a front costs at most half of the one before.
TEST(HardwarePlans, AFrontHalvesItsDollars) {
  HardwareQuestion question = small_purchase();
  question.pareto = true;
  const HardwareAnswer answer = plan_hardware(question);
  ASSERT_EQ(answer.best.size(), 3U);
  for (std::size_t i = 1; i < answer.best.size(); ++i) {
    EXPECT_LE(*answer.best[i].network_usd, 0.5 * *answer.best[i - 1].network_usd * (1.0 + 1e-6));
    EXPECT_GE(answer.best[i].ranked.step_ns, answer.best[i - 1].ranked.step_ns);
  }
}

TEST(HardwarePlans, WhatCannotBeAskedIsOneLine) {
  const auto said = [](auto change) {
    HardwareQuestion question = small_purchase();
    change(question);
    return refused([&] { return hardware_space(question); });
  };
  EXPECT_EQ(said([](auto&) {}), "");
  EXPECT_EQ(said([](auto& q) { q.job.budget.clear(); }),
            "--budget: expected GB/s per NPU, or dollars as $15M");
  EXPECT_TRUE(said([](auto& q) { q.job.budget = "much"; }).starts_with("--budget: "));
  EXPECT_THAT(said([](auto& q) { q.job.budget = "$0"; }), HasSubstr("--budget: '$0' is not above 0"));
  EXPECT_EQ(said([](auto& q) { q.job.npus = "8,16"; }), "--npus: expected a number of NPUs");
  EXPECT_EQ(said([](auto& q) { q.job.npus = "1"; }), "--npus 1: one NPU has no network to buy");
  EXPECT_TRUE(said([](auto& q) { q.words.npu = "abacus"; }).starts_with("--npu: "));
  EXPECT_TRUE(said([](auto& q) { q.words.hardware = "unusual"; }).starts_with("--hardware: "));
  EXPECT_EQ(said([](auto& q) { q.words.shapes = "Switch(8)"; }), "--shapes: Switch(8) has 8 NPUs, not 16");
  EXPECT_TRUE(said([](auto& q) { q.words.shapes = "Heap(16)"; }).starts_with("--shapes: "));
  EXPECT_TRUE(said([](auto& q) {
                q.words.shapes = "any";
                q.words.dimensions = "5";
              }).starts_with("--dimensions: "));
  EXPECT_NE(said([](auto& q) { q.words.constraints = {"b1 >="}; }), "");
  EXPECT_THAT(said([](auto& q) { q.objective = PlanObjective::NetworkCost; }),
              HasSubstr("network-cost of a network that is bought needs --max-step"));
  EXPECT_THAT(said([](auto& q) { q.objective = PlanObjective::PerfPerCost; }),
              HasSubstr("perf-per-cost within dollars is best with no network at all"));
  EXPECT_THAT(said([](auto& q) {
                q.objective = PlanObjective::NetworkCost;
                q.search.longest_step_ns = 1e9;
                q.job.budget = "500";
              }),
              HasSubstr("--budget: expected dollars"));
  EXPECT_THAT(said([](auto& q) {
                q.objective = PlanObjective::CostPerToken;
                q.words.constraints = {"b1 >= b2"};
              }),
              HasSubstr("--constraint: not with what multiplies time and cost"));
  const auto planned = [](auto change) {
    HardwareQuestion question = small_purchase();
    question.pareto = true;
    change(question);
    return refused([&] { return plan_hardware(question); });
  };
  EXPECT_THAT(planned([](auto& q) { q.job.budget = "500"; }), HasSubstr("--pareto: "));
}

// Whatever is asked changes the work that is kept of it.
TEST(HardwarePlans, WorkIsAnotherForEveryWord) {
  std::vector<std::string> works = {work_of(small_purchase())};
  const auto add = [&](auto change) {
    HardwareQuestion question = small_purchase();
    change(question);
    works.push_back(work_of(question));
  };
  add([](auto& q) { q.job.budget = "$101k"; });
  add([](auto& q) { q.job.tp = "2"; });
  add([](auto& q) { q.job.prices = "astra1"; });
  add([](auto& q) { q.words.npu = "a100"; });
  add([](auto& q) { q.words.shapes = "Switch(16)"; });
  add([](auto& q) { q.words.dimensions = "2"; });
  add([](auto& q) { q.words.constraints = {"b1 >= b2"}; });
  add([](auto& q) { q.search.best = 4; });
  add([](auto& q) { q.search.longest_step_ns = 1e10; });
  add([](auto& q) { q.search.most_memory_bytes = 70e9; });
  add([](auto& q) { q.prove = true; });
  add([](auto& q) { q.pareto = true; });
  add([](auto& q) { q.explain = "tp 2"; });
  add([](auto& q) { q.objective = PlanObjective::CostPerToken; });
  std::sort(works.begin(), works.end());
  EXPECT_EQ(std::adjacent_find(works.begin(), works.end()), works.end());
}

class HardwareProofFile : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string text = [] {
      HardwareQuestion question = small_purchase();
      question.prove = true;
      return hardware_proof_text(question, plan_hardware(question));
    }();
    for (const std::string_view line : split(text, '\n')) {
      if (!line.empty()) proof_.push_back(ProofJson::parse(line));
    }
  }
  CheckedHardwareProof check(const std::vector<ProofJson>& lines) {
    std::string text;
    for (const ProofJson& line : lines) text += line.dump() + '\n';
    write_whole(file_, text);
    return check_hardware_proof(file_);
  }
  // What is said of a proof of which one line is another, without the file's name.
  std::string said(std::size_t line, const std::function<void(ProofJson&)>& change) {
    std::vector<ProofJson> lines = proof_;
    change(lines[line]);
    std::string fault;
    const std::string problem = refused([&] { return fault = check(lines).fault; });
    if (problem.empty()) return fault;
    EXPECT_TRUE(problem.starts_with(fmt::format("{}:{}: ", file_, line + 1))) << problem;
    return problem.substr(file_.size() + 1);
  }
  [[nodiscard]] std::size_t first(const char* key) const {
    std::size_t i = 0;
    while (!proof_[i].contains(key)) ++i;
    return i;
  }

  TemporaryFolder folder_;
  const std::string file_ = folder_ / "proof.jsonl";
  std::vector<ProofJson> proof_;
};

TEST_F(HardwareProofFile, IsAcceptedAndHoldsItsQuestion) {
  const CheckedHardwareProof checked = check(proof_);
  EXPECT_EQ(checked.fault, "");
  EXPECT_TRUE(is_hardware_proof(file_));
  EXPECT_EQ(checked.question.job, small_purchase().job);
  EXPECT_EQ(checked.question.words.shapes, small_purchase().words.shapes);
  EXPECT_EQ(checked.question.search.best, 3U);
  EXPECT_EQ(checked.counts.valid, small_answer().counts.valid);
  EXPECT_EQ(checked.counts.fit, small_answer().counts.fit);
  EXPECT_EQ(checked.subtrees, 3U);  // TP 2, 4 and 8
  write_whole(file_, "{\"bandwright\": \"proof\"}\n");
  EXPECT_FALSE(is_hardware_proof(file_));
}

TEST_F(HardwareProofFile, ClaimsThatAreNotTrueAreFaults) {
  const std::size_t listed = first("listed");
  const std::size_t closed = first("closed");
  EXPECT_NE(said(listed, [](auto& line) { line["step_ns"] = 1.0; }), "");
  EXPECT_NE(said(listed, [](auto& line) { line["gb_per_s"][0] = 1.0; }), "");
  EXPECT_NE(said(listed, [](auto& line) { line["network"] = "Ring(16)"; }), "");
  EXPECT_NE(said(closed, [](auto& line) { line["valid"] = line["valid"].template get<int>() + 1; }), "");
  EXPECT_NE(said(closed, [](auto& line) { line["closed"][0] = 16; }), "");
  EXPECT_NE(said(0, [](auto& line) { line["job"]["budget"] = "$1M"; }), "");
  EXPECT_NE(said(proof_.size() - 1, [](auto& line) { line["counts"]["fit"] = 0; }), "");
  EXPECT_EQ(said(0, [](auto&) {}), "");
}

TEST_F(HardwareProofFile, LinesThatAreNoneAreNamed) {
  const std::size_t listed = first("listed");
  const std::size_t closed = first("closed");
  EXPECT_THAT(said(0, [](auto& line) { line["version"] = 1; }), HasSubstr("a proof of another version"));
  EXPECT_THAT(said(0, [](auto& line) { line["job"]["colour"] = "red"; }), HasSubstr("job: unknown 'colour'"));
  EXPECT_THAT(said(0, [](auto& line) { line["best"] = -1; }), HasSubstr("best: -1 is out of range"));
  EXPECT_THAT(said(listed, [](auto& line) { line["groups"] = "TP,DP"; }), HasSubstr("no order of groups"));
  EXPECT_THAT(said(listed, [](auto& line) { line["gb_per_s"].push_back(1.0); }),
              HasSubstr("a bandwidth for each dimension is expected"));
  EXPECT_THAT(said(listed, [](auto& line) { line["listed"][0] = 5; }), HasSubstr("no division of the NPUs"));
  EXPECT_THAT(said(listed, [](auto& line) { line["value"] = "much"; }),
              HasSubstr("value: \"much\", expected a number"));
  EXPECT_THAT(said(closed, [](auto& line) { line["by_path"] = 0.5; }),
              HasSubstr("by_path: 0.5, expected a whole"));
  EXPECT_THAT(said(closed,
                   [](auto& line) {
                     line = {{"open", 1}};
                   }),
              HasSubstr("expected a line with listed, closed, pair or counts"));
}

}  // namespace
}  // namespace bandwright
