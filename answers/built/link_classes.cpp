#include "answers/built/link_classes.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "answers/design.h"
#include "network/link_classes.h"
#include "report/unit.h"

namespace bandwright {
namespace {

// Of the widest link of a class, at so much of the class per NPU.
std::vector<double> link_gb_per_s(const NetworkGraph& graph, const std::vector<double>& gb_per_s) {
  std::vector<double> widest(graph.classes.size());
  for (const GraphLink& link : with_class_gb_per_s(graph, gb_per_s).links) {
    widest[link.link_class] = std::max(widest[link.link_class], link.bandwidth.value());
  }
  return widest;
}

}  // namespace

Table link_class_table(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  const NetworkGraph& graph = answer.design.built->built.graph;
  const std::vector<double>& b = summary.optimum.gb_per_s;
  const std::vector<double> each = link_gb_per_s(graph, b);
  const double total = std::accumulate(b.begin(), b.end(), 0.0);
  Table table = Table::of("per_link_class");
  table.main = true;
  table.column("link_class").column("price_class").column("bandwidth_gb_per_s", "GB/s").column("share");
  table.column("value", "within 1 %", Shown::ToPeople);
  table.column("low_gb_per_s", "", Shown::ToPrograms).column("high_gb_per_s", "", Shown::ToPrograms);
  table.column("link_gb_per_s", "of a link").column("sent_bytes").column("utilization").column("cost_usd");
  const std::vector<double>& price = summary.problem.price;
  for (std::size_t c = 0; c < b.size(); ++c) {
    double bytes = 0.0;
    for (const StepResult& step : summary.steps) bytes += step.dimensions[c].bytes;
    const double ns = std::accumulate(summary.optimum.step_ns.begin(), summary.optimum.step_ns.end(), 0.0);
    const Range* range = summary.ranges.empty() ? nullptr : &summary.ranges[c];
    table.rows.push_back(
        {graph.classes[c].name, graph.classes[c].price_class, b[c], b[c] / total,
         range ? Value(fmt::format("{:.2f} to {:.2f}", range->low_gb_per_s, range->high_gb_per_s)) : Value(),
         range ? Value(range->low_gb_per_s) : Value(), range ? Value(range->high_gb_per_s) : Value(), each[c],
         std::llround(bytes), bytes > 0.0 && ns > 0.0 ? bytes / b[c] / ns : 0.0,
         price.empty() ? Value() : Value(Money(price[c] * b[c]))});
  }
  table.total = std::vector<Value>(table.columns.size());
  table.total[0] = "total";
  table.total[2] = total;
  if (summary.optimum.cost) table.total.back() = *summary.optimum.cost;
  return table;
}

void add_built_network(const DesignAnswer& answer, Document& document) {
  const DesignSummary& summary = answer.summary;
  const ObjectiveUnit unit = objective_unit(answer.design);
  if (summary.any_routes_bound) {
    const double bound = *summary.any_routes_bound * unit.factor;
    document.data("any_routes_bound", bound);
    document.line("any routes",
                  fmt::format("no allocation is below {}, whichever way messages go: "
                              "{:.1f} % below this one",
                              unit.name == "s" ? quantity(bound, Unit::Seconds, 7)
                                               : fmt::format("{:.7g} {}", bound, unit.name),
                              100.0 * (1.0 - *summary.any_routes_bound / summary.solution.objective)));
  }
  if (!summary.as_built) return;
  const Allocation& built = *summary.as_built;
  Facts facts = Facts::of("as_built");
  facts.line("as built", fmt::format("{}{}", quantity(built.weighted_ns / 1e9, Unit::Seconds, 6),
                                     built.cost ? ", " + quantity(built.cost->value(), Unit::Usd) : ""));
  facts.data("bandwidth_gb_per_s", built.gb_per_s)
      .data("step_time_s", built.weighted_ns / 1e9)
      .data("cost_usd", built.cost)
      .data("steps_per_s_per_million_usd", built.perf_per_cost());
  document.add(std::move(facts));
}

}  // namespace bandwright
