// Spaces of divisions against plain loops over all that could be, and what divisions are ranked by.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "core/error.h"
#include "plan/hardware/free_hardware.h"
#include "plan/hardware/group_layout.h"
#include "plan/merit.h"
#include "tests/support/refused.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

using Tuple = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                         int, int, bool>;

Tuple tuple_of(const Parallelism& p) {
  return {p.tensor,           p.context,     p.pipeline, p.expert,
          p.virtual_stages,   p.micro_batch, p.zero,     static_cast<int>(p.recompute),
          p.sequence_parallel};
}

// Whether a division can be run on so many NPUs: by those who refuse it.
bool can_be(const TrainingJob& job, const Network& network, Parallelism p) {
  try {
    fill_data_parallel(p, network.npus());
    validate(job.model, p);
    static_cast<void>(parallel_groups(network, p));
  } catch (const InputError&) {
    return false;
  }
  return true;
}

DivisionSpace enumerated_space(const char* model, const char* machine, std::int64_t npus,
                               std::int64_t batch) {
  DivisionSpace space{.job = {load_architecture(model), load_machine(machine)}, .npus = {npus}};
  space.job.parallelism.global_batch = batch;
  space.virtual_stages = {1, 2};
  space.recompute = {Recomputation::None, Recomputation::Full};
  return space;
}

struct SpaceCase {
  const char* model;
  const char* machine;
  std::int64_t npus;
  std::int64_t batch;
};

class Enumeration : public testing::TestWithParam<SpaceCase> {};

// Every combination that nobody refuses is visited once, in the order of its decisions, and no other. Where
// there is nothing to divide one value stands for all: they are looked for by the others.
TEST_P(Enumeration, VisitsWhatCanBeOnce) {
  const SpaceCase& each = GetParam();
  const DivisionSpace space = enumerated_space(each.model, each.machine, each.npus, each.batch);
  const Network network = space.job.machine.network(each.npus);
  const DivisionDomains domains = domains_of(space, each.npus);
  std::set<Tuple> visited;
  for (const GroupSizes& sizes : group_sizes(space, domains, network)) {
    for_each_division(space, domains, sizes, each.npus, [&](const Parallelism& p) {
      EXPECT_TRUE(visited.insert(tuple_of(p)).second) << "twice";
      EXPECT_EQ(p.npus(), each.npus);
      EXPECT_TRUE(can_be(space.job, network, p));
    });
  }
  std::size_t expected = 0;
  for (const std::int64_t tensor : domains.tensor) {
    for (const std::int64_t context : domains.context) {
      for (const std::int64_t pipeline : domains.pipeline) {
        for (const std::int64_t expert : domains.expert) {
          for (const std::int64_t chunks : domains.virtual_stages) {
            for (const std::int64_t micro_batch : domains.micro_batch) {
              for (const std::int64_t zero : domains.zero) {
                for (const Recomputation recompute : domains.recompute) {
                  for (const bool sequence_parallel : domains.sequence_parallel) {
                    Parallelism p = space.job.parallelism;
                    p.tensor = tensor;
                    p.context = context;
                    p.pipeline = pipeline;
                    p.expert = expert;
                    p.virtual_stages = chunks;
                    p.schedule = schedule_of(p, chunks);
                    p.micro_batch = micro_batch;
                    p.zero = static_cast<int>(zero);
                    p.recompute = recompute;
                    p.sequence_parallel = sequence_parallel;
                    const bool nothing_to_shard = each.npus == tensor * pipeline && zero > 0;
                    const bool nothing_to_share = tensor == 1 && sequence_parallel;
                    if (nothing_to_shard || nothing_to_share || !can_be(space.job, network, p)) continue;
                    ++expected;
                    EXPECT_TRUE(visited.contains(tuple_of(p)))
                        << "TP " << tensor << " CP " << context << " PP " << pipeline << " EP " << expert
                        << " VP " << chunks << " micro-batch " << micro_batch << " ZeRO " << zero;
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(visited.size(), expected);
  EXPECT_GT(expected, 20U);
  EXPECT_GE(domains.combinations(), static_cast<double>(expected));
}

INSTANTIATE_TEST_SUITE_P(Spaces, Enumeration,
                         testing::Values(SpaceCase{"llama3-8b", "dgx-h100", 8, 16},
                                         SpaceCase{"gpt-1.7b", "dgx-a100", 16, 24},
                                         SpaceCase{"mixtral-8x7b", "dgx-h100", 16, 16},
                                         SpaceCase{"llama2-13b", "tpu-v4", 16, 12}));

// What is given is all there is; what is left out is any that divides.
TEST(Domains, AreGivenOrWhateverDivides) {
  DivisionSpace space = enumerated_space("llama3-8b", "dgx-h100", 12, 18);
  space.virtual_stages.clear();
  space.recompute.clear();
  DivisionDomains domains = domains_of(space, 12);
  const std::vector<std::int64_t> divisors = {1, 2, 3, 4, 6, 12};
  EXPECT_EQ(domains.tensor, divisors);
  EXPECT_EQ(domains.pipeline, divisors);
  EXPECT_EQ(domains.expert, std::vector<std::int64_t>{1});  // it has no experts
  EXPECT_EQ(domains.micro_batch, (std::vector<std::int64_t>{1, 2, 3, 6, 9, 18}));
  EXPECT_EQ(domains.virtual_stages.size(), 34U);  // layers, embedding and output layer
  EXPECT_EQ(domains.zero, (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(domains.recompute.size(), 3U);
  EXPECT_EQ(domains.sequence_parallel, (std::vector<bool>{false, true}));
  EXPECT_EQ(domains.combinations(), 6.0 * 6 * 6 * 1 * 34 * 6 * 4 * 3 * 2);
  space.tensor = {2, 5};
  space.zero = {3};
  domains = domains_of(space, 12);
  EXPECT_EQ(domains.tensor, (std::vector<std::int64_t>{2, 5}));
  EXPECT_EQ(domains.zero, std::vector<std::int64_t>{3});
}

// Names are read as they are written; prices are asked for where the network's cost counts.
TEST(Objectives, AreReadAndWritten) {
  for (const PlanObjective each : {PlanObjective::StepTime, PlanObjective::CostPerToken,
                                   PlanObjective::PerfPerCost, PlanObjective::NetworkCost}) {
    EXPECT_EQ(plan_objective(plan_objective_name(each)), each);
  }
  EXPECT_NE(refused([] { return plan_objective("pain"); }).find("cost-per-token"), std::string::npos);
  EXPECT_FALSE(needs_prices(PlanObjective::StepTime));
  EXPECT_FALSE(needs_prices(PlanObjective::CostPerToken));
  EXPECT_TRUE(needs_prices(PlanObjective::PerfPerCost));
  EXPECT_TRUE(needs_prices(PlanObjective::NetworkCost));
}

// The objective first, then the step; a bound ranks nothing before what it bounds.
TEST(Merits, RankByTheObjectiveThenTheStep) {
  const auto merit = [](PlanObjective objective, double weight, double step_ps) {
    return merit_of(objective, weight, step_ps);
  };
  EXPECT_LT(merit(PlanObjective::StepTime, 1.0, 9.0), merit(PlanObjective::StepTime, 1.0, 10.0));
  // Eight NPUs for 10 against sixteen for 6.
  EXPECT_LT(merit(PlanObjective::CostPerToken, 8.0, 10.0), merit(PlanObjective::CostPerToken, 16.0, 6.0));
  EXPECT_LT(merit(PlanObjective::NetworkCost, 5.0, 100.0), merit(PlanObjective::NetworkCost, 6.0, 1.0));
  EXPECT_LT(merit(PlanObjective::NetworkCost, 5.0, 1.0), merit(PlanObjective::NetworkCost, 5.0, 2.0));
  for (const PlanObjective each :
       {PlanObjective::StepTime, PlanObjective::CostPerToken, PlanObjective::NetworkCost}) {
    for (const double ns : {0.0, 1.0004, 1234.5678}) {
      EXPECT_LE(bound_merit(each, 3.0, ns), merit_of(each, 3.0, std::ceil(ns * 1e3)));
    }
  }
}

// Fewer than were wanted bound nothing; else the last one's merit, weighed by its NPU count.
TEST(Merits, TheLastOneListedIsTheBound) {
  const DivisionSpace space{.job = {}, .npus = {8, 16}, .weights = {2.0, 3.0}};
  RankedDivisions found;
  found.best.push_back({{.data = 16}, 5.0, 0.0, {}});
  const DivisionSearch two{.objective = PlanObjective::PerfPerCost, .best = 2};
  EXPECT_TRUE(std::isinf(last_merit(space, two, found).first));
  const DivisionSearch one{.objective = PlanObjective::PerfPerCost, .best = 1};
  EXPECT_EQ(last_merit(space, one, found), merit_of(PlanObjective::PerfPerCost, 3.0, 5000.0));
}

// Factorisations of the NPUs: their sizes multiply to the count, no dimension is beyond its class's or its
// kinds' limits, the outermost class is in all, and none is listed twice.
TEST(Shapes, AreFactorisationsWithinLimits) {
  const FreeHardware hardware = load_free_hardware("usual");
  for (const std::int64_t npus : {2, 12, 64, 256}) {
    std::set<std::pair<std::vector<int>, std::vector<std::size_t>>> seen;
    for (const ShapeFamily& family : shape_families(hardware, npus, 4, nullptr)) {
      EXPECT_TRUE(seen.insert({family.npus, family.classes}).second);
      std::int64_t product = 1;
      double shapes = 1.0;
      ASSERT_EQ(family.npus.size(), family.classes.size());
      for (std::size_t d = 0; d < family.npus.size(); ++d) {
        product *= family.npus[d];
        const HardwareClass& each = hardware.classes[family.classes[d]];
        EXPECT_GE(family.npus[d], 2);
        if (each.most_npus > 0) {
          EXPECT_LE(family.npus[d], each.most_npus);
        }
        EXPECT_GE(static_cast<int>(family.npus.size()), each.from_dimensions);
        if (d > 0) {
          EXPECT_LT(family.classes[d - 1], family.classes[d]);  // innermost first
        }
        int kinds = 0;
        for (std::size_t k = 0; k < hardware.most_npus.size(); ++k) {
          if ((family.kinds[d] >> k & 1U) == 0) continue;
          ++kinds;
          if (hardware.most_npus[k] > 0) {
            EXPECT_LE(family.npus[d], hardware.most_npus[k]);
          }
        }
        EXPECT_GT(kinds, 0);
        shapes *= kinds;
      }
      EXPECT_EQ(product, npus);
      EXPECT_EQ(family.classes.back(), hardware.classes.size() - 1);
      EXPECT_EQ(family.shapes(), shapes);
      double counted = 0.0;
      for_each_shape(family, [&](const ShapeFamily& shape) {
        ++counted;
        EXPECT_EQ(shape.shapes(), 1.0);
        const Network network = network_of(hardware, shape);
        EXPECT_EQ(network.npus(), npus);
        const ShapeFamily again = family_of(hardware, network, nullptr);
        EXPECT_EQ(again.npus, shape.npus);
        EXPECT_EQ(again.kinds, shape.kinds);
      });
      EXPECT_EQ(counted, shapes);
    }
    EXPECT_FALSE(seen.empty()) << npus;
  }
}

// Orders of groups: those of one NPU are wherever they like, so that three groups have six orders.
TEST(Placements, AreEachOrderOnce) {
  EXPECT_EQ(placements({}).size(), 1U);
  EXPECT_EQ(placements({.tensor = 2}).size(), 1U);
  EXPECT_EQ(placements({.tensor = 2, .data = 2}).size(), 2U);
  EXPECT_EQ(placements({.tensor = 2, .pipeline = 2, .data = 2}).size(), 6U);
  EXPECT_EQ(placements({.tensor = 2, .context = 2, .pipeline = 2, .data = 2}).size(), 24U);
  const Parallelism p{.tensor = 2, .pipeline = 2, .data = 2, .placement = {"PP", "CP", "EP", "DP", "TP"}};
  EXPECT_EQ(placements(p).front(), p.placement);
  std::set<std::vector<std::string>> different;
  for (const auto& order : placements(p)) {
    EXPECT_EQ(std::set<std::string>(order.begin(), order.end()).size(), 5U);
    EXPECT_TRUE(different.insert(order).second);
  }
}

}  // namespace
}  // namespace bandwright
