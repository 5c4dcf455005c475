// The search over divisions against plain loops over everything there is.
#include "plan/division_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.h"
#include "plan/division_bound.h"
#include "training/division/parallel_groups.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

DivisionSpace space_of(const std::string& model, const std::string& machine, std::int64_t npus,
                       std::int64_t global_batch) {
  DivisionSpace space{.job = {.model = load_architecture(model), .machine = load_machine(machine)},
                      .npus = {npus}};
  space.job.parallelism.global_batch = global_batch;
  return space;
}

// Every combination of the domains as a parallelism, in their order.
template <class Visit>
void for_each_combination(const DivisionSpace& space, std::int64_t npus, Visit visit) {
  const DivisionDomains d = domains_of(space, npus);
  Parallelism p = space.job.parallelism;
  for (const auto tensor : d.tensor)
    for (const auto context : d.context)
      for (const auto pipeline : d.pipeline)
        for (const auto expert : d.expert)
          for (const auto stages : d.virtual_stages)
            for (const auto micro_batch : d.micro_batch)
              for (const auto zero : d.zero)
                for (const auto recompute : d.recompute)
                  for (const bool sequence_parallel : d.sequence_parallel) {
                    p.tensor = tensor;
                    p.context = context;
                    p.pipeline = pipeline;
                    p.expert = expert;
                    p.virtual_stages = stages;
                    p.schedule = schedule_of(p, stages);
                    p.micro_batch = micro_batch;
                    p.zero = static_cast<int>(zero);
                    p.recompute = recompute;
                    p.sequence_parallel = sequence_parallel;
                    visit(p);
                  }
}

// Step times of all that can be run and fits, ascending, by estimate(); and how many were valid.
struct BruteForce {
  std::vector<double> steps;
  std::int64_t valid = 0;
};
BruteForce brute_force(const DivisionSpace& space) {
  BruteForce result;
  TrainingJob job = space.job;
  const std::int64_t npus = space.npus[0];
  const Network network = job.machine.network(npus);
  for_each_combination(space, npus, [&](Parallelism p) {
    if (npus % (p.tensor * p.context * p.pipeline) != 0) return;
    fill_data_parallel(p, npus);
    const bool same = (p.tensor == 1 && p.sequence_parallel) || (p.data * p.context == 1 && p.zero > 0);
    if (same) return;  // as one without
    try {
      validate(job.model, p);
      parallel_groups(network, p);
    } catch (const InputError&) {
      return;
    }
    ++result.valid;
    job.parallelism = p;
    const TrainingEstimate found = estimate(job);
    if (found.fits()) result.steps.push_back(found.step_ns);
  });
  std::sort(result.steps.begin(), result.steps.end());
  return result;
}

void expect_equal(const DivisionSpace& space) {
  const BruteForce loop = brute_force(space);
  const RankedDivisions found = best_divisions(space, {});
  EXPECT_EQ(found.counts.valid, loop.valid);
  EXPECT_EQ(found.counts.fit, static_cast<std::int64_t>(loop.steps.size()));
  // Rows are different times; each stands for all that tie with it.
  std::vector<std::int64_t> times;
  for (const double step : loop.steps) times.push_back(std::llround(step * 1e3));
  std::size_t next = 0;
  for (const RankedDivision& row : found.best) {
    const std::int64_t time = std::llround(row.step_ns * 1e3);
    for (std::size_t tie = 0; tie <= row.ties.size(); ++tie, ++next) {
      ASSERT_LT(next, times.size());
      EXPECT_EQ(time, times[next]) << "rank " << 1 + (&row - found.best.data());
    }
    EXPECT_TRUE(next == times.size() || times[next] > time) << "a tie is missing";
  }
  EXPECT_TRUE(found.best.size() == 10 || next == times.size());
}

TEST(DivisionSearch, EqualsALoopOverEverything) {
  for (const char* machine : {"dgx-a100", "dgx-h100"}) {
    DivisionSpace space = space_of("llama3-8b", machine, 16, 32);
    space.virtual_stages = {1, 2, 3};
    expect_equal(space);
  }
}

TEST(DivisionSearch, EqualsALoopOverExperts) {
  DivisionSpace space = space_of("mixtral-8x7b", "dgx-h100", 16, 16);
  space.virtual_stages = {1, 2};
  space.micro_batch = {1, 2};
  expect_equal(space);
}

// Experts are divided where that is faster.
TEST(DivisionSearch, DividesExperts) {
  DivisionSpace space = space_of("mixtral-8x7b", "dgx-h100", 64, 256);
  const RankedDivisions any = best_divisions(space, {.best = 1});
  EXPECT_GT(any.best[0].parallelism.expert, 1);
  for (const std::int64_t expert : {1, 2, 4, 8}) {
    space.expert = {expert};
    const RankedDivisions given = best_divisions(space, {.best = 1});
    for (const RankedDivision& each : given.best) {
      EXPECT_EQ(each.parallelism.expert, expert);
      EXPECT_LE(any.best[0].step_ns, each.step_ns);
    }
  }
}

// Where nothing fits the answer is empty and names the smallest bill.
TEST(DivisionSearch, SaysWhatComesNearestWhereNothingFits) {
  const RankedDivisions found = best_divisions(space_of("gpt3-175b", "dgx-a100", 8, 8), {});
  EXPECT_TRUE(found.best.empty());
  EXPECT_EQ(found.counts.fit, 0);
  ASSERT_EQ(found.smallest.size(), 1U);
  EXPECT_GT(found.smallest[0].memory_bytes, 80e9);
}

// A count the machine cannot have is an obstacle, not an error: other counts are searched.
TEST(DivisionSearch, NamesCountsThatTheMachineCannotHave) {
  DivisionSpace space = space_of("llama3-8b", "dgx-h100", 16, 32);
  space.npus = {12, 16};
  const RankedDivisions found = best_divisions(space, {});
  ASSERT_EQ(found.obstacles.size(), 1U);
  EXPECT_NE(found.obstacles[0].find("12"), std::string::npos);
  EXPECT_EQ(found.best.size(), 10U);
}

TEST(DivisionSearch, AnyNumberOfThreadsGivesTheSame) {
  const DivisionSpace space = space_of("llama3-70b", "dgx-h100", 64, 128);
  const RankedDivisions one = best_divisions(space, {.threads = 1});
  const RankedDivisions two = best_divisions(space, {.threads = 2});
  ASSERT_EQ(one.best.size(), two.best.size());
  for (std::size_t i = 0; i < one.best.size(); ++i) {
    EXPECT_EQ(one.best[i].step_ns, two.best[i].step_ns);
    EXPECT_EQ(one.best[i].memory_bytes, two.best[i].memory_bytes);
  }
  EXPECT_EQ(one.counts.below, two.counts.below);
}

// Without its bound the search evaluates all that fit, and finds the same.
TEST(DivisionSearch, TheBoundSavesWorkAndNothingElse) {
  const DivisionSpace space = space_of("llama3-8b", "dgx-a100", 32, 64);
  const RankedDivisions with = best_divisions(space, {});
  const RankedDivisions without = best_divisions(space, {.use_bound = false});
  EXPECT_EQ(without.evaluated, without.counts.fit);
  EXPECT_LT(with.evaluated, without.evaluated);
  ASSERT_EQ(with.best.size(), without.best.size());
  for (std::size_t i = 0; i < with.best.size(); ++i) {
    EXPECT_EQ(with.best[i].step_ns, without.best[i].step_ns);
    EXPECT_EQ(with.best[i].parallelism.npus(), without.best[i].parallelism.npus());
    EXPECT_EQ(with.best[i].ties.size(), without.best[i].ties.size());
  }
}

// On-chip attention is computed again in the backward pass whatever is asked for, so that selective
// recomputation saves nothing and costs nothing: one row, and the first in the space stands for both.
TEST(DivisionSearch, ExactTiesAreOneRow) {
  DivisionSpace space = space_of("llama3-8b", "dgx-h100", 8, 8);
  space.tensor = {8};
  space.micro_batch = {1};
  space.zero = {0};
  space.sequence_parallel = {true};
  const RankedDivisions found = best_divisions(space, {});
  ASSERT_EQ(found.best.size(), 2U);  // with and without full recomputation
  ASSERT_EQ(found.best[0].ties.size(), 1U);
  EXPECT_EQ(found.best[0].parallelism.recompute, Recomputation::None);
  EXPECT_EQ(found.best[0].ties[0].recompute, Recomputation::Selective);
  EXPECT_EQ(found.best[1].parallelism.recompute, Recomputation::Full);
}

// Limits of step time and memory take divisions away and change no other.
TEST(DivisionSearch, KeepsLimits) {
  const DivisionSpace space = space_of("llama3-8b", "dgx-h100", 16, 32);
  const RankedDivisions all = best_divisions(space, {});
  const double third = all.best[2].step_ns;
  const RankedDivisions short_steps = best_divisions(space, {.longest_step_ns = third});
  EXPECT_EQ(short_steps.best.size(), 3U);
  const double bytes = all.best[0].memory_bytes * (1.0 - 1e-9);
  const RankedDivisions small = best_divisions(space, {.most_memory_bytes = bytes});
  for (const RankedDivision& each : small.best) EXPECT_LE(each.memory_bytes, bytes);
  EXPECT_GE(small.best[0].step_ns, all.best[0].step_ns);
}

// The bound is below the step of every division, and near it where little is communicated.
TEST(DivisionBound, IsNeverAboveTheStep) {
  for (const char* model : {"llama3-70b", "mixtral-8x7b", "gpt3-175b"}) {
    for (const char* machine : {"dgx-h100", "dgx-a100"}) {
      const DivisionSpace space = space_of(model, machine, 64, 128);
      const Network network = space.job.machine.network(64);
      const DivisionDomains domains = domains_of(space, 64);
      DivisionBound bound(space.job);
      TrainingJob job = space.job;
      std::mt19937 random(7);
      int tried = 0;
      for (const GroupSizes& sizes : group_sizes(space, domains, network)) {
        for_each_division(space, domains, sizes, 64, [&](const Parallelism& p) {
          if (random() % 97 != 0) return;
          job.parallelism = p;
          const double step = estimate(job).step_ns;
          EXPECT_LE(bound(p), step);
          EXPECT_GT(bound(p), 0.02 * step);
          ++tried;
        });
      }
      EXPECT_GT(tried, 50) << model << " on " << machine;
    }
  }
}

// Nor is the least bound of a subtree above the least step in it, whatever is decided in the subtree.
TEST(DivisionBound, IsBelowTheBestOfRandomSubtrees) {
  std::mt19937 random(23);
  for (const char* model : {"llama3-8b", "mixtral-8x7b"}) {
    const DivisionSpace whole = space_of(model, "dgx-h100", 32, 64);
    for (int i = 0; i < 10; ++i) {
      DivisionSpace some = whole;
      const auto either = [&](auto& values, auto a, auto b) {
        if (random() % 2 == 0) values = {random() % 2 == 0 ? a : b};
      };
      either(some.tensor, 1, 4);
      either(some.pipeline, 1, 2);
      either(some.context, 1, 2);
      either(some.zero, 0, 1);
      either(some.recompute, Recomputation::None, Recomputation::Full);
      some.virtual_stages = {1, 2};
      const RankedDivisions found = best_divisions(some, {.best = 1, .use_bound = false});
      if (found.best.empty()) continue;
      const Network network = some.job.machine.network(32);
      const DivisionDomains domains = domains_of(some, 32);
      DivisionBound bound(some.job);
      double least = 1e300;
      for (const GroupSizes& sizes : group_sizes(some, domains, network)) {
        for_each_division(some, domains, sizes, 32, [&](const Parallelism& p) {
          if (memory_bill(some.job.model, p).total() <= some.job.machine.npu.memory_bytes) {
            least = std::min(least, bound(p));
          }
        });
      }
      EXPECT_LE(least, found.best[0].step_ns);
    }
  }
}

// NPU hours of a token: eight times the NPUs must be eight times as fast.
TEST(DivisionSearch, CostPerTokenComparesNpuCounts) {
  DivisionSpace space = space_of("llama3-8b", "dgx-h100", 8, 64);
  space.npus = {8, 64};
  space.virtual_stages = {1};
  const RankedDivisions fastest = best_divisions(space, {.best = 1});
  space.weights = {8.0, 64.0};
  const RankedDivisions cheapest =
      best_divisions(space, {.objective = PlanObjective::CostPerToken, .best = 1});
  EXPECT_EQ(fastest.best[0].parallelism.npus(), 64);
  const auto hours = [](const RankedDivision& d) {
    return d.step_ns * static_cast<double>(d.parallelism.npus());
  };
  EXPECT_LE(hours(cheapest.best[0]), hours(fastest.best[0]));
}

}  // namespace
}  // namespace bandwright
