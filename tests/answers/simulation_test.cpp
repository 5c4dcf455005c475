#include "answers/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers/bill.h"
#include "study/cost.h"
#include "tests/answers/reading.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

const Job layer_table{.model = "175B", .network = "3D", .loop = "NoOverlap", .budget = "300"};
const Job real_model{.model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .tp = "2", .pp = "2"};
const Job alone{
    .collective = "all-reduce", .size = "64MiB", .network = "Ring(4)_Switch(8)", .bandwidth = "50,25"};

// Jobs that end in every kind of answer, event by event and in closed form.
std::vector<SimulationAnswer> answers() {
  std::vector<SimulationAnswer> all;
  for (const Job& job : {layer_table, real_model, alone}) {
    for (const bool closed : {false, true}) all.push_back(simulate(job, {.closed_form = closed}));
  }
  return all;
}

TEST(SimulationDocument, SaysTheNumbersOfTheAnswer) {
  for (const SimulationAnswer& answer : answers()) {
    const StepResult& result = answer.result;
    const Json json = json_of(simulation_document(answer, false));
    EXPECT_EQ(json.at("network"), answer.network.shorthand());
    EXPECT_EQ(json.at("machine").is_null(), !answer.job);
    EXPECT_EQ(json.at("npus"), answer.network.npus());
    EXPECT_EQ(json.at("engine"), answer.engine);
    EXPECT_EQ(json.at("transport").is_null(), answer.transport.empty());
    EXPECT_EQ(json.at("loop").is_null(), answer.loop.empty());
    EXPECT_DOUBLE_EQ(json.at("step_time_s"), to_seconds(result.step_time));
    EXPECT_DOUBLE_EQ(json.at("compute_time_s"), to_seconds(result.compute_time));
    EXPECT_DOUBLE_EQ(json.at("bubble_s"), to_seconds(result.bubble));
    EXPECT_DOUBLE_EQ(json.at("overhead_s"), to_seconds(result.overhead));
    EXPECT_EQ(json.at("events"), result.events);
    EXPECT_EQ(json.at("cost_usd").is_null(), !answer.cost_usd.has_value());
    EXPECT_EQ(json.contains("division"), answer.job.has_value());
    EXPECT_EQ(json.contains("tokens_per_s"), answer.job.has_value());
  }
}

// Compute, bubble, waiting and overhead are the step; waiting is for groups, two of which have names of their
// own, as in results.csv.
TEST(SimulationDocument, PartsAddUpToTheStep) {
  for (const SimulationAnswer& answer : answers()) {
    const Json json = json_of(simulation_document(answer, false));
    const auto value = [&](const char* key) { return json.at(key).get<double>(); };
    const double step = value("step_time_s");
    EXPECT_NEAR(
        value("compute_time_s") + value("bubble_s") + value("exposed_communication_s") + value("overhead_s"),
        step, 1e-9 * step)
        << answer.graph.name;
    EXPECT_NEAR(sum_of(json.at("groups"), "exposed_s"), value("exposed_communication_s"), 1e-9 * step);
    const auto waiting_for = [&](const char* name) {
      double seconds = 0.0;
      for (const Json& group : json.at("groups")) {
        if (group.at("group") == name) seconds += group.at("exposed_s").get<double>();
      }
      return seconds;
    };
    EXPECT_NEAR(waiting_for("TP"), value("exposed_tp_s"), 1e-12);
    EXPECT_NEAR(waiting_for("DP"), value("exposed_dp_s"), 1e-12);
  }
}

// A row per dimension: its bandwidth in GB/s, and no more than all of the step busy.
TEST(SimulationDocument, HasARowPerDimension) {
  for (const SimulationAnswer& answer : answers()) {
    const Json json = json_of(simulation_document(answer, false));
    const Json& rows = json.at("per_dimension");
    ASSERT_EQ(rows.size(), answer.network.dimensions.size());
    std::int64_t npus = 1;
    for (std::size_t d = 0; d < rows.size(); ++d) {
      const Json& row = rows[d];
      EXPECT_EQ(row.at("dimension"), d + 1);
      EXPECT_EQ(row.at("kind"), answer.network.dimensions[d].kind->name);
      npus *= row.at("npus").get<std::int64_t>();
      EXPECT_DOUBLE_EQ(row.at("bandwidth_gb_per_s"), json.at("bandwidth_gb_per_s")[d].get<double>());
      EXPECT_NEAR(row.at("sent_bytes").get<double>(), answer.result.dimensions[d].bytes, 0.5);
      EXPECT_GE(row.at("utilization").get<double>(), 0.0);
      EXPECT_LE(row.at("utilization").get<double>(), 1.0 + 1e-9);
      EXPECT_LE(row.at("exposed_s").get<double>(), json.at("step_time_s").get<double>());
    }
    EXPECT_EQ(npus, json.at("npus").get<std::int64_t>());
  }
}

// 64 MiB over Ring(4)_Switch(8): 2 S 3/4 leave on the ring, and 2 S/4 7/8 of what is left on the switch; on
// the ring at 50 GB/s that is what takes longest.
TEST(SimulationDocument, OfALoneCollectiveByHand) {
  const double size = 64.0 * 1024 * 1024;
  const Json json = json_of(simulation_document(simulate(alone, {.closed_form = true}), false));
  EXPECT_DOUBLE_EQ(json.at("per_dimension")[0].at("sent_bytes"), 1.5 * size);
  EXPECT_DOUBLE_EQ(json.at("per_dimension")[1].at("sent_bytes"), 0.4375 * size);
  EXPECT_NEAR(json.at("step_time_s").get<double>(), 1.5 * size / 50e9, 1e-11);
  EXPECT_NEAR(json.at("per_dimension")[0].at("utilization").get<double>(), 1.0, 1e-6);
  EXPECT_NEAR(json.at("per_dimension")[1].at("utilization").get<double>(), 0.4375 * 2 / 1.5, 1e-6);
  EXPECT_EQ(json.at("engine"), simulate(alone, {.closed_form = true}).engine);
}

// A library's GiB/s is shown as GB/s.
TEST(SimulationDocument, BandwidthIsInDecimalUnits) {
  Job job = alone;
  job.library = "astra1";
  const Json json = json_of(simulation_document(simulate(job, {}), false));
  EXPECT_DOUBLE_EQ(json.at("bandwidth_gb_per_s")[0], 50 * 1.073741824);
  EXPECT_DOUBLE_EQ(json.at("per_dimension")[1].at("bandwidth_gb_per_s"), 25 * 1.073741824);
}

// The critical path begins with the step, ends with it and has no gap; of a job it is left out.
TEST(SimulationDocument, CriticalPathIsTheStep) {
  const Json json = json_of(simulation_document(simulate(layer_table, {}), false));
  const Json& path = json.at("critical_path");
  ASSERT_FALSE(path.empty());
  EXPECT_EQ(path.front().at("start_s"), 0.0);
  EXPECT_NEAR(path.back().at("end_s").get<double>(), json.at("step_time_s").get<double>(), 1e-6);
  for (std::size_t i = 1; i < path.size(); ++i) {
    EXPECT_LE(path[i - 1].at("end_s").get<double>(), path[i].at("start_s").get<double>() + 1e-6);
  }
  const Json& parts = json.at("critical_parts");
  for (std::size_t i = 1; i < parts.size(); ++i) {
    EXPECT_GE(parts[i - 1].at("time_s").get<double>(), parts[i].at("time_s").get<double>())
        << "the longest first";
  }
  EXPECT_TRUE(json_of(simulation_document(simulate(real_model, {}), false)).at("critical_path").empty());
}

// People read shares of the step, five parts, and clocks only if asked.
TEST(SimulationDocument, TextSaysWhatIsWaitedFor) {
  const auto text = [](const Job& job, bool timing) {
    return render_text(simulation_document(simulate(job, {}), timing), {});
  };
  EXPECT_THAT(text(layer_table, true), HasSubstr("engine took"));
  EXPECT_THAT(text(layer_table, false), testing::Not(HasSubstr("engine took")));
  EXPECT_THAT(text(real_model, false), HasSubstr("waiting for PP"));
  EXPECT_THAT(text(real_model, false), HasSubstr("pipeline bubble"));
  EXPECT_THAT(text(alone, false), HasSubstr("Ring(4)_Switch(8), 32 NPUs"));
}

// A bill costs what the simulation of the same job says, and its rows add up.
TEST(CostDocument, IsTheBill) {
  const Job job{.network = "4D", .bandwidth = "137.98,120.74,58.91,7.36"};
  const CostAnswer answer = cost(job);
  const Document document = cost_document(answer);
  const Json json = json_of(document);
  EXPECT_EQ(json.at("npus"), 1024);
  EXPECT_EQ(json.at("bandwidth_gb_per_s"), (std::vector<double>{137.98, 120.74, 58.91, 7.36}));
  const double total = json.at("cost_usd");
  EXPECT_DOUBLE_EQ(total, answer.bill.total().value());
  EXPECT_NEAR(sum_of(json.at("bill"), "cost_usd"), total, 1e-9 * total);
  for (const Json& row : json.at("bill")) {
    EXPECT_NEAR(row.at("bought_gb_per_s").get<double>() * row.at("usd_per_gb_per_s").get<double>(),
                row.at("cost_usd").get<double>(), 1e-6);
  }
  // A ring's links: half of what all NPUs send; 1,024 x 137.98 / 2.
  EXPECT_NEAR(json.at("bill")[0].at("bought_gb_per_s").get<double>(), 512 * 137.98, 1e-6);
  EXPECT_EQ(document.verdict.text, quantity(total, Unit::Usd));
  Job played = job;
  played.collective = "all-reduce";
  played.size = "1MB";
  EXPECT_DOUBLE_EQ(json_of(simulation_document(simulate(played, {}), false)).at("cost_usd"), total);
}

// They are two things: hardware, and the software that runs on it.
TEST(SimulationDocument, NamesTheMachineAndTheLibrary) {
  Job job = real_model;
  job.library = "{name: mine, chunks: 4}";
  const SimulationAnswer answer = simulate(job, {.closed_form = true});
  const Json json = json_of(simulation_document(answer, false));
  EXPECT_EQ(json.at("machine"), "DGX H100");
  EXPECT_EQ(json.at("library"), "mine");
  EXPECT_THAT(render_text(simulation_document(answer, false), {}), HasSubstr("DGX H100, library mine"));
  Job npu = real_model;
  npu.machine.clear();
  npu.npu = "h100";
  npu.network = "Grid(Switch(8)_Switch(2), bandwidth 50)";
  const Json built = json_of(simulation_document(simulate(npu, {}), false));
  EXPECT_EQ(built.at("machine"), "H100-SXM5-80GB");
  EXPECT_EQ(built.at("library"), "ideal");
}

}  // namespace
}  // namespace bandwright
