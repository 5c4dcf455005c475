// The ten best on every shipped machine, against a loop over estimate(). Spaces are cut so that the loops
// take seconds: TP 1 to 8, no CP, one or two chunks per stage, micro-batches of 1, ZeRO 0, 1 and 3, nothing
// or all computed again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/io/paths.h"
#include "plan/division_search.h"
#include "plan/plain_loops.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

// Edison's has none: nothing can be timed there.
bool has_units(const Npu& npu, Precision precision) {
  return npu.peak_flop_per_ns[static_cast<std::size_t>(precision)] > 0.0;
}

DivisionSpace cut_space(const TransformerArchitecture& model, const Machine& machine, std::int64_t npus) {
  DivisionSpace space{.job = {model, machine}, .npus = {npus}};
  space.job.parallelism.global_batch = 2 * npus;
  if (!has_units(machine.npu, Precision::Bf16)) space.job.parallelism.precision = Precision::Fp16;
  space.tensor = {1, 2, 4, 8};
  space.context = {1};
  space.virtual_stages = {1, 2};
  space.micro_batch = {1};
  space.zero = {0, 1, 3};
  space.recompute = {Recomputation::None, Recomputation::Full};
  return space;
}

// Whole picoseconds of all steps that fit, ascending; and what else there is to say.
struct Loop {
  std::vector<std::int64_t> steps;
  std::int64_t valid = 0;
  std::string refusal;
};
Loop loop_over_estimate(const DivisionSpace& space) {
  Loop result;
  TrainingJob job = space.job;
  Network network;
  try {
    network = job.machine.network(space.npus[0]);
  } catch (const InputError& error) {
    result.refusal = error.what();
    return result;
  }
  for (const ClosedSubtree& line : subtrees_in_loops(space)) {
    for_each_in_loops(space, line, network, [&](const Parallelism& p) {
      ++result.valid;
      job.parallelism = p;
      if (memory_bill(job.model, p).total() > job.machine.npu.memory_bytes) return;
      result.steps.push_back(std::llround(estimate(job).step_ns * 1e3));
    });
  }
  std::sort(result.steps.begin(), result.steps.end());
  return result;
}

void expect_the_same(const DivisionSpace& space) {
  const Loop loop = loop_over_estimate(space);
  const RankedDivisions found = best_divisions(space, {});
  ASSERT_EQ(found.obstacles.empty(), loop.refusal.empty());
  if (!loop.refusal.empty()) {
    EXPECT_EQ(found.obstacles.front(), loop.refusal);
    return;
  }
  EXPECT_EQ(found.counts.valid, loop.valid);
  EXPECT_EQ(found.counts.fit, static_cast<std::int64_t>(loop.steps.size()));
  EXPECT_EQ(found.best.empty(), loop.steps.empty());
  EXPECT_EQ(found.smallest.empty(), loop.valid == 0 || !loop.steps.empty());
  std::size_t next = 0;
  for (const RankedDivision& row : found.best) {
    for (std::size_t tie = 0; tie <= row.ties.size(); ++tie, ++next) {
      ASSERT_LT(next, loop.steps.size());
      const auto step_ps = static_cast<double>(loop.steps[next]);
      EXPECT_NEAR(row.step_ns * 1e3, step_ps, 1.0 + 1e-12 * step_ps) << next;  // sums are rounded
    }
  }
}

// A search by hand over what people try first: none of it is faster than the answer for the whole space.
TEST(DivisionSearch, IsNotSlowerThanALoopOverTheUsual) {
  DivisionSpace whole{.job = {load_architecture("llama3-70b"), load_machine("dgx-h100")}, .npus = {512}};
  whole.job.parallelism.global_batch = 1024;
  DivisionSpace usual = whole;
  usual.tensor = usual.pipeline = {1, 2, 4, 8};
  usual.context = usual.micro_batch = {1};
  usual.virtual_stages = {1, 2, 4};
  const Loop loop = loop_over_estimate(usual);
  ASSERT_GT(loop.steps.size(), 100U);
  const RankedDivisions found = best_divisions(whole, {.best = 1});
  EXPECT_LE(found.best[0].step_ns * 1e3, static_cast<double>(loop.steps[0]) * (1.0 + 1e-12));
}

class EveryMachine : public testing::TestWithParam<std::string> {};

TEST_P(EveryMachine, HasTheTenBestOfALoop) {
  for (const char* name : {"llama3-8b", "llama3-70b", "mixtral-8x7b", "gpt3-175b"}) {
    const TransformerArchitecture model = load_architecture(name);
    for (const std::int64_t npus : {8, 16, 64}) {
      SCOPED_TRACE(std::string(name) + " on " + std::to_string(npus));
      const Machine machine = load_machine(GetParam());
      const DivisionSpace space = cut_space(model, machine, npus);
      if (has_units(machine.npu, space.job.parallelism.precision)) expect_the_same(space);
    }
  }
}

std::vector<std::string> machine_names() { return input_names("machines"); }

INSTANTIATE_TEST_SUITE_P(Shipped, EveryMachine, testing::ValuesIn(machine_names()), [](const auto& one) {
  std::string name = one.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace bandwright
