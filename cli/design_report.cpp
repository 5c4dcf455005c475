#include "cli/design_report.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "cli/bill.h"
#include "cli/memory_fit.h"
#include "cli/money.h"

namespace bandwright {
namespace {

bool in_dollars(const Design& design) { return std::holds_alternative<Money>(design.budget); }

double bytes_sent(const DesignSummary& summary, std::size_t dimension) {
  double bytes = 0.0;
  for (const StepResult& step : summary.steps) bytes += step.dimensions[dimension].bytes;
  return bytes;
}

// Of the dimension's bandwidth over one step of each model.
double utilization(const DesignSummary& summary, std::size_t dimension) {
  const double bytes = bytes_sent(summary, dimension);
  const double ns = std::accumulate(summary.optimum.step_ns.begin(), summary.optimum.step_ns.end(), 0.0);
  return bytes > 0.0 && ns > 0.0 ? bytes / summary.optimum.gb_per_s[dimension] / ns : 0.0;
}

std::string title(const DesignAnswer& answer) {
  const Design& design = answer.design;
  std::string models;
  for (const Model& model : design.models) models += (models.empty() ? "" : ", ") + model.name;
  const auto target = targets()[static_cast<std::size_t>(design.target)].name;
  const bool named = design.network.name != design.network.shorthand();
  return fmt::format("{}{}, {} NPUs\n{}, {}, {}, {}\n", named ? design.network.name + " = " : "",
                     design.network.shorthand(), design.network.npus(), models, design.loop->name, target,
                     budget_text(design));
}

std::string dimension_table(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  const std::vector<double>& b = summary.optimum.gb_per_s;
  const double total = std::accumulate(b.begin(), b.end(), 0.0);
  TextTable table{.headings = {"dimension", "class", "GB/s", "share", "within 1 %", "sends", "busy", "cost"}};
  for (std::size_t d = 0; d < b.size(); ++d) {
    const Dimension& dimension = answer.design.network.dimensions[d];
    const auto& ranges = summary.ranges;
    table.rows.push_back(
        {fmt::format("{} {}({})", d + 1, dimension.kind->name, dimension.npus), dimension.price_class,
         fmt::format("{:.2f}", b[d]), fmt::format("{:.1f} %", 100.0 * b[d] / total),
         ranges.empty() ? ""
                        : fmt::format("{:.2f} to {:.2f}", ranges[d].low_gb_per_s, ranges[d].high_gb_per_s),
         format_bytes(Bytes(std::llround(bytes_sent(summary, d)))),
         fmt::format("{:.1f} %", 100.0 * utilization(summary, d)),
         summary.bill ? format_money(summary.bill->of_dimension(static_cast<int>(d))) : "-"});
  }
  table.rows.push_back({"total", "", fmt::format("{:.2f}", total), "", "", "", "",
                        summary.bill ? format_money(summary.bill->total()) : "-"});
  return aligned(table, 2);
}

std::string faster(double speedup) { return fmt::format("{:.3f} times as fast", speedup); }

// One line per model when there are several, and the headline numbers.
std::string step_times(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  std::string text;
  for (std::size_t m = 0; m < summary.steps.size(); ++m) {
    const double ns = summary.optimum.step_ns[m];
    const double equal = summary.equal.step_ns[m];
    const std::string label = summary.steps.size() == 1 ? "step time" : answer.design.models[m].name;
    const StepResult& step = summary.steps[m];
    text +=
        fmt::format("{:<14} {:.4f} ms: {:.4f} compute, {}{:.4f} waiting; equal split {:.4f} ms: {}\n", label,
                    ns * ms_per_ns, to_ms(step.compute_time),
                    step.bubble > Time(0) ? fmt::format("{:.4f} pipeline bubble, ", to_ms(step.bubble)) : "",
                    to_ms(step.exposed_communication), equal * ms_per_ns, faster(equal / ns));
  }
  if (summary.steps.size() > 1) text += fmt::format("{:<14} {}\n", "group", faster(summary.speedup()));
  if (!summary.equal_violates.empty()) {
    text += fmt::format("{:<14} is not allowed: it breaks {}\n", "equal split",
                        fmt::join(summary.equal_violates, ", "));
  }
  return text;
}

// What the event-driven engine makes of it; one line per model when there are several.
std::string played_lines(const DesignAnswer& answer) {
  std::string text;
  const std::optional<Played>& played = answer.summary.played;
  if (!played) return text;
  for (std::size_t m = 0; m < played->optimum_ns.size(); ++m) {
    const double ns = played->optimum_ns[m];
    const double equal = played->equal_ns[m];
    const bool several = played->optimum_ns.size() > 1;
    text += fmt::format("{:<14} {}{:.4f} ms event by event; equal split {:.4f} ms: {}\n", "played",
                        several ? answer.design.models[m].name + ": " : "", ns * ms_per_ns, equal * ms_per_ns,
                        faster(equal / ns));
  }
  return text;
}

std::string money_lines(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  if (!summary.optimum.cost) {
    const auto missing = missing_prices(answer.design.network, answer.design.prices);
    return fmt::format("{:<14} unknown: no price for {}\n", "cost", fmt::join(missing, ", "));
  }
  std::string text = fmt::format("{:<14} {}; equal split {}\n", "cost", format_money(*summary.optimum.cost),
                                 format_money(*summary.equal.cost));
  const auto perf_per_cost = summary.optimum.perf_per_cost();
  const auto equal = summary.equal.perf_per_cost();
  if (perf_per_cost && equal) {
    text += fmt::format("{:<14} {:.4g} steps/s per $1M; equal split {:.4g}: {:.3f} times as much\n",
                        "perf per cost", *perf_per_cost, *equal, *perf_per_cost / *equal);
  }
  return text;
}

std::string certificate(const DesignAnswer& answer) {
  const Summary& solution = answer.summary.solution;
  const ObjectiveUnit unit = objective_unit(answer.design);
  std::string text =
      fmt::format("{:<14} no allocation is below {:.7g} {}: at most {:.1e} better than this one\n", "proved",
                  solution.lower_bound * unit.factor, unit.name, std::max(0.0, solution.gap()));
  for (const NarrowGroup& group : answer.summary.narrow) {
    const Dimension& whole = answer.design.network.dimensions[static_cast<std::size_t>(group.part.dimension)];
    text += fmt::format(
        "{:<14} {}, {} of the {} NPUs of dimension {}, has all of its bandwidth, as in the paper; "
        "--own-links: "
        "{:.3g}\n",
        "assumed", group.name, group.part.npus, whole.npus, group.part.dimension + 1, group.part.share);
  }
  if (!answer.holds_for.empty()) text += fmt::format("{:<14} {}\n", "holds for", answer.holds_for);
  if (solution.status == Status::Interrupted)
    text += fmt::format("{:<14} interrupted: the best so far\n", "status");
  if (solution.status == Status::IterationLimit) {
    text += fmt::format("{:<14} stopped at its iteration limit: the best so far\n", "status");
  }
  text += fmt::format("{:<14} {}, {} iterations, {:.2f} ms\n", "solver", answer.solver,
                      solution.trace.empty() ? 0 : solution.trace.back().number, answer.summary.solve_ms);
  for (std::size_t i = 0; i < solution.shadow_prices.size(); ++i) {
    const ShadowPrice& price = solution.shadow_prices[i];
    if (price.per_unit == 0.0) continue;
    const bool money = i == 0 && in_dollars(answer.design);
    const double value = price.per_unit * unit.factor * (money ? 1e6 : 1.0);
    text += fmt::format("{:<14} one more {} in '{}' {} {:.4g} {}\n", "worth", money ? "$1M" : "GB/s",
                        price.constraint, value > 0 ? "saves" : "costs", std::abs(value), unit.name);
  }
  return text;
}

std::string list_of(const std::vector<double>& gb_per_s) {
  std::string text;
  for (const double b : gb_per_s) text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", b);
  return text;
}

std::string comparisons(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  std::string text;
  if (summary.in_steps) {
    text += fmt::format("{:<14} of {:g} GB/s: {}; {:.4f} ms, {:.3g} % worse than the optimum above\n",
                        "in steps", answer.step_gb_per_s, list_of(summary.in_steps->gb_per_s),
                        summary.in_steps->weighted_ns * ms_per_ns, 100.0 * summary.stepped->loss);
  } else if (summary.stepped) {
    text += fmt::format("{:<14} no multiples of {:g} GB/s satisfy the constraints\n", "in steps",
                        answer.step_gb_per_s);
  }
  if (summary.scaled) {
    text += fmt::format("{:<14} the shares that are best at 100 GB/s, {}: {:.4g} % more {}\n", "kept instead",
                        list_of(summary.scaled->gb_per_s), 100.0 * summary.scaling_loss(),
                        objective_unit(answer.design).name);
  }
  return text;
}

}  // namespace

ObjectiveUnit objective_unit(const Design& design) {
  const bool times_cost = design.target == Target::PerfPerCost && !in_dollars(design);
  if (design.normalize) return {times_cost ? "equal-split times*$" : "equal-split times", 1.0};
  return {times_cost ? "ms*$" : "ms", ms_per_ns};
}

std::string budget_text(const Design& design) {
  if (const auto* money = std::get_if<Money>(&design.budget)) return format_money(*money);
  return fmt::format("{:g} GB/s per NPU", std::get<Bandwidth>(design.budget).value());
}

std::string infeasible_text(const DesignAnswer& answer) {
  std::string names;
  for (const std::string& name : answer.summary.solution.conflict) {
    const bool budget = name == answer.summary.problem.constraints.front().name;
    names += (names.empty() ? "" : "; ") + (budget ? "budget of " + budget_text(answer.design) : name);
  }
  return fmt::format("no allocation satisfies together: {}", names);
}

std::string design_text(const DesignAnswer& answer) {
  std::string memory;
  for (const auto& [model, fit] : answer.memory) {
    const std::string of = answer.memory.size() > 1 ? model + ": " : "";
    memory += fmt::format("{:<14} {}{}\n", "memory", of, need_text(fit));
  }
  return title(answer) + '\n' + dimension_table(answer) + '\n' + step_times(answer) + memory +
         money_lines(answer) + certificate(answer) + played_lines(answer) + comparisons(answer);
}

}  // namespace bandwright
