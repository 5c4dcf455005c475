#include "answers/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "answers/bill.h"
#include "answers/built/link_classes.h"
#include "answers/charts/division.h"
#include "answers/memory_fit.h"
#include "report/unit.h"

namespace bandwright {
namespace {

constexpr std::array<std::string_view, 4> status_names = {"optimal", "infeasible", "iteration-limit",
                                                          "interrupted"};

bool in_dollars(const Design& design) { return std::holds_alternative<Money>(design.budget); }

std::string seconds_text(double ns) { return quantity(ns / 1e9, Unit::Seconds, 6); }

std::string faster(double speedup) { return fmt::format("{:.3f} times as fast", speedup); }

std::string budget_text(const Design& design) {
  if (const auto* money = std::get_if<Money>(&design.budget)) return quantity(money->value(), Unit::Usd);
  return fmt::format("{:g} GB/s per NPU", std::get<Bandwidth>(design.budget).value());
}

std::string_view target_name(const Design& design) {
  return targets()[static_cast<std::size_t>(design.target)].name;
}

std::string models_text(const Design& design) {
  std::string text;
  for (const Model& model : design.models) text += (text.empty() ? "" : ", ") + model.name;
  return text;
}

std::string list_text(const std::vector<double>& gb_per_s) {
  std::string text;
  for (const double b : gb_per_s) text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", b);
  return text;
}

// An objective in its own unit, as seconds where it is those alone.
std::string objective_text(double value, const ObjectiveUnit& unit) {
  if (unit.name == "s") return quantity(value * unit.factor, Unit::Seconds, 7);
  return fmt::format("{:.7g} {}", value * unit.factor, unit.name);
}

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

std::string title_of(const Design& design) {
  if (design.built) return fmt::format("{}, {} NPUs", design.built->built.graph.name, design.network.npus());
  const bool named = design.network.name != design.network.shorthand();
  return fmt::format("{}{}, {} NPUs", named ? design.network.name + " = " : "", design.network.shorthand(),
                     design.network.npus());
}

Verdict verdict_of(const DesignAnswer& answer) {
  const Summary& solution = answer.summary.solution;
  for (const auto& [model, fit] : answer.memory) {
    if (fit.fits()) continue;
    Verdict verdict = fit_verdict(fit);
    if (answer.design.models.size() > 1) verdict.text = model + " " + verdict.text;
    return verdict;
  }
  std::string text = fmt::format("{} as an equal split", faster(answer.summary.speedup()));
  if (solution.status == Status::Interrupted) return {text + "; interrupted: the best so far"};
  if (solution.status == Status::IterationLimit)
    return {text + "; stopped at its iteration limit: the best so far"};
  if (!std::isfinite(solution.lower_bound)) return {text};
  return {text + fmt::format("; proved: none is more than {:.1e} better", std::max(0.0, solution.gap())),
          Verdict::Mood::Good};
}

void add_question(const DesignAnswer& answer, Document& document) {
  const Design& design = answer.design;
  document.line("", fmt::format("{}, {}, {}, {}", models_text(design), design.loop->name, target_name(design),
                                budget_text(design)));
  document.data("network", design.built ? design.built->built.graph.name : design.network.shorthand())
      .data("machine", answer.machine.empty() ? Value() : Value(answer.machine))
      .data("npus", design.network.npus())
      .data("target", target_name(design))
      .data("loop", design.loop->name == step_without_loop ? Value() : Value(design.loop->name))
      .data("library", design.library.name);
  if (const auto* money = std::get_if<Money>(&design.budget)) {
    document.data("budget_usd", *money);
  } else {
    document.data("budget_gb_per_s", std::get<Bandwidth>(design.budget));
  }
}

Table dimensions_of(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  const std::vector<double>& b = summary.optimum.gb_per_s;
  const double total = std::accumulate(b.begin(), b.end(), 0.0);
  Table table = Table::of("per_dimension");
  table.main = true;
  add_dimension_columns(table);
  table.column("price_class", "class").column("bandwidth_gb_per_s", "GB/s").column("share");
  table.column("value", "within 1 %", Shown::ToPeople);
  table.column("low_gb_per_s", "", Shown::ToPrograms).column("high_gb_per_s", "", Shown::ToPrograms);
  table.column("sent_bytes").column("utilization").column("cost_usd");
  for (std::size_t d = 0; d < b.size(); ++d) {
    std::vector<Value> row = dimension_cells(answer.design.network, d);
    const Range* range = summary.ranges.empty() ? nullptr : &summary.ranges[d];
    row.insert(
        row.end(),
        {answer.design.network.dimensions[d].price_class, b[d], b[d] / total,
         range ? Value(fmt::format("{:.2f} to {:.2f}", range->low_gb_per_s, range->high_gb_per_s)) : Value(),
         range ? Value(range->low_gb_per_s) : Value(), range ? Value(range->high_gb_per_s) : Value(),
         std::llround(bytes_sent(summary, d)), utilization(summary, d),
         summary.bill ? Value(summary.bill->of_dimension(static_cast<int>(d))) : Value()});
    table.rows.push_back(std::move(row));
  }
  table.total = std::vector<Value>(table.columns.size());
  table.total[0] = "total";
  table.total[5] = total;
  if (summary.bill) table.total.back() = summary.bill->total();
  return table;
}

// What the steps come to, a line per model for people.
void add_steps(const DesignAnswer& answer, Document& document) {
  const DesignSummary& summary = answer.summary;
  document.data("bandwidth_gb_per_s", summary.optimum.gb_per_s)
      .data("step_time_s", summary.optimum.weighted_ns / 1e9)
      .data("equal_step_time_s", summary.equal.weighted_ns / 1e9)
      .data("speedup", summary.speedup());
  for (std::size_t m = 0; m < summary.steps.size(); ++m) {
    const double ns = summary.optimum.step_ns[m];
    const double equal = summary.equal.step_ns[m];
    const StepResult& step = summary.steps[m];
    const std::string bubble =
        step.bubble > Time(0) ? seconds_text(to_ns(step.bubble)) + " pipeline bubble, " : std::string();
    document.line(summary.steps.size() == 1 ? "step time" : answer.design.models[m].name,
                  fmt::format("{}: {} compute, {}{} waiting; equal split {}: {}", seconds_text(ns),
                              seconds_text(to_ns(step.compute_time)), bubble,
                              seconds_text(to_ns(step.exposed_communication)), seconds_text(equal),
                              faster(equal / ns)));
  }
  if (summary.steps.size() > 1) document.line("group", faster(summary.speedup()));
  document.data("equal_violates", summary.equal_violates);
  if (!summary.equal_violates.empty()) {
    document.line("equal split",
                  fmt::format("is not allowed: it breaks {}", fmt::join(summary.equal_violates, ", ")));
  }
}

// Of one model beside everything else, of a group with each model.
void add_memory(const DesignAnswer& answer, Document& document) {
  const bool alone = answer.design.models.size() == 1;
  for (const auto& [model, fit] : answer.memory) {
    document.line("memory", (alone ? "" : model + ": ") + fit_verdict(fit).text);
    if (alone) add_fit(document, fit);
  }
  if (alone || answer.memory.empty()) return;
  const bool fits = std::all_of(answer.memory.begin(), answer.memory.end(),
                                [](const NamedFit& each) { return each.fit.fits(); });
  document.data("fits", fits);
}

Table memory_of_models(const DesignAnswer& answer) {
  Table table = Table::of("memory");
  table.shown = Shown::ToPrograms;
  table.column("model").column("fits").column("memory_bytes").column("memory_capacity_bytes");
  table.column("would_fit_with");
  for (const auto& [model, fit] : answer.memory) {
    table.rows.push_back({model, fit.fits(), fit.memory.total(), fit.memory_capacity,
                          fit.remedy.empty() ? Value() : Value(fit.remedy)});
  }
  return table;
}

Table models_table(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  Table table = Table::of("models");
  table.shown = Shown::ToPrograms;
  for (const char* key : {"model", "step_time_s", "compute_time_s", "bubble_s", "exposed_communication_s",
                          "equal_step_time_s", "speedup", "event_step_time_s", "equal_event_step_time_s"}) {
    table.column(key);
  }
  for (std::size_t m = 0; m < summary.steps.size(); ++m) {
    const StepResult& step = summary.steps[m];
    const double ns = summary.optimum.step_ns[m];
    table.rows.push_back({answer.design.models[m].name, ns / 1e9, step.compute_time, step.bubble,
                          step.exposed_communication, summary.equal.step_ns[m] / 1e9,
                          summary.equal.step_ns[m] / ns,
                          summary.played ? Value(summary.played->optimum_ns[m] / 1e9) : Value(),
                          summary.played ? Value(summary.played->equal_ns[m] / 1e9) : Value()});
  }
  return table;
}

void add_money(const DesignAnswer& answer, Document& document) {
  const DesignSummary& summary = answer.summary;
  const auto perf = summary.optimum.perf_per_cost();
  const auto equal = summary.equal.perf_per_cost();
  document.data("cost_usd", summary.optimum.cost)
      .data("equal_cost_usd", summary.equal.cost)
      .data("steps_per_s_per_million_usd", perf)
      .data("equal_steps_per_s_per_million_usd", equal);
  if (!summary.optimum.cost) {
    if (answer.design.built) {
      document.line("cost", "unknown: the price list lacks a class of links");
      return;
    }
    const auto missing = missing_prices(answer.design.network, answer.design.prices);
    document.line("cost", fmt::format("unknown: no price for {}", fmt::join(missing, ", ")));
    return;
  }
  document.line("cost", fmt::format("{}; equal split {}", quantity(summary.optimum.cost->value(), Unit::Usd),
                                    quantity(summary.equal.cost->value(), Unit::Usd)));
  if (perf && equal) {
    document.line("perf per cost",
                  fmt::format("{:.4g} steps/s per $1M; equal split {:.4g}: {:.3f} times as much", *perf,
                              *equal, *perf / *equal));
  }
}

std::string assumption_text(const DesignAnswer& answer, const NarrowGroup& group) {
  const Dimension& whole = answer.design.network.dimensions[static_cast<std::size_t>(group.part.dimension)];
  return fmt::format(
      "{}, {} of the {} NPUs of dimension {}, has all of its bandwidth, as in the paper; --own-links: {:.3g}",
      group.name, group.part.npus, whole.npus, group.part.dimension + 1, group.part.share);
}

void add_proof(const DesignAnswer& answer, Document& document) {
  const Summary& solution = answer.summary.solution;
  const ObjectiveUnit unit = objective_unit(answer.design);
  const bool bounded = std::isfinite(solution.lower_bound);
  document.data("objective", solution.objective * unit.factor)
      .data("objective_unit", unit.name)
      .data("lower_bound", bounded ? Value(solution.lower_bound * unit.factor) : Value())
      .data("gap", bounded ? Value(solution.gap()) : Value())
      .data("status", status_names[static_cast<std::size_t>(solution.status)]);
  if (bounded) {
    document.line("proved",
                  fmt::format("no allocation is below {}: at most {:.1e} better than this one",
                              objective_text(solution.lower_bound, unit), std::max(0.0, solution.gap())));
  }
  std::vector<std::string> assumed;
  for (const NarrowGroup& group : answer.summary.narrow) assumed.push_back(assumption_text(answer, group));
  for (const std::string& text : assumed) document.line("assumed", text);
  document.data("assumptions", assumed);
  if (!answer.holds_for.empty()) document.fact("holds_for", answer.holds_for);
}

void add_solver(const DesignAnswer& answer, bool timing, Document& document) {
  const Summary& solution = answer.summary.solution;
  const int iterations = solution.trace.empty() ? 0 : solution.trace.back().number;
  document.fact("solver", answer.solver, fmt::format("{}, {} iterations", answer.solver, iterations));
  document.data("iterations", iterations);
  if (timing) document.fact("solve_time_s", answer.summary.solve_ms / 1e3);
}

Table shadow_prices(const DesignAnswer& answer, Document& document) {
  const Summary& solution = answer.summary.solution;
  const ObjectiveUnit unit = objective_unit(answer.design);
  Table table = Table::of("shadow_prices");
  table.shown = Shown::ToPrograms;
  table.column("constraint").column("saves").column("saves_unit");
  for (std::size_t i = 0; i < solution.shadow_prices.size(); ++i) {
    const ShadowPrice& price = solution.shadow_prices[i];
    const bool money = i == 0 && in_dollars(answer.design);
    table.rows.push_back(
        {price.constraint, price.per_unit * unit.factor, unit.name + (money ? " per $" : " per GB/s")});
    if (price.per_unit == 0.0) continue;
    const double value = price.per_unit * (money ? 1e6 : 1.0);
    const std::string amount = unit.name == "s"
                                   ? quantity(std::abs(value) * unit.factor, Unit::Seconds)
                                   : fmt::format("{:.4g} {}", std::abs(value) * unit.factor, unit.name);
    document.line("worth", fmt::format("one more {} in '{}' {} {}", money ? "$1M" : "GB/s", price.constraint,
                                       value > 0 ? "saves" : "costs", amount));
  }
  return table;
}

// What the event-driven engine makes of it; one line per model when there are several.
void add_played(const DesignAnswer& answer, Document& document) {
  const std::optional<Played>& played = answer.summary.played;
  if (!played) return;
  for (std::size_t m = 0; m < played->optimum_ns.size(); ++m) {
    const double ns = played->optimum_ns[m];
    const double equal = played->equal_ns[m];
    const std::string name =
        played->optimum_ns.size() > 1 ? answer.design.models[m].name + ": " : std::string();
    document.line("played", fmt::format("{}{} event by event; equal split {}: {}", name, seconds_text(ns),
                                        seconds_text(equal), faster(equal / ns)));
  }
}

// An allocation as an object of its own, with its line for people.
void add_allocation(std::string_view key, const Allocation& allocation, double loss, std::string_view label,
                    const std::string& words, Document& document) {
  Facts facts = Facts::of(key);
  facts.line(std::string(label), words);
  facts.data("bandwidth_gb_per_s", allocation.gb_per_s)
      .data("step_time_s", allocation.weighted_ns / 1e9)
      .data("cost_usd", allocation.cost)
      .data("steps_per_s_per_million_usd", allocation.perf_per_cost())
      .data("loss", loss);
  document.add(std::move(facts));
}

void add_alternatives(const DesignAnswer& answer, Document& document) {
  const DesignSummary& summary = answer.summary;
  if (summary.stepped) document.data("step_gb_per_s", answer.step_gb_per_s);
  if (summary.in_steps) {
    add_allocation("in_steps", *summary.in_steps, summary.stepped->loss, "in steps",
                   fmt::format("of {:g} GB/s: {}; {}, {:.3g} % worse than the optimum above",
                               answer.step_gb_per_s, list_text(summary.in_steps->gb_per_s),
                               seconds_text(summary.in_steps->weighted_ns), 100.0 * summary.stepped->loss),
                   document);
  } else if (summary.stepped) {
    document.data("in_steps", Value());
    document.line("in steps",
                  fmt::format("no multiples of {:g} GB/s satisfy the constraints", answer.step_gb_per_s));
  }
  if (summary.scaled) {
    add_allocation("scaled_shares", *summary.scaled, summary.scaling_loss(), "kept instead",
                   fmt::format("the shares that are best at 100 GB/s, {}: {:.4g} % more {}",
                               list_text(summary.scaled->gb_per_s), 100.0 * summary.scaling_loss(),
                               objective_unit(answer.design).name),
                   document);
  }
}

Table trace_table(const DesignAnswer& answer) {
  const ObjectiveUnit unit = objective_unit(answer.design);
  Table table = Table::of("trace");
  table.shown = Shown::ToPrograms;
  table.column("iteration").column("objective").column("lower_bound").column("evaluations");
  for (const Iteration& each : answer.summary.solution.trace) {
    const bool bounded = std::isfinite(each.lower_bound);
    table.rows.push_back({each.number, each.objective * unit.factor,
                          bounded ? Value(each.lower_bound * unit.factor) : Value(), each.evaluations});
  }
  return table;
}

}  // namespace

ObjectiveUnit objective_unit(const Design& design) {
  const bool times_cost = design.target == Target::PerfPerCost && !in_dollars(design);
  if (design.normalize) return {times_cost ? "equal-split times*$" : "equal-split times", 1.0};
  return {times_cost ? "s*$" : "s", 1e-9};
}

std::string infeasible_text(const DesignAnswer& answer) {
  std::string names;
  for (const std::string& name : answer.summary.solution.conflict) {
    const bool budget = name == answer.summary.problem.constraints.front().name;
    names += (names.empty() ? "" : "; ") + (budget ? "budget of " + budget_text(answer.design) : name);
  }
  return fmt::format("no allocation satisfies together: {}", names);
}

Document design_document(const DesignAnswer& answer, bool timing) {
  Document document{.title = title_of(answer.design), .verdict = verdict_of(answer), .notes = answer.notes};
  add_question(answer, document);
  document.add(answer.design.built ? link_class_table(answer) : dimensions_of(answer));
  for (Chart& chart : division_charts(answer)) document.add(std::move(chart));
  add_steps(answer, document);
  add_memory(answer, document);
  add_money(answer, document);
  add_proof(answer, document);
  add_built_network(answer, document);
  add_solver(answer, timing, document);
  Table worth = shadow_prices(answer, document);
  add_played(answer, document);
  add_alternatives(answer, document);
  document.add(std::move(worth)).add(models_table(answer));
  if (answer.memory.size() > 1) document.add(memory_of_models(answer));
  if (answer.summary.bill) {
    Table bill = bill_table(answer.design.network, *answer.summary.bill);
    bill.shown = Shown::ToPrograms;
    document.add(std::move(bill));
  }
  document.add(trace_table(answer));
  return document;
}

}  // namespace bandwright
