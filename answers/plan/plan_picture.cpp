#include "answers/plan/plan_picture.h"

#include <fmt/format.h>

namespace bandwright {
double weighed(PlanObjective objective, const PlannedDivision& division) {
  const double seconds = division.ranked.step_ns * 1e-9;
  const auto npus = static_cast<double>(division.ranked.parallelism.npus());
  switch (objective) {
    case PlanObjective::CostPerToken:
      return division.estimate.usd_per_million_tokens > 0.0 ? division.estimate.usd_per_million_tokens
                                                            : seconds * npus / 3600.0;
    case PlanObjective::PerfPerCost:
      return seconds * division.network_usd.value_or(1.0);
    case PlanObjective::NetworkCost:
      return division.network_usd.value_or(1.0);
    default:
      return npus;
  }
}

Document plan_picture(const PlanAnswer& answer, const std::vector<PlanCell>& map) {
  Document document{.title = "plan"};
  Table table = Table::of("plan_cells");
  table.main = true;
  table.column("drawn")
      .column("npus")
      .column("tensor")
      .column("pipeline")
      .column("step_time_s")
      .column("fits");
  table.column("memory_bytes").column("minimized").column("weighed");
  const std::string objective(plan_objective_name(answer.objective));
  for (const PlanCell& cell : map) {
    const std::optional<RankedDivision>& shown = cell.best ? cell.best : cell.smallest;
    std::optional<double> step;
    std::optional<double> memory;
    if (cell.best) step = cell.best->step_ns / 1e9;
    if (shown) memory = shown->memory_bytes;
    const std::int64_t npus = answer.best[0].ranked.parallelism.npus();
    table.rows.push_back(
        {"cell", npus, cell.tensor, cell.pipeline, step, cell.best.has_value(), memory, objective, Value()});
  }
  for (const PlannedDivision& each : answer.pareto ? answer.best : std::vector<PlannedDivision>{}) {
    const Parallelism& p = each.ranked.parallelism;
    table.rows.push_back({"front", p.npus(), p.tensor, p.pipeline, each.ranked.step_ns / 1e9, true,
                          each.ranked.memory_bytes, objective, weighed(answer.objective, each)});
  }
  document.add(std::move(table));
  return document;
}

}  // namespace bandwright
