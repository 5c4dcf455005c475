#include "study/plan/hardware_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/fields.h"
#include "core/io/paths.h"
#include "core/stopping.h"
#include "core/text.h"
#include "cost_model/bill.h"
#include "formats/load.h"
#include "optimizer/constraint_text.h"
#include "plan/hardware/shape_bound.h"
#include "study/job/bandwidths.h"
#include "study/job/built_machine.h"
#include "study/job/division_space.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

std::vector<ShapeFamily> families_of(const HardwareSpace& space, const HardwareWords& words,
                                     const PriceList* prices) {
  const std::int64_t npus = space.divisions.npus.front();
  const std::int64_t dimensions =
      words.dimensions.empty() ? max_free_dimensions
                               : parse_option("--dimensions", words.dimensions, [](std::string_view text) {
                                   return parse_integer(text, 1, max_free_dimensions);
                                 });
  if (words.shapes.empty() || equal_ignoring_case(words.shapes, "any")) {
    std::vector<ShapeFamily> all = shape_families(space.hardware, npus, static_cast<int>(dimensions), prices);
    if (all.empty()) {
      throw InputError(
          fmt::format("--shapes: no network of {} NPUs in up to {} dimensions can be built of {}", npus,
                      dimensions, space.hardware.name));
    }
    return all;
  }
  std::vector<ShapeFamily> all;
  for (const std::string_view word : split(words.shapes, ',')) {
    all.push_back(parse_option("--shapes", trimmed(word), [&](std::string_view text) {
      const Network network = parse_network(text);
      if (network.npus() != npus) {
        throw InputError(fmt::format("{} has {} NPUs, not {}", network.shorthand(), network.npus(), npus));
      }
      return family_of(space.hardware, network, prices);
    }));
  }
  return all;
}

PlannedHardware planned(const HardwareSpace& space, RankedHardware ranked) {
  PlannedHardware one{.ranked = std::move(ranked)};
  one.network = network_of(space.hardware, one.ranked.shape);
  one.machine =
      machine_of(space.hardware, one.ranked.shape, space.divisions.job.machine.npu, one.ranked.gb_per_s);
  TrainingJob job = space.divisions.job;
  job.machine = one.machine;
  job.parallelism = one.ranked.parallelism;
  one.rate = training_rate(job, one.ranked.step_ns);
  one.estimate_ns = estimate(job).step_ns;
  if (missing_prices(one.network, space.prices).empty()) {
    one.network_usd = make_bill(one.network, space.prices, one.ranked.gb_per_s).total().value();
  }
  return one;
}

// What all of the dearest shape costs.
double dearest(const HardwareSpace& space) {
  double most = 0.0;
  for (std::size_t c = 0; c < space.hardware.classes.size(); ++c) {
    double price = 0.0;
    for (const double each : space.unit_usd[c]) price = std::max(price, std::isfinite(each) ? each : 0.0);
    most += price * space.hardware.classes[c].most_gb_per_s;
  }
  return most;
}

// The least a network of that shape costs on which that division's step takes no longer, by halves: the step
// falls with what is spent.
double least_cost(HardwareSpace space, const RankedHardware& ranked, double longest_ns) {
  FreeStep step(space.divisions.job);
  double low = 0.0;
  double high = space.budget;
  for (int k = 0; k < 60 && high - low > 1e-10 * high; ++k) {
    space.budget = 0.5 * (low + high);
    const bool fast = solve_shape(space, ranked.parallelism, ranked.shape, step).step_ns <= longest_ns;
    (fast ? high : low) = space.budget;
  }
  return high;
}

// The cheapest network: the cheapest that the fastest division's own shape can be, until nothing cheaper by a
// millionth is fast enough.
RankedHardwares cheapest_hardware(HardwareSpace space, HardwareSearch search) {
  constexpr double cheaper = 1.0 - 1e-6;
  search.best = 1;
  RankedHardwares best = best_hardware(space, search);
  for (RankedHardwares found = best; !found.best.empty() && !found.interrupted;) {
    best = found;
    space.budget = least_cost(space, found.best[0], search.longest_step_ns);
    FreeStep step(space.divisions.job);
    const SolvedShape solved = solve_shape(space, best.best[0].parallelism, best.best[0].shape, step);
    best.best[0].step_ns = solved.step_ns;
    best.best[0].bound_ns = solved.bound_ns;
    best.best[0].gb_per_s = solved.gb_per_s;
    space.budget *= cheaper;
    found = best_hardware(space, search);
    best.interrupted = found.interrupted;
  }
  return best;
}

}  // namespace

std::string machine_text(const Machine& machine) { return machine_fields().file_text(machine); }

HardwareSpace hardware_space(const HardwareQuestion& question) {
  const HardwareWords& words = question.words;
  Job job = question.job;
  HardwareSpace space;
  space.any_placement = job.placement.empty() || equal_ignoring_case(job.placement, "any");
  if (space.any_placement) job.placement.clear();
  const bool cheapest = question.objective == PlanObjective::NetworkCost;
  if (!cheapest && question.objective != PlanObjective::StepTime) {
    throw InputError("--minimize: expected time or network-cost where a network is bought");
  }
  if (cheapest && question.search.longest_step_ns <= 0.0) {
    throw InputError("--minimize: network-cost of a network that is bought needs --max-step");
  }
  if (job.budget.empty() && !cheapest)
    throw InputError("--budget: expected GB/s per NPU, or dollars as $15M");
  const Budget budget =
      job.budget.empty() ? Budget(Money(1.0)) : parse_option("--budget", job.budget, parse_budget);
  space.dollars = std::holds_alternative<Money>(budget);
  space.budget = space.dollars ? std::get<Money>(budget).value() : std::get<Bandwidth>(budget).value();
  if (space.budget <= 0.0) throw InputError(fmt::format("--budget: '{}' is not above 0", job.budget));
  space.hardware =
      parse_option("--hardware", words.hardware.empty() ? "usual" : words.hardware, load_free_hardware);
  Machine machine{.npu = parse_option("--npu", words.npu, load_npu)};
  machine.name = machine.npu.name;
  for (const HardwareClass& each : space.hardware.classes) machine.dimensions.push_back(each.links);
  space.divisions = division_space(job, load_architecture(job.model), std::move(machine));
  if (space.divisions.npus.size() != 1) throw InputError("--npus: expected a number of NPUs");
  const std::int64_t npus = space.divisions.npus.front();
  if (npus < 2) throw InputError("--npus 1: one NPU has no network to buy");
  space.prices = load_any_prices(word_of(job, &Job::prices));
  space.unit_usd = unit_prices_of(space.hardware, npus, space.prices);
  if (cheapest && question.prove)
    throw InputError("--proof: expected --minimize time where a network is bought");
  if (cheapest && !space.dollars) throw InputError("--budget: expected dollars, as what is minimized");
  if (job.budget.empty()) space.budget = dearest(space);
  space.families = families_of(space, words, space.dollars ? &space.prices : nullptr);
  for (const std::string& text : words.constraints) {
    // Read for itself; each shape reads it again with its own prices.
    static_cast<void>(
        parse_constraint(text, max_free_dimensions, std::vector<double>(max_free_dimensions, 1.0)));
    space.constraints.push_back(text);
  }
  return space;
}

HardwareAnswer plan_hardware(const HardwareQuestion& question, const Watch& watch) {
  HardwareAnswer answer{.space = hardware_space(question), .objective = question.objective};
  HardwareSearch search = question.search;
  search.interrupted = [stop = watch.stop] { return stop.stop_requested(); };
  answer.memory_limit = memory_limit(answer.space.divisions, {.most_memory_bytes = search.most_memory_bytes});
  RankedHardwares found = question.objective == PlanObjective::NetworkCost
                              ? cheapest_hardware(answer.space, search)
                              : best_hardware(answer.space, search);
  if (question.prove && !found.interrupted) {
    try {
      answer.proof = prove_hardware(answer.space, search, found);
    } catch (const Stopped&) {
      found.interrupted = true;
    }
  }
  for (RankedHardware& each : found.best) answer.best.push_back(planned(answer.space, std::move(each)));
  answer.counts = found.counts;
  answer.work = found.work;
  answer.smallest = found.smallest;
  answer.interrupted = found.interrupted;
  if (found.counts.valid == 0 && !found.interrupted) {
    throw InputError("no combination of these choices divides the model, the batch and the NPUs");
  }
  if (answer.best.empty() && found.counts.fit > 0 && search.longest_step_ns > 0.0 && !found.interrupted) {
    search.longest_step_ns = 0.0;
    search.best = 1;
    RankedHardwares any = best_hardware(answer.space, search);
    if (!any.best.empty()) answer.fastest = planned(answer.space, std::move(any.best[0]));
  }
  return answer;
}

}  // namespace bandwright
