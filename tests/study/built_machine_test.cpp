// Machines on networks as they are built: against the machine's own grid, and what of it a network has not.
#include "study/job/built_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "study/optimize.h"
#include "study/simulate.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Job job_of(std::string network) {
  return {.model = "llama3-8b",
          .machine = "dgx-h100",
          .npus = "32",
          .network = std::move(network),
          .tp = "8",
          .global_batch = "8"};
}

constexpr const char* full_rails = "RailOptimised(4x8, inside 450, bandwidth 50)";

// Rails of full bisection: tensor parallelism has its machine's switch, and each rail's leaf a link to every
// NPU, so that nobody shares. What is left are roundings of messages, up to 1 ps each.
TEST(BuiltMachine, RailsOfFullBisectionTakeWhatPortsTake) {
  for (const char* pp : {"1", "2"}) {
    Job grid = job_of("");
    grid.pp = pp;
    Job rails = job_of(full_rails);
    rails.pp = pp;
    const double ports = to_ms(simulate(grid, {}).result.step_time);
    const SimulationAnswer flows = simulate(rails, {});
    EXPECT_EQ(flows.transport, "flows");
    EXPECT_NEAR(to_ms(flows.result.step_time) / ports, 1.0, 0.01) << pp;
  }
}

// An H100 on links of the bandwidths of a DGX has the constants of a DGX.
TEST(BuiltMachine, AnNpuOnItsOwn) {
  Job machine = job_of(full_rails);
  Job npu = machine;
  npu.machine.clear();
  npu.npu = "h100";
  EXPECT_EQ(simulate(npu, {}).result.step_time, simulate(machine, {}).result.step_time);
  npu.network.clear();
  EXPECT_THROW(simulate(npu, {}), InputError);
  npu.network = full_rails;
  npu.machine = "dgx-h100";
  EXPECT_THROW(simulate(npu, {}), InputError);
}

// On a grid alone as well: played, in closed form, and where a budget is divided. With a budget links have
// the constants of the bandwidth nearest to an equal share; two of 250 GB/s are what --bandwidth says of
// them.
TEST(BuiltMachine, AnNpuOnAGrid) {
  const Job machine = job_of("");
  Job npu = job_of("Switch(8)_Switch(4)");
  npu.machine.clear();
  npu.npu = "h100";
  EXPECT_THROW(simulate(npu, {}), InputError);  // of which bandwidths?
  npu.bandwidth = "450,50";
  for (const bool closed : {false, true}) {
    const SimulationOptions how{.closed_form = closed};
    EXPECT_EQ(simulate(npu, how).result.step_time, simulate(machine, how).result.step_time) << closed;
  }
  npu.bandwidth = "250,250";
  const Time equal = simulate(npu, {.closed_form = true}).result.step_time;
  npu.bandwidth.clear();
  npu.budget = "500";
  npu.allocation = "equal";
  EXPECT_EQ(simulate(npu, {.closed_form = true}).result.step_time, equal);
  EXPECT_THAT(simulate(npu, {}).notes, testing::Contains(HasSubstr("about an equal share of the budget")));
  npu.allocation = "optimized";
  const SimulationAnswer divided = simulate(npu, {.closed_form = true});
  EXPECT_LE(divided.result.step_time, equal);
  const DesignAnswer best = optimize({.jobs = {npu}, .budget = Bandwidth(500.0)});
  EXPECT_NEAR(best.summary.optimum.step_ns[0], to_ns(divided.result.step_time), 1.0);
  EXPECT_EQ(best.design.network.shorthand(), "Switch(8)_Switch(4)");
}

// A DGX reduces tensor parallelism's all-reduces in its switches; leaves of a tree of full bisection join
// eight NPUs each as well, those of four do not.
TEST(BuiltMachine, ReductionInTheSwitchIsSaid) {
  EXPECT_THAT(simulate(job_of(full_rails), {}).notes,
              ElementsAre(HasSubstr("all-reduces of TP are reduced in the switch")));
  const SimulationAnswer torn = simulate(job_of("LeafSpine(8x4, bandwidth 50)"), {});
  EXPECT_THAT(torn.notes, ElementsAre(HasSubstr("has no switches that join the 8 NPUs")));
  EXPECT_THAT(simulate(job_of(""), {}).notes, IsEmpty());
  EXPECT_THAT(simulate(job_of(""), {.transport = NetworkModel::Flows}).notes,
              ElementsAre(HasSubstr("all-reduces of TP are reduced in the switch")));
}

}  // namespace
}  // namespace bandwright
