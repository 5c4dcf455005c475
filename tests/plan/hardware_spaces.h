#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "optimizer/problem.h"
#include "plan/hardware/free_step.h"
#include "plan/hardware/hardware_space.h"
#include "plan/hardware/together.h"
#include "training/memory_bill.h"

namespace bandwright {

// Networks that can be bought for a model on the NPUs of a machine.
inline HardwareSpace hardware_space(const std::string& model, const std::string& npu_machine,
                                    std::int64_t npus, std::int64_t global_batch, double budget, bool dollars,
                                    int dimensions = 4) {
  HardwareSpace space;
  space.hardware = load_free_hardware("usual");
  space.divisions = {.job = {.model = load_architecture(model), .machine = load_machine(npu_machine)},
                     .npus = {npus}};
  space.divisions.job.parallelism.global_batch = global_batch;
  space.prices = load_price_list("artifact");
  space.unit_usd = unit_prices_of(space.hardware, npus, space.prices);
  space.dollars = dollars;
  space.budget = budget;
  space.families = shape_families(space.hardware, npus, dimensions, dollars ? &space.prices : nullptr);
  return space;
}

// Narrower, so that all of it can be solved.
inline void narrow(HardwareSpace& space) {
  space.divisions.micro_batch = {1, 2};
  space.divisions.recompute = {Recomputation::None, Recomputation::Full};
  space.divisions.virtual_stages = {1, 2};
}

// Every division that fits into memory, in the order of the space.
inline std::vector<Parallelism> fitting_divisions(const HardwareSpace& space) {
  const std::int64_t npus = space.divisions.npus[0];
  const DivisionDomains domains = domains_of(space.divisions, npus);
  std::vector<Parallelism> all;
  for (const GroupSizes& sizes : group_sizes(space.divisions, domains, flat_network(npus))) {
    for_each_division(space.divisions, domains, sizes, npus, [&](const Parallelism& p) {
      if (memory_bill(space.divisions.job.model, p).total() <= memory_limit(space.divisions, {}))
        all.push_back(p);
    });
  }
  return all;
}

// The least time of a step within a region, as the optimizer is asked for it.
inline Problem problem_of(const FreeRegion& region, FreeStep& step) {
  Problem problem;
  problem.dimensions = region.dimensions;
  problem.step_times.push_back({1.0, [&step, n = region.dimensions](std::span<const double> b) {
                                  const PathTime time = step.at(b);
                                  Cut cut{.constant_ns = time.constant_ns(b)};
                                  for (int d = 0; d < n; ++d) {
                                    const double bytes = time.bytes[static_cast<std::size_t>(d)];
                                    if (bytes > 0.0) cut.loads.push_back({only_dimension(d), bytes});
                                  }
                                  return cut;
                                }});
  Constraint budget{"budget", {}, Sense::AtMost, region.total};
  budget.coefficients.assign(region.price.begin(), region.price.begin() + region.dimensions);
  problem.price = budget.coefficients;
  problem.constraints.push_back(budget);
  for (int d = 0; d < region.dimensions; ++d) {
    problem.constraints.push_back(at_most(region.dimensions, d, region.most[static_cast<std::size_t>(d)]));
  }
  return problem;
}

}  // namespace bandwright
