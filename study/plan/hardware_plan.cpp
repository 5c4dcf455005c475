#include "study/plan/hardware_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

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

constexpr double hours_of_year = 8766.0;

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
    const double hourly = job.machine.npu.usd_per_hour * static_cast<double>(space.divisions.npus.front());
    if (hourly > 0.0) {
      const double all = hourly + *one.network_usd / (hours_of_year * space.hardware.years);
      one.usd_per_million_tokens = all / 3600.0 / one.rate.tokens_per_s * 1e6;
    }
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

// What is minimized of a network that is bought. Throws InputError for what has no optimum.
FreeGoal goal_of(const HardwareQuestion& question, const HardwareSpace& space) {
  FreeGoal goal{.objective = question.objective};
  if (goal.objective == PlanObjective::StepTime) return goal;
  const bool limited = question.search.longest_step_ns > 0.0;
  if (limited) goal.longest_ns = question.search.longest_step_ns;
  if (goal.objective == PlanObjective::NetworkCost) {
    if (!limited) throw InputError("--minimize: network-cost of a network that is bought needs --max-step");
    if (!space.dollars) throw InputError("--budget: expected dollars, as what is minimized");
  }
  if (goal.objective == PlanObjective::PerfPerCost) {
    if (space.dollars && !limited) {
      throw InputError(
          "--minimize: perf-per-cost within dollars is best with no network at all: give a budget in GB/s, "
          "which is spent, or --max-step");
    }
    if (!space.dollars && limited)
      throw InputError("--max-step: not with perf-per-cost within GB/s, all of which are spent");
    // Less of everything makes the product smaller, until a step takes as long as it may.
    if (space.dollars) goal.objective = PlanObjective::NetworkCost;
  }
  if (goal.objective == PlanObjective::CostPerToken) {
    const Npu& npu = space.divisions.job.machine.npu;
    if (npu.usd_per_hour <= 0.0)
      throw InputError(fmt::format("--minimize: cost-per-token needs the usd_per_hour of {}", npu.name));
    goal.fixed_usd = npu.usd_per_hour * static_cast<double>(space.divisions.npus.front()) * hours_of_year *
                     space.hardware.years;
  }
  return goal;
}

}  // namespace

HardwareSpace part_space(const HardwareSpace& whole, const FrontPart& part) {
  HardwareSpace space = whole;
  space.budget = part.budget;
  space.goal = {};
  if (part.objective == PlanObjective::StepTime) return space;
  space.goal = whole.goal;
  if (part.longest_step_ns > 0.0) space.goal.longest_ns = part.longest_step_ns;
  return space;
}

HardwareSearch part_search(const HardwareSearch& whole, const FrontPart& part) {
  HardwareSearch search = whole;
  search.best = 1;
  search.longest_step_ns = part.longest_step_ns;
  return search;
}

std::string machine_text(const Machine& machine) { return machine_fields().file_text(machine); }

HardwareSpace hardware_space(const HardwareQuestion& question) {
  const HardwareWords& words = question.words;
  Job job = question.job;
  HardwareSpace space;
  space.any_placement = job.placement.empty() || equal_ignoring_case(job.placement, "any");
  if (space.any_placement) job.placement.clear();
  const bool costs = question.objective != PlanObjective::StepTime;
  const bool spends =
      question.objective == PlanObjective::PerfPerCost && question.search.longest_step_ns <= 0.0;
  if (job.budget.empty() && ((!costs && !question.pareto) || spends))
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
  space.goal = goal_of(question, space);
  if (job.budget.empty()) space.budget = dearest(space);
  space.families = families_of(space, words, space.dollars || costs ? &space.prices : nullptr);
  for (const std::string& text : words.constraints) {
    // Read for itself; each shape reads it again with its own prices.
    static_cast<void>(
        parse_constraint(text, max_free_dimensions, std::vector<double>(max_free_dimensions, 1.0)));
    space.constraints.push_back(text);
  }
  const bool product = space.goal.objective == PlanObjective::CostPerToken || space.goal.spends_all();
  if (product && !space.constraints.empty()) {
    throw InputError(
        "--constraint: not with what multiplies time and cost, which may have several optima then (expected "
        "--minimize time or network-cost)");
  }
  return space;
}

namespace {

// The same with no more money than an answer spends: what the fastest divisions cost at least bounds what the
// best ones cost, and as much money makes no step shorter than theirs.
HardwareSpace within_what_is_spent(HardwareSpace space, HardwareSearch search) {
  constexpr int most_rounds = 4;
  constexpr double worthwhile = 0.9;
  const FreeGoal goal = space.goal;
  const bool spends = goal.objective == PlanObjective::StepTime || goal.spends_all();
  if (spends || !space.dollars || !space.constraints.empty()) return space;
  search.longest_step_ns = std::isfinite(goal.longest_ns) ? goal.longest_ns : 0.0;
  for (int round = 0; round < most_rounds; ++round) {
    HardwareSpace timed = space;
    timed.goal = {};
    const RankedHardwares fastest = best_hardware(timed, search);
    if (fastest.interrupted || fastest.best.size() < search.best) return space;
    FreeStep step(space.divisions.job);
    double worst = 0.0;
    for (const RankedHardware& row : fastest.best) {
      worst = std::max(worst, solve_shape(space, row.parallelism, row.shape, step).value);
    }
    const bool product = goal.objective == PlanObjective::CostPerToken;
    const double usd = product ? worst / fastest.best[0].step_ns - goal.fixed_usd : worst;
    const double enough = usd * (1.0 + 1e-4) + 1e-8 * goal.fixed_usd;
    if (!(enough < space.budget) || enough <= 0.0) return space;
    const bool enough_rounds = enough > worthwhile * space.budget;
    space.budget = enough;
    if (enough_rounds) break;
  }
  return space;
}

RankedHardwares best_of(const HardwareSpace& space, const HardwareSearch& search) {
  const HardwareSpace less = within_what_is_spent(space, search);
  RankedHardwares found = best_hardware(less, search);
  const bool too_few = found.best.size() < search.best && less.budget < space.budget && !found.interrupted;
  return too_few ? best_hardware(space, search) : found;
}

double usd_of(const HardwareSpace& space, const RankedHardware& row) {
  const FreeRegion region = region_of(space, row.shape);
  double usd = 0.0;
  for (std::size_t d = 0; d < row.gb_per_s.size(); ++d) usd += region.usd[d] * row.gb_per_s[d];
  return usd;
}

bool as_fast(const FrontPart& part, const FrontPart& other) {
  return part.found.best[0].step_ns <= other.found.best[0].step_ns * (1.0 + 1e-6);
}

// The points of a front, each a question of its own.
class Front {
 public:
  Front(const HardwareQuestion& question, const HardwareSpace& space, const HardwareSearch& search)
      : question_(question), space_(space), search_(search) {}

  std::vector<FrontPart> run() {
    if (question_.objective == PlanObjective::StepTime) {
      by_budget();
    } else {
      by_step();
    }
    return std::move(parts_);
  }

 private:
  // Whether there is such a network, and nobody asked to stop.
  bool add(PlanObjective objective, double budget, double longest_step_ns) {
    FrontPart part{.objective = objective, .budget = budget, .longest_step_ns = longest_step_ns};
    const HardwareSpace space = part_space(space_, part);
    const HardwareSearch search = part_search(search_, part);
    part.found = best_of(space, search);
    const bool found = !part.found.best.empty() && !part.found.interrupted;
    const bool again =
        found && !parts_.empty() && as_fast(part, parts_.back()) &&
        usd_of(space_, part.found.best[0]) >= usd_of(space_, parts_.back().found.best[0]) * (1.0 - 1e-6);
    if (again) return true;  // the same network as before
    if (question_.prove && !part.found.interrupted) {
      try {
        part.proof = prove_hardware(space, search, part.found);
      } catch (const Stopped&) {
        part.found.interrupted = true;
      }
    }
    if (found || parts_.empty() || part.found.interrupted) parts_.push_back(std::move(part));
    return found && !parts_.back().found.interrupted;
  }

  void by_budget() {
    double budget = space_.budget;
    for (std::size_t i = 0; i < search_.best; ++i) {
      if (!add(PlanObjective::StepTime, budget, search_.longest_step_ns)) return;
      budget = 0.5 * std::min(usd_of(space_, parts_.back().found.best[0]), budget);
    }
  }

  void by_step() {
    if (!add(PlanObjective::StepTime, space_.budget, search_.longest_step_ns)) return;
    const double fastest = parts_.back().found.best[0].step_ns;
    double slowest = search_.longest_step_ns;
    if (question_.objective == PlanObjective::CostPerToken) {
      FrontPart cheapest{
          .objective = question_.objective, .budget = space_.budget, .longest_step_ns = slowest};
      cheapest.found = best_of(part_space(space_, cheapest), part_search(search_, cheapest));
      if (cheapest.found.best.empty() || cheapest.found.interrupted) {
        parts_.back().found.interrupted = cheapest.found.interrupted;
        return;
      }
      slowest = cheapest.found.best[0].step_ns;
    }
    const auto steps = static_cast<double>(std::max<std::size_t>(2, search_.best) - 1);
    for (std::size_t i = 1; i < search_.best; ++i) {
      const double share = static_cast<double>(i) / steps;
      const double longest =
          share < 1.0 ? fastest * std::pow(slowest / fastest, share) : slowest;  // to the bit
      if (!add(question_.objective, space_.budget, longest)) return;
    }
  }

  const HardwareQuestion& question_;
  const HardwareSpace& space_;
  const HardwareSearch& search_;
  std::vector<FrontPart> parts_;
};

// All that a front found, as one: but for what the next one, which is cheaper, is as fast as.
RankedHardwares together(const std::vector<FrontPart>& parts) {
  RankedHardwares all = parts.front().found;
  all.best.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const RankedHardwares& found = parts[i].found;
    all.interrupted = all.interrupted || found.interrupted;
    if (found.best.empty()) continue;
    const bool beaten =
        i + 1 < parts.size() && !parts[i + 1].found.best.empty() && as_fast(parts[i + 1], parts[i]);
    if (!beaten) all.best.push_back(found.best[0]);
  }
  return all;
}

void explain(const HardwareQuestion& question, HardwareSearch search, HardwareAnswer& answer) {
  HardwareSpace asked = answer.space;
  narrow(asked.divisions, "--explain", question.explain);
  search.best = 1;
  RankedHardwares found = best_of(asked, search);
  HardwareAnswer::Explained& told = answer.explained.emplace();
  told.asked = question.explain;
  if (!found.best.empty()) told.best = planned(answer.space, std::move(found.best[0]));
  told.smallest = found.smallest;
}

void check_front(const HardwareQuestion& question, const HardwareSpace& space) {
  if (!space.dollars) throw InputError("--pareto: of a network that is bought needs a --budget in dollars");
  if (question.objective == PlanObjective::PerfPerCost) {
    throw InputError(
        "--pareto: of a network that is bought it is of time and dollars: --minimize time, "
        "network-cost or cost-per-token");
  }
}

}  // namespace

HardwareAnswer plan_hardware(const HardwareQuestion& question, const Watch& watch) {
  HardwareAnswer answer{
      .space = hardware_space(question), .objective = question.objective, .pareto = question.pareto};
  HardwareSearch search = question.search;
  search.interrupted = [stop = watch.stop] { return stop.stop_requested(); };
  search.progress = watch.on_search;
  if (question.pareto) check_front(question, answer.space);
  answer.memory_limit = memory_limit(answer.space.divisions, {.most_memory_bytes = search.most_memory_bytes});
  if (question.pareto) answer.parts = Front(question, answer.space, search).run();
  RankedHardwares found = question.pareto ? together(answer.parts) : best_of(answer.space, search);
  if (question.prove && !question.pareto && !found.interrupted) {
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
  if (!question.explain.empty() && !found.interrupted) explain(question, search, answer);
  if (answer.best.empty() && found.counts.fit > 0 && search.longest_step_ns > 0.0 && !found.interrupted) {
    search.longest_step_ns = 0.0;
    search.best = 1;
    HardwareSpace fastest = answer.space;
    fastest.goal = {};
    RankedHardwares any = best_hardware(fastest, search);
    if (!any.best.empty()) answer.fastest = planned(answer.space, std::move(any.best[0]));
  }
  return answer;
}

}  // namespace bandwright
