// Machines on networks as they are built: against the machine's own grid, and what of it a network has not.
#include "study/job/built_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
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
