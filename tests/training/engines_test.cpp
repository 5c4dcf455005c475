// The closed form and the event-driven engine on steps of real models: where nothing contends and every
// collective is one chunk on one dimension they must tell the same time, whatever the parallelisation.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "collective/library.h"
#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "simulator/player/player.h"
#include "training/training_step.h"

namespace bandwright {
namespace {

struct Case {
  const char* name;
  const char* model;
  Parallelism parallelism;
};

// A machine with a dimension of its own for each group, so that groups never share a wire.
Machine machine_of(const Parallelism& p) {
  Machine machine = load_machine("dgx-a100");
  const FabricDimension inner = machine.dimensions[0];
  machine.dimensions.clear();
  double gb_per_s = 300.0;
  for (const std::int64_t npus : {p.tensor, p.context, p.data, p.pipeline}) {
    if (npus == 1) continue;
    FabricDimension dimension = inner;
    dimension.npus = static_cast<int>(npus);
    dimension.gb_per_s = gb_per_s;
    gb_per_s /= 2.0;
    machine.dimensions.push_back(dimension);
  }
  return machine;
}

TrainingJob job_of(const Case& each) {
  return {load_architecture(each.model), machine_of(each.parallelism), each.parallelism};
}

Case changed(const char* name, const char* model, const std::function<void(Parallelism&)>& change) {
  Case each{name, model, {.tensor = 2, .pipeline = 4, .data = 4, .global_batch = 64}};
  change(each.parallelism);
  return each;
}

std::vector<Case> dense_cases() {
  std::vector<Case> all;
  const auto add = [&](const char* name, const std::function<void(Parallelism&)>& change) {
    all.push_back(changed(name, "gpt-1.7b", change));
  };
  add("1F1B", [](Parallelism&) {});
  add("GPipe", [](Parallelism& p) { p.schedule = PipelineSchedule::GPipe; });
  for (const int stages : {3, 5}) {
    add(stages == 3 ? "Interleaved" : "Uneven", [=](Parallelism& p) {
      p.schedule = PipelineSchedule::Interleaved;
      p.virtual_stages = stages;
    });
  }
  add("FullRecomputation", [](Parallelism& p) { p.recompute = Recomputation::Full; });
  add("SequenceParallel", [](Parallelism& p) { p.sequence_parallel = true; });
  add("Adapters", [](Parallelism& p) { p.adapters = adapters(16, "qkv"); });
  add("OverlappedTensor", [](Parallelism& p) { p.overlap_tensor = true; });
  add("Zero1", [](Parallelism& p) { p.zero = 1; });
  for (const int zero : {2, 3}) {
    add(zero == 2 ? "Zero2" : "Zero3", [=](Parallelism& p) {
      p.pipeline = 1;
      p.zero = zero;
    });
  }
  // Context groups are part of the data-parallel ones, as expert groups are: nothing may overlap there.
  add("Context", [](Parallelism& p) {
    p.context = 4;
    p.data = 1;
    p.overlap_gradients = false;
  });
  return all;
}

std::vector<Case> expert_cases() {
  std::vector<Case> all;
  const auto add = [&](const char* name, const std::function<void(Parallelism&)>& change) {
    all.push_back(changed(name, "mixtral-8x7b", [&](Parallelism& p) {
      p.expert = 4;
      p.overlap_gradients = false;
      change(p);
    }));
  };
  add("Expert", [](Parallelism&) {});
  for (const bool whole_graphs : {true, false}) {
    add(whole_graphs ? "ExpertBesideCompute" : "ExpertBesideHost", [=](Parallelism& p) {
      p.overlap_expert = true;
      p.whole_graphs = whole_graphs;
    });
  }
  // Expert groups on two dimensions, the context's and one of their own; gradients would be reduced over
  // both.
  add("ExpertPerNode", [](Parallelism& p) {
    p.tensor = 1;
    p.context = 2;
    p.expert = 8;
    p.dispatch = ExpertDispatch::PerNode;
    p.gradient_bytes = 0;
  });
  return all;
}

std::vector<Case> cases() {
  std::vector<Case> all = dense_cases();
  for (const Case& each : expert_cases()) all.push_back(each);
  return all;
}

class Engines : public testing::TestWithParam<Case> {};

// A message's bytes are rounded up to a whole one and its time to a picosecond, n - 1 times per collective.
constexpr double rounding = 1e-5;

TEST_P(Engines, AgreeWithOneChunkAndNoContention) {
  const TrainingJob job = job_of(GetParam());
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> b = job.machine.gb_per_s(network);
  const Step program = training_step(job, network);
  const Step graph = expand(program);
  const StepResult program_form = ClosedForm(program, network).evaluate(b);
  const StepResult closed = ClosedForm(graph, network).evaluate(b);
  Library library;
  library.chunks = 1;
  const StepResult played = simulate_folded({graph, network, library, b, {}});

  const double step = to_ns(closed.step_time);
  EXPECT_NEAR(to_ns(program_form.step_time), step, 1e-9 * step);
  EXPECT_NEAR(to_ns(played.step_time), step, rounding * step);
  EXPECT_NEAR(to_ns(played.compute_time), to_ns(closed.compute_time), rounding * step);
  // The program sees the same waiting as its graph, without writing it out. The graph's view alone charges a
  // collective that happens to end in a gap without being waited for: 0.1 % of these steps, 2 % where those
  // over TP, or to experts, run beside waits for the host.
  const Parallelism& p = job.parallelism;
  const bool beside_host = p.overlap_tensor || (p.overlap_expert && !p.whole_graphs);
  const double chance = beside_host ? 0.02 : 2e-3;
  EXPECT_NEAR(to_ns(program_form.compute_time), to_ns(closed.compute_time), 1e-9 * step);
  EXPECT_NEAR(to_ns(program_form.bubble), to_ns(closed.bubble), 1e-9 * step);
  for (std::size_t g = 0; g < closed.groups.size(); ++g) {
    EXPECT_NEAR(to_ns(program_form.groups[g].exposed), to_ns(closed.groups[g].exposed), chance * step)
        << closed.groups[g].group;
  }
  EXPECT_EQ(closed.step_time, closed.compute_time + closed.bubble + closed.exposed_communication);
  EXPECT_EQ(played.step_time, played.compute_time + played.bubble + played.exposed_communication);
  // Bytes are conserved from the program to its graph to the messages.
  for (std::size_t d = 0; d < closed.dimensions.size(); ++d) {
    const double bytes = closed.dimensions[d].bytes;
    EXPECT_GT(bytes, 0.0);
    EXPECT_NEAR(program_form.dimensions[d].bytes, bytes, 1e-9 * bytes);
    EXPECT_NEAR(played.dimensions[d].bytes, bytes, 1e-4 * bytes);
    EXPECT_NEAR(played.dimensions[d].utilization, closed.dimensions[d].utilization, 1e-4);
  }
}

// More chunks pass through the same wires: never faster than the wire, and little slower.
TEST_P(Engines, ChunksNeverBeatTheWire) {
  const TrainingJob job = job_of(GetParam());
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> b = job.machine.gb_per_s(network);
  const Step graph = expand(training_step(job, network));
  Library library;
  library.chunks = 4;
  const double step = ClosedForm(graph, network).step_time_ns(b);
  const double played = to_ns(simulate_folded({graph, network, library, b, {}}).step_time);
  EXPECT_GE(played, step * (1.0 - 1e-9));
  EXPECT_LE(played, step * 1.001);
}

INSTANTIATE_TEST_SUITE_P(Parallelisations, Engines, testing::ValuesIn(cases()),
                         [](const auto& each) { return std::string(each.param.name); });

// Every NPU by itself plays the latencies and efficiencies the one NPU that stands for all plays.
TEST(Engines, FoldedEqualsFull) {
  Case small{"small", "gpt-1.7b", {.tensor = 2, .pipeline = 2, .data = 2, .global_batch = 4}};
  TrainingJob job = job_of(small);
  job.model.layers = 4;
  const Network network = job.machine.network(8);
  const std::vector<double> b = job.machine.gb_per_s(network);
  const Step graph = expand(training_step(job, network));
  Library library;
  library.chunks = 2;
  const Scenario scenario{graph, network, library, b, nanoseconds(3)};
  EXPECT_EQ(simulate_folded(scenario).step_time, simulate_full(scenario).step_time);
}

// The groups on two dimensions that are alike trade places: nothing changes. (Below ZeRO 3 replicas on other
// machines are waited for, and the innermost dimension is a machine.)
TEST(Engines, PermutingDimensionsThatAreAlikeChangesNothing) {
  Case inner{"inner", "gpt-1.7b", {.tensor = 4, .data = 4, .zero = 3, .global_batch = 16}};
  Case outer = inner;
  outer.parallelism.placement = {"DP", "CP", "EP", "TP", "PP"};
  const auto play = [](const Case& each, const std::vector<double>& b) {
    TrainingJob job = job_of(each);
    job.machine.dimensions[1].gb_per_s = job.machine.dimensions[0].gb_per_s;
    const Network network = job.machine.network(16);
    const Step program = training_step(job, network);
    const Step graph = expand(program);
    return std::pair{ClosedForm(program, network).step_time_ns(b),
                     simulate_folded({graph, network, Library{}, b, {}}).step_time};
  };
  const auto as_is = play(inner, {300.0, 300.0});
  const auto swapped = play(outer, {300.0, 300.0});
  EXPECT_DOUBLE_EQ(as_is.first, swapped.first);
  EXPECT_EQ(as_is.second, swapped.second);
}

// Without communication and with an output layer of next to nothing the bubble is (p - 1)/(v m) of the work
// (training/training_step.h).
TEST(PipelineBubble, IsStagesLessOneOverChunksTimesMicroBatches) {
  for (const std::int64_t v : {1, 2, 3}) {
    for (const std::int64_t m : {4, 8, 32}) {
      Case each{"bubble", "gpt3-175b", {.pipeline = 4, .virtual_stages = v, .global_batch = m}};
      if (v > 1) each.parallelism.schedule = PipelineSchedule::Interleaved;
      TrainingJob job = job_of(each);
      job.model.vocabulary = 1;
      job.machine.dimensions[0].constants = {.efficiency = 1.0, .latency_us = 0.0, .step_us = 0.0};
      const Network network = job.machine.network(4);
      Step program = training_step(job, network);
      double optimizer_ns = 0.0;
      for (const Operation& operation : program.operations) {
        if (operation.role == Role::Optimizer) optimizer_ns += to_ns(operation.duration);
      }
      const StepResult result = ClosedForm(program, network).evaluate(std::vector<double>{1e12});
      const double work = to_ns(result.compute_time) - optimizer_ns;
      const double formula = 3.0 / static_cast<double>(v * m);
      EXPECT_NEAR(to_ns(result.bubble) / work, formula, 0.005 * formula) << v << " chunks, " << m;
    }
  }
}

}  // namespace
}  // namespace bandwright
