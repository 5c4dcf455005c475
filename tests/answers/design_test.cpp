#include "answers/design.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/cost.h"
#include "study/simulate.h"
#include "tests/answers/reading.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Job three_dimensions{.model = "175B", .network = "3D", .loop = "NoOverlap"};

OptimizeQuestion question(const Job& job, Budget budget) {
  return {.jobs = members_of(job), .budget = budget};
}

DesignAnswer solved(Target target, Budget budget) {
  OptimizeQuestion asked = question(three_dimensions, budget);
  asked.target = target;
  asked.step_gb_per_s = 25.0;
  return optimize(asked);
}

TEST(DesignDocument, SpendsTheBudget) {
  const DesignAnswer answer = solved(Target::Perf, gb_per_s(300.0));
  const Json json = json_of(design_document(answer, false));
  EXPECT_EQ(json.at("budget_gb_per_s"), 300.0);
  EXPECT_FALSE(json.contains("budget_usd"));
  EXPECT_TRUE(json.at("machine").is_null());
  EXPECT_EQ(json.at("library"), "ideal");
  const Json& rows = json.at("per_dimension");
  EXPECT_NEAR(sum_of(rows, "bandwidth_gb_per_s"), 300.0, 1e-6);
  EXPECT_NEAR(sum_of(rows, "share"), 1.0, 1e-9);
  EXPECT_NEAR(sum_of(rows, "cost_usd"), json.at("cost_usd").get<double>(), 1e-3);
  for (std::size_t d = 0; d < rows.size(); ++d) {
    const double b = rows[d].at("bandwidth_gb_per_s");
    EXPECT_DOUBLE_EQ(b, json.at("bandwidth_gb_per_s")[d].get<double>());
    EXPECT_NEAR(rows[d].at("share").get<double>(), b / 300.0, 1e-9);
    EXPECT_LE(rows[d].at("low_gb_per_s").get<double>(), b * (1 + 1e-6));
    EXPECT_GE(rows[d].at("high_gb_per_s").get<double>(), b * (1 - 1e-6));
    // Bytes over bandwidth are the time it is busy.
    EXPECT_NEAR(rows[d].at("sent_bytes").get<double>() / (b * 1e9),
                rows[d].at("utilization").get<double>() * json.at("step_time_s").get<double>(), 1e-6);
  }
}

TEST(DesignDocument, NumbersFollowFromEachOther) {
  const DesignAnswer answer = solved(Target::Perf, gb_per_s(300.0));
  const Json json = json_of(design_document(answer, false));
  const auto value = [&](const char* key) { return json.at(key).get<double>(); };
  EXPECT_DOUBLE_EQ(value("speedup"), value("equal_step_time_s") / value("step_time_s"));
  EXPECT_NEAR(value("objective"), value("step_time_s"), 1e-9);
  EXPECT_EQ(json.at("objective_unit"), "s");
  EXPECT_LE(value("lower_bound"), value("objective") * (1 + 1e-12));
  EXPECT_NEAR(value("gap"), 1.0 - value("lower_bound") / value("objective"), 1e-6);
  // Steps per second for each million dollars.
  EXPECT_NEAR(value("steps_per_s_per_million_usd"), 1e6 / (value("step_time_s") * value("cost_usd")), 1e-9);
  EXPECT_NEAR(value("equal_steps_per_s_per_million_usd"),
              1e6 / (value("equal_step_time_s") * value("equal_cost_usd")), 1e-9);
  EXPECT_EQ(json.at("status"), "optimal");
  const Json& model = json.at("models")[0];
  EXPECT_NEAR(model.at("step_time_s").get<double>(), value("step_time_s"), 1e-9);
  EXPECT_NEAR(model.at("compute_time_s").get<double>() + model.at("bubble_s").get<double>() +
                  model.at("exposed_communication_s").get<double>(),
              value("step_time_s"), 1e-6);
}

// Steps of 25 GB/s: multiples of it that spend the budget, no faster than the optimum by what is lost.
TEST(DesignDocument, InSteps) {
  const Json json = json_of(design_document(solved(Target::Perf, gb_per_s(300.0)), false));
  const Json& steps = json.at("in_steps");
  double total = 0.0;
  for (const Json& b : steps.at("bandwidth_gb_per_s")) {
    const double multiple = b.get<double>() / 25.0;
    EXPECT_NEAR(multiple, std::round(multiple), 1e-9);
    total += b.get<double>();
  }
  EXPECT_NEAR(total, 300.0, 1e-6);
  EXPECT_GE(steps.at("loss").get<double>(), -1e-9);
  EXPECT_NEAR(steps.at("step_time_s").get<double>(),
              (1.0 + steps.at("loss").get<double>()) * json.at("step_time_s").get<double>(), 1e-6);
}

// The trace's bound rises, its objective falls, and both end in the answer.
TEST(DesignDocument, TheTraceEndsInTheAnswer) {
  const Json json = json_of(design_document(solved(Target::Perf, gb_per_s(300.0)), false));
  const Json& trace = json.at("trace");
  ASSERT_FALSE(trace.empty());
  for (std::size_t i = 1; i < trace.size(); ++i) {
    EXPECT_LE(trace[i].at("objective").get<double>(),
              trace[i - 1].at("objective").get<double>() * (1 + 1e-12));
    if (!trace[i - 1].at("lower_bound").is_null()) {
      EXPECT_GE(trace[i].at("lower_bound").get<double>(),
                trace[i - 1].at("lower_bound").get<double>() * (1 - 1e-12));
    }
  }
  EXPECT_EQ(trace.back().at("iteration"), json.at("iterations"));
  EXPECT_NEAR(trace.back().at("objective").get<double>(), json.at("objective").get<double>(), 1e-9);
}

TEST(DesignDocument, MoneyHasItsOwnUnits) {
  const Json cheap = json_of(design_document(solved(Target::PerfPerCost, gb_per_s(300.0)), false));
  EXPECT_EQ(cheap.at("objective_unit"), "s*$");
  EXPECT_NEAR(cheap.at("objective").get<double>(),
              cheap.at("step_time_s").get<double>() * cheap.at("cost_usd").get<double>(),
              1e-6 * cheap.at("objective").get<double>());
  EXPECT_GE(cheap.at("steps_per_s_per_million_usd").get<double>(),
            cheap.at("equal_steps_per_s_per_million_usd").get<double>() * (1 - 1e-9));

  const Json dollars = json_of(design_document(solved(Target::Perf, Money(15e6)), false));
  EXPECT_EQ(dollars.at("budget_usd"), 15e6);
  EXPECT_FALSE(dollars.contains("budget_gb_per_s"));
  EXPECT_LE(dollars.at("cost_usd").get<double>(), 15e6 * (1 + 1e-6));
  EXPECT_EQ(dollars.at("shadow_prices")[0].at("saves_unit"), "s per $");
}

// The same job at the bandwidths found, asked elsewhere: as fast and as dear.
TEST(DesignDocument, IsWhatSimulateAndCostSay) {
  const DesignAnswer answer = solved(Target::Perf, gb_per_s(300.0));
  const Json json = json_of(design_document(answer, false));
  Job job = three_dimensions;
  for (const double b : answer.summary.optimum.gb_per_s) {
    job.bandwidth += fmt::format("{}{:.17g}", job.bandwidth.empty() ? "" : ",", b);
  }
  const SimulationAnswer played = simulate(job, {.closed_form = true});
  EXPECT_NEAR(to_seconds(played.result.step_time), json.at("step_time_s").get<double>(), 1e-9);
  EXPECT_NEAR(cost(job).bill.total().value(), json.at("cost_usd").get<double>(), 1e-3);
}

TEST(DesignDocument, VerdictAndLinesForPeople) {
  const DesignAnswer answer = solved(Target::Perf, gb_per_s(300.0));
  const Document document = design_document(answer, true);
  EXPECT_THAT(document.verdict.text, HasSubstr("times as fast as an equal split; proved: none is more than"));
  EXPECT_EQ(document.verdict.mood, Verdict::Mood::Good);
  const std::string text = render_text(document, {});
  EXPECT_THAT(text, HasSubstr("300 GB/s per NPU"));
  EXPECT_THAT(text, HasSubstr("solver took"));
  EXPECT_THAT(text, HasSubstr("no allocation is below"));
  EXPECT_THAT(render_text(design_document(answer, false), {}), testing::Not(HasSubstr("solver took")));
}

// A bound that leaves less than the budget: both are named.
TEST(DesignDocument, SaysWhyThereIsNone) {
  OptimizeQuestion asked = question(three_dimensions, gb_per_s(300.0));
  asked.constraints = {"b1 <= 10", "b2 <= 10", "b3 <= 10"};
  const DesignAnswer answer = optimize(asked);
  ASSERT_EQ(answer.summary.solution.status, Status::Infeasible);
  EXPECT_THAT(infeasible_text(answer), StartsWith("no allocation satisfies together: "));
  EXPECT_THAT(infeasible_text(answer), HasSubstr("budget of 300 GB/s per NPU"));
  EXPECT_THAT(infeasible_text(answer), HasSubstr("b1 <= 10"));
}

// A group: a row per model, whose weighted sum is the step time.
TEST(DesignDocument, OfAGroup) {
  OptimizeQuestion asked =
      question({.model = "17B,175B", .network = "3D", .loop = "NoOverlap"}, gb_per_s(500.0));
  asked.weights = {2.0, 1.0};
  const Json json = json_of(design_document(optimize(asked), false));
  const Json& models = json.at("models");
  ASSERT_EQ(models.size(), 2U);
  for (const char* key : {"step_time_s", "equal_step_time_s"}) {
    EXPECT_NEAR(2.0 * models[0].at(key).get<double>() + models[1].at(key).get<double>(),
                json.at(key).get<double>(), 1e-6 * json.at(key).get<double>());
  }
  asked.normalize = true;
  const Json relative = json_of(design_document(optimize(asked), false));
  EXPECT_EQ(relative.at("objective_unit"), "equal-split times");
  EXPECT_NEAR(relative.at("objective").get<double>(),
              2.0 / relative.at("models")[0].at("speedup").get<double>() +
                  1.0 / relative.at("models")[1].at("speedup").get<double>(),
              1e-6);
}

TEST(DesignDocument, NamesTheMachineAndTheLibrary) {
  const Job job{
      .model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .library = "{name: mine}", .tp = "2"};
  const Json json = json_of(design_document(optimize(question(job, gb_per_s(300.0))), false));
  EXPECT_EQ(json.at("machine"), "DGX H100");
  EXPECT_EQ(json.at("library"), "mine");
}

}  // namespace
}  // namespace bandwright
