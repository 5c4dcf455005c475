#include "study/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/stopping.h"
#include "network/link_classes.h"
#include "optimizer/constraint_text.h"
#include "simulator/simulate.h"

namespace bandwright {
namespace {

constexpr double published_gb_per_s = 100.0;  // the budget of the artifact's own optimisations

std::vector<double> equal_split(const Design& design, const std::vector<double>& price) {
  const std::size_t dimensions = size_of(design);
  double total = 0.0;
  if (const auto* bandwidth = std::get_if<Bandwidth>(&design.budget)) {
    total = bandwidth->value();
  } else {
    const double price_of_all = std::accumulate(price.begin(), price.end(), 0.0);
    total = std::get<Money>(design.budget).value() / price_of_all * static_cast<double>(dimensions);
  }
  return std::vector<double>(dimensions, total / static_cast<double>(dimensions));
}

std::vector<double> weights_of(const Design& design) {
  if (design.weights.empty()) return std::vector<double>(design.models.size(), 1.0);
  if (design.weights.size() != design.models.size()) {
    throw InputError(fmt::format("{} weights for {} models", design.weights.size(), design.models.size()));
  }
  for (const double weight : design.weights) {
    if (!(weight > 0.0 && weight <= 1e9)) {
      throw InputError(fmt::format("a weight of {}, expected a number above 0 and up to 1e9", weight));
    }
  }
  return design.weights;
}

// Empty when a price is missing and nothing needs it.
std::vector<double> prices_of(const Design& design) {
  const bool needed = design.target == Target::PerfPerCost || std::holds_alternative<Money>(design.budget);
  if (design.built) return class_prices(*design.built, design.prices, needed);
  if (!needed && !missing_prices(design.network, design.prices).empty()) return {};
  return unit_prices(design.network, design.prices);
}

void add_constraints(const Design& design, Problem& problem) {
  if (const auto* bandwidth = std::get_if<Bandwidth>(&design.budget)) {
    problem.constraints.push_back(total_budget(problem.dimensions, bandwidth->value()));
  } else {
    problem.constraints.push_back(dollar_budget(problem, std::get<Money>(design.budget).value()));
  }
  for (const std::string& text : design.constraints) {
    problem.constraints.push_back(parse_constraint(text, problem.dimensions, problem.price));
  }
}

std::vector<std::string> violated(const Problem& problem, const std::vector<double>& gb_per_s) {
  std::vector<std::string> names;
  for (const Constraint& constraint : problem.constraints) {
    double value = 0.0;
    double scale = std::abs(constraint.bound);
    for (std::size_t d = 0; d < gb_per_s.size(); ++d) {
      value += constraint.coefficients[d] * gb_per_s[d];
      scale = std::max(scale, std::abs(constraint.coefficients[d] * gb_per_s[d]));
    }
    const double above = (value - constraint.bound) / (scale > 0.0 ? scale : 1.0);
    constexpr double rounding = 1e-9;
    const bool kept = constraint.sense == Sense::AtMost    ? above <= rounding
                      : constraint.sense == Sense::AtLeast ? above >= -rounding
                                                           : std::abs(above) <= rounding;
    if (!kept) names.push_back(constraint.name);
  }
  return names;
}

Summary timed_solve(const Problem& problem, const DesignOptions& options, double& ms) {
  const Solver& solver = options.solver != nullptr ? *options.solver : solvers().front();
  const auto start = std::chrono::steady_clock::now();
  Summary summary = optimize(problem, options.solver_options, solver);
  ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

// The artifact's published allocations: the optimum at 100 GB/s, its shares kept at every other budget.
std::optional<Allocation> scaled_linearly(const Design& design, const BoundDesign& bound) {
  const auto* budget = std::get_if<Bandwidth>(&design.budget);
  const bool published = budget != nullptr && bound.problem.target == Target::PerfPerCost &&
                         design.constraints.empty() && budget->value() != published_gb_per_s && !design.built;
  if (!published) return std::nullopt;
  Problem small = bound.problem;
  small.constraints = {total_budget(small.dimensions, published_gb_per_s)};
  std::vector<double> gb_per_s = optimize(small).gb_per_s;
  for (double& b : gb_per_s) b *= budget->value() / published_gb_per_s;
  return evaluate(bound, gb_per_s);
}

// Adds the groups whose own links carry less than they are given.
void note_narrow(const std::vector<Group>& given, const Network& network, std::vector<NarrowGroup>& narrow) {
  std::vector<Group> own = given;
  use_own_links(own, network);
  for (std::size_t g = 0; g < own.size(); ++g) {
    for (std::size_t i = 0; i < own[g].dimensions.size(); ++i) {
      const GroupDimension& part = own[g].dimensions[i];
      if (part.share < given[g].dimensions[i].share) narrow.push_back({own[g].name, part});
    }
  }
}

Step step_of(const Design& design, std::size_t model) {
  if (!design.steps.empty()) return design.steps[model];
  return build_step(design.models[model], design.network, *design.loop, design.loop_options);
}

// A machine's own constants say what its groups reach.
bool has_constants(const Step& step) { return !step.wire_efficiency.empty(); }

ClosedForm step_form(const Design& design, std::size_t model, BoundDesign& bound) {
  Step step = step_of(design, model);
  if (design.built) {
    GraphForms forms = graph_forms(*design.built, step, design.network, design.library);
    bound.any_routes.push_back(std::move(forms.any_routes));
    return std::move(forms.routed);
  }
  if (!has_constants(step)) {
    if (design.own_links) use_own_links(step.groups, design.network);
    note_narrow(step.groups, design.network, bound.narrow);
  }
  return {step, design.network, design.library.all_alike()};
}

std::optional<Played> play_built(const Design& design, const DesignSummary& summary) {
  Played result;
  for (std::size_t m = 0; m < design.models.size(); ++m) {
    const Step step = step_of(design, m);
    const auto step_ns = [&](const Allocation& allocation) {
      return played_ns(*design.built, step, design.network, design.library, allocation.gb_per_s);
    };
    const std::optional<double> optimum = step_ns(summary.optimum);
    const std::optional<double> equal = optimum ? step_ns(summary.equal) : std::nullopt;
    if (!equal) return std::nullopt;
    result.optimum_ns.push_back(*optimum);
    result.equal_ns.push_back(*equal);
  }
  return result;
}

// The least objective of steps that take as long as the narrowest cut.
std::optional<double> bound_of_any_routes(const BoundDesign& bound, const std::stop_token& stop) {
  if (bound.any_routes.empty()) return std::nullopt;
  Problem problem = bound.problem;
  for (std::size_t m = 0; m < bound.any_routes.size(); ++m) {
    problem.step_times[m].cut = [&form = bound.any_routes[m]](std::span<const double> b) {
      return form.cut(b);
    };
  }
  const Summary summary = optimize(problem, {.stop = stop});
  if (!std::isfinite(summary.lower_bound)) return std::nullopt;
  return summary.lower_bound;
}

std::optional<Played> play(const Design& design, const DesignSummary& summary) {
  if (design.built) return play_built(design, summary);
  constexpr std::size_t most_operations = 10'000;  // some ten milliseconds
  if (!design.library.symmetric()) return std::nullopt;
  Library library = design.library;
  library.network = NetworkModel::Ports;  // where one NPU stands for all
  const double unit = library.unit_gb_per_s();
  Played result;
  for (std::size_t m = 0; m < design.models.size(); ++m) {
    Step step = step_of(design, m);
    if (has_constants(step) || step.operations.size() > most_operations) return std::nullopt;
    use_own_links(step.groups, design.network);
    const Time after = step.operations.size() == 1 ? library.after_lone_collective : library.after_collective;
    const auto step_ns = [&](const Allocation& allocation) {
      std::vector<double> in_unit = allocation.gb_per_s;
      for (double& b : in_unit) b /= unit;
      const Scenario scenario{step, design.network, library, in_unit, after};
      return to_ns(simulate(scenario, Fidelity::Folded).step_time);
    };
    result.optimum_ns.push_back(step_ns(summary.optimum));
    result.equal_ns.push_back(step_ns(summary.equal));
  }
  return result;
}

}  // namespace

std::span<const TargetInfo> targets() {
  static constexpr std::array all = {
      TargetInfo{Target::Perf, "Perf", "the shortest step time"},
      TargetInfo{Target::PerfPerCost, "PerfPerCost", "the smallest product of step time and network cost"}};
  return all;
}

std::optional<double> Allocation::perf_per_cost() const {
  if (!cost || cost->value() <= 0.0) return std::nullopt;
  return 1.0 / (weighted_ns * 1e-9) / (cost->value() * 1e-6);
}

Allocation evaluate(const BoundDesign& bound, const std::vector<double>& gb_per_s) {
  Allocation allocation{.gb_per_s = gb_per_s};
  for (std::size_t m = 0; m < bound.step_times.size(); ++m) {
    allocation.step_ns.push_back(bound.step_times[m].step_time_ns(gb_per_s));
    allocation.weighted_ns += bound.weights[m] * allocation.step_ns.back();
    allocation.step_time += bound.problem.step_times[m].weight * allocation.step_ns.back();
  }
  if (!bound.problem.price.empty()) allocation.cost = Money(cost(bound.problem, gb_per_s));
  return allocation;
}

double DesignSummary::scaling_loss() const {
  return scaled->step_time * scaled->cost->value() / (optimum.step_time * optimum.cost->value()) - 1.0;
}

std::size_t size_of(const Design& design) {
  return static_cast<std::size_t>(design.built ? design.built->classes() : design.network.size());
}

BoundDesign bind_design(const Design& design) {
  BoundDesign bound;
  Problem& problem = bound.problem;
  problem.dimensions = static_cast<int>(size_of(design));
  problem.price = prices_of(design);
  const bool in_dollars = std::holds_alternative<Money>(design.budget);
  problem.target = in_dollars ? Target::Perf : design.target;
  add_constraints(design, problem);
  bound.equal_split = equal_split(design, problem.price);
  bound.weights = weights_of(design);
  for (std::size_t m = 0; m < design.models.size(); ++m) {
    ClosedForm step = step_form(design, m, bound);
    const double unit = design.normalize ? step.step_time_ns(bound.equal_split) : 1.0;
    problem.step_times.push_back(
        {bound.weights[m] / unit, [step](std::span<const double> b) { return step.cut(b); }});
    bound.step_times.push_back(std::move(step));
  }
  return bound;
}

DesignSummary solve(const Design& design, const DesignOptions& options) {
  const BoundDesign bound = bind_design(design);
  DesignSummary summary{.problem = bound.problem, .narrow = bound.narrow};
  summary.solution = timed_solve(bound.problem, options, summary.solve_ms);
  if (summary.solution.status == Status::Infeasible) return summary;
  summary.optimum = evaluate(bound, summary.solution.gb_per_s);
  summary.equal = evaluate(bound, bound.equal_split);
  summary.equal_violates = violated(bound.problem, bound.equal_split);
  for (const ClosedForm& form : bound.step_times) {
    summary.steps.push_back(form.evaluate(summary.optimum.gb_per_s));
  }
  if (design.built) {
    summary.any_routes_bound = bound_of_any_routes(bound, options.solver_options.stop);
    summary.as_built = evaluate(bound, class_gb_per_s(design.built->built.graph));
  }
  if (!bound.problem.price.empty() && !design.built) {
    summary.bill = make_bill(design.network, design.prices, summary.optimum.gb_per_s);
  }
  if (options.ranges) summary.ranges = ranges_within(bound.problem, summary.solution);
  if (options.step_gb_per_s > 0.0) {
    summary.stepped =
        optimize_in_steps(bound.problem, summary.solution, options.step_gb_per_s, options.solver_options);
    if (summary.stepped->status != Status::Infeasible) {
      summary.in_steps = evaluate(bound, summary.stepped->gb_per_s);
    }
  }
  summary.scaled = scaled_linearly(design, bound);
  if (!options.play) return summary;
  try {
    summary.played = play(design, summary);
  } catch (const Stopped&) {  // the allocation is there
  }
  return summary;
}

}  // namespace bandwright
