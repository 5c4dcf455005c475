#include "answers/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers/memory_fit.h"
#include "tests/answers/reading.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

constexpr double gib = 1073741824.0;

const std::vector<Job>& transformer_jobs() {
  static const std::vector<Job> jobs = {
      {.model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .tp = "2", .zero = "1"},
      {.model = "gpt3-175b",
       .machine = "dgx-a100",
       .npus = "128",
       .tp = "8",
       .pp = "16",
       .global_batch = "64"},
      {.model = "mixtral-8x7b", .machine = "dgx-h100", .npus = "64", .tp = "2", .pp = "4", .ep = "8"}};
  return jobs;
}

TransformerEstimate transformer(const Job& job) { return std::get<TransformerEstimate>(estimate(job)); }
UndividedEstimate undivided(const Job& job) { return std::get<UndividedEstimate>(estimate(job)); }

// The numbers of the answer in the units that the keys say, and none in another.
TEST(EstimateDocument, SaysTheNumbersOfTheAnswer) {
  for (const Job& job : transformer_jobs()) {
    const TransformerEstimate answer = transformer(job);
    const TrainingEstimate& result = answer.result;
    const Parallelism& p = answer.job.parallelism;
    const Json json = json_of(estimate_document(answer));
    EXPECT_EQ(json.at("model"), answer.job.model.name);
    EXPECT_EQ(json.at("machine"), answer.job.machine.name);
    EXPECT_EQ(json.at("npus"), p.npus());
    EXPECT_DOUBLE_EQ(json.at("step_time_s"), result.step_ns / 1e9);
    EXPECT_DOUBLE_EQ(json.at("tokens_per_s"), result.tokens_per_s);
    EXPECT_DOUBLE_EQ(json.at("tflop_per_s_per_npu"), result.tflop_per_s_per_npu);
    EXPECT_DOUBLE_EQ(json.at("mfu"), result.mfu);
    EXPECT_DOUBLE_EQ(json.at("hfu"), result.hfu);
    EXPECT_DOUBLE_EQ(json.at("memory_bytes"), result.memory.total());
    EXPECT_DOUBLE_EQ(json.at("memory_capacity_bytes"), result.memory_capacity);
    EXPECT_EQ(json.at("fits"), result.fits());
    EXPECT_EQ(json.at("would_fit_with").is_null(), result.remedy.empty());
    EXPECT_TRUE(json.at("placement").is_null());
    EXPECT_EQ(json.at("parameters"), static_cast<std::int64_t>(parameters(answer.job.model)));
    EXPECT_EQ(json.at("active_parameters"), static_cast<std::int64_t>(active_parameters(answer.job.model)));
  }
}

// What follows from what: the parts are the step, tokens are those of its batch, and what a token costs is
// what the NPUs cost meanwhile.
TEST(EstimateDocument, NumbersFollowFromEachOther) {
  for (const Job& job : transformer_jobs()) {
    const TransformerEstimate answer = transformer(job);
    const Json json = json_of(estimate_document(answer));
    const double step = json.at("step_time_s");
    EXPECT_NEAR(sum_of(json.at("breakdown"), "exposed_s"), step, 1e-9 * step);
    EXPECT_NEAR(sum_of(json.at("breakdown"), "share"), 1.0, 1e-9);
    for (const Json& row : json.at("breakdown")) {
      EXPECT_NEAR(row.at("exposed_s").get<double>(), row.at("share").get<double>() * step, 1e-9 * step);
      EXPECT_GE(row.at("hidden_s").get<double>(), 0.0);
    }
    EXPECT_NEAR(sum_of(json.at("memory"), "memory_bytes"), json.at("memory_bytes").get<double>(), 1.0);
    const Json& p = json.at("division");
    const double tokens = p.at("global_batch").get<double>() * static_cast<double>(answer.job.model.sequence);
    EXPECT_NEAR(json.at("tokens_per_s").get<double>() * step, tokens, 1e-6 * tokens);
    const auto factor = [&](const char* key) { return p.at(key).get<std::int64_t>(); };
    EXPECT_EQ(factor("tensor") * factor("context") * factor("pipeline") * factor("data"),
              json.at("npus").get<std::int64_t>());
    EXPECT_EQ(factor("micro_batch") * factor("micro_batches") * factor("data"), factor("global_batch"));
    EXPECT_LE(json.at("mfu").get<double>(), json.at("hfu").get<double>());
    const Json& price = json.at("usd_per_million_tokens");
    const double per_hour = answer.job.machine.npu.usd_per_hour * json.at("npus").get<double>();
    if (per_hour == 0.0) {
      EXPECT_TRUE(price.is_null());
    } else {
      const double usd = per_hour / 3600.0 / json.at("tokens_per_s").get<double>() * 1e6;
      EXPECT_NEAR(price.get<double>(), usd, 1e-9 * usd);
    }
  }
}

// Line two says whether it fits.
TEST(EstimateDocument, TheVerdictIsWhetherItFits) {
  for (const Job& job : transformer_jobs()) {
    const TransformerEstimate answer = transformer(job);
    const Document document = estimate_document(answer);
    EXPECT_EQ(document.verdict.text, fit_verdict(answer.result).text);
    EXPECT_EQ(document.verdict.mood, answer.result.fits() ? Verdict::Mood::Good : Verdict::Mood::Bad);
    EXPECT_THAT(document.title, testing::StartsWith(answer.job.model.name));
    EXPECT_THAT(document.title, testing::HasSubstr("NPUs of " + answer.job.machine.name));
  }
}

// A network on images and a layer table, with the same names for the same things.
TEST(EstimateDocument, OfAnUndividedStep) {
  for (const Job& job : {Job{.model = "resnet-50", .machine = "dgx-a100", .npus = "64"},
                         Job{.model = "175B", .machine = "dgx-a100", .npus = "256"}}) {
    const UndividedEstimate answer = undivided(job);
    const Document document = estimate_document(answer);
    const Json json = json_of(document);
    const double step = json.at("step_time_s");
    EXPECT_DOUBLE_EQ(step, answer.result.step_ns / 1e9);
    EXPECT_NEAR(sum_of(json.at("breakdown"), "exposed_s"), step, 1e-9 * step);
    EXPECT_NEAR(json.at("items_per_s").get<double>() * step, json.at("items_per_step").get<double>(),
                1e-6 * static_cast<double>(answer.step.items));
    const Json& p = json.at("division");
    EXPECT_EQ(p.at("tensor").get<std::int64_t>() * p.at("data").get<std::int64_t>(),
              json.at("npus").get<std::int64_t>());
    EXPECT_EQ(json.at("fits").is_null(), !answer.fits().has_value());
    EXPECT_EQ(json.at("memory_bytes").is_null(), !answer.step.memory.has_value());
    EXPECT_EQ(json.at("memory").is_null(), !answer.step.memory.has_value());
    EXPECT_EQ(json.at("mfu").is_null(), !answer.mfu.has_value());
    if (answer.step.memory) {
      EXPECT_NEAR(sum_of(json.at("memory"), "memory_bytes"), json.at("memory_bytes").get<double>(), 1.0);
      for (const Json& row : json.at("memory")) EXPECT_GT(row.at("memory_bytes").get<double>(), 0.0);
      EXPECT_EQ(json.at("fits").get<bool>(),
                json.at("memory_bytes").get<double>() <= json.at("memory_capacity_bytes").get<double>());
    } else {
      EXPECT_EQ(document.verdict.text, "step " + quantity(step, Unit::Seconds));
    }
  }
}

// The rows of the CSV are those of the breakdown, with the facts in front.
TEST(EstimateDocument, CsvHasARowForEachPart) {
  const Document document = estimate_document(transformer(transformer_jobs()[0]));
  const auto rows = csv_of(document);
  const Json json = json_of(document);
  ASSERT_EQ(rows.size(), 1 + json.at("breakdown").size());
  const auto column = [&](const std::string& name) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), name);
    EXPECT_NE(found, rows[0].end()) << name;
    return static_cast<std::size_t>(found - rows[0].begin());
  };
  for (std::size_t i = 1; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), rows[0].size());
    EXPECT_DOUBLE_EQ(std::stod(rows[i][column("step_time_s")]), json.at("step_time_s").get<double>());
    EXPECT_EQ(rows[i][column("part")], json.at("breakdown")[i - 1].at("part"));
    EXPECT_DOUBLE_EQ(std::stod(rows[i][column("exposed_s")]),
                     json.at("breakdown")[i - 1].at("exposed_s").get<double>());
  }
}

TEST(EstimateDocument, SaysWhatTwoMemoriesCost) {
  const Job job{.model = "gpt-1.7b",
                .machine = "dgx-a100",
                .npus = "1",
                .global_batch = "1",
                .tiers = "hbm-ddr",
                .fast = "30 GiB",
                .offload = "static"};
  const TransformerEstimate answer = transformer(job);
  ASSERT_TRUE(answer.offload);
  const Json placement = json_of(estimate_document(answer)).at("placement");
  EXPECT_EQ(placement.at("policy"), "static");
  EXPECT_EQ(placement.at("fast_limit_bytes"), std::int64_t{30} << 30);
  EXPECT_EQ(placement.at("peak_slow_bytes"), answer.offload->placement.replay->peak_slow.value());
  EXPECT_EQ(placement.at("to_slow_bytes"), answer.offload->placement.to_slow.value());
  EXPECT_EQ(placement.at("to_fast_bytes"), answer.offload->placement.to_fast.value());
  EXPECT_DOUBLE_EQ(placement.at("forward_slowdown"), answer.offload->slowdown.forward);
  EXPECT_DOUBLE_EQ(placement.at("backward_slowdown"), answer.offload->slowdown.backward);
  EXPECT_DOUBLE_EQ(placement.at("optimizer_slowdown"), answer.offload->slowdown.update);
  EXPECT_GE(placement.at("optimizer_slowdown").get<double>(), 1.0);
}

// 80 GiB hold 80 GiB and not a byte more.
TEST(FitVerdict, IsAboutTheLastByte) {
  const Verdict full = fit_verdict(80 * gib, 80 * gib);
  EXPECT_EQ(full.text, "fits: 80 of 80 GiB");
  EXPECT_EQ(full.mood, Verdict::Mood::Good);
  const Verdict over = fit_verdict(80 * gib + 1, 80 * gib);
  EXPECT_THAT(over.text, testing::StartsWith("does NOT fit: "));
  EXPECT_EQ(over.mood, Verdict::Mood::Bad);
  EXPECT_EQ(fit_verdict(1420 * gib, 80 * gib).text, "does NOT fit: 1,420 of 80 GiB");
}

// Why it does not fit, and what would help.
TEST(FitVerdict, NamesTheLargestPartAndARemedy) {
  MemoryFit fit;
  fit.memory.layer_weights = 60 * gib;
  fit.memory.activations = 70 * gib;
  fit.memory_capacity = 80 * gib;
  EXPECT_EQ(fit_verdict(fit).text, "does NOT fit: 130 of 80 GiB; the largest part is " +
                                       std::string(fit.memory.largest().name) +
                                       "; no setting tried here makes it fit");
  EXPECT_EQ(fit.memory.largest().bytes, 70 * gib);
  fit.remedy = "--tp 4";
  EXPECT_THAT(fit_verdict(fit).text, testing::EndsWith("; it would fit with --tp 4"));
  fit.memory_capacity = 140 * gib;
  fit.slow_memory = 60 * gib;
  EXPECT_EQ(fit_verdict(fit).text, "fits: 130 of 140 GiB, 60 of them slow");

  Document document;
  add_fit(document, fit);
  const Json json = json_of(document);
  EXPECT_EQ(json.at("fits"), true);
  EXPECT_EQ(json.at("slow_memory_bytes"), 60 * gib);
  EXPECT_EQ(json.at("would_fit_with"), "--tp 4");
}

TEST(Division, IsSaidInWordsAndInNumbers) {
  Parallelism p;
  p.tensor = 8;
  p.pipeline = 4;
  p.data = 2;
  p.zero = 1;
  p.micro_batch = 2;
  p.global_batch = 64;  // 2 replicas of 16 micro-batches of 2
  EXPECT_EQ(division_text(p), "TP 8 CP 1 EP 1 PP 4 DP 2, ZeRO 1, 16 micro-batches of 2");
  Document document;
  document.add(division_facts(p));
  const Json json = json_of(document).at("division");
  EXPECT_EQ(json.at("tensor"), 8);
  EXPECT_EQ(json.at("pipeline"), 4);
  EXPECT_EQ(json.at("data"), 2);
  EXPECT_EQ(json.at("zero"), 1);
  EXPECT_EQ(json.at("micro_batches"), 16);
  EXPECT_EQ(json.at("recompute"), recomputation_name(p.recompute));
}

}  // namespace
}  // namespace bandwright
