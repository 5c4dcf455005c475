#include "experiment/specification.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/paths.h"
#include "cost_model/bill.h"
#include "experiment/expansion.h"
#include "experiment/grid.h"

namespace bandwright {
namespace {

// Part of every point's identity: raised when the same question gets another number.
constexpr int results_revision = 2;

// What the allocation depends on, and what its result does beyond that.
void identify(Point& point) {
  const Row& asked = point.asked;
  std::string allocation =
      fmt::format("revision {}\n{}\n{} GB/s ${}\n{}\n", results_revision, content(*point.network),
                  asked.budget_gb_per_s, asked.budget_usd, point.rule->name);
  if (point.shares != nullptr) {
    const std::vector<double> shares =
        point.shares->divide(1.0, asked.network, point.network->size(), asked.allocation, asked.target);
    allocation += fmt::format("shares {}\n", fmt::join(shares, " "));
  }
  const std::string step =
      fmt::format("{} {} {}\n{}\n{}\n{}\n", asked.loop, asked.recompute, asked.compute_scale,
                  content(*point.played), content(*point.system), content(*point.prices));
  if (asked.source == "optimized" || asked.budget_usd > 0.0) {
    allocation += step;
    for (const Model* target : point.targets) allocation += content(*target) + "\n";
  }
  std::string all = allocation + step + content(*point.model) + "\n";
  for (const Column& column : columns()) {
    if (column.asked) all += fmt::format("{} {}\n", column.name, cell_text(asked, column));
  }
  point.allocation_key = content_hash(allocation);
  point.asked.id = content_hash(all);
}

// Throws what building the step would, at the grid's place, before anything runs.
void check(const Point& point, const YamlValue& grid) {
  try {
    static_cast<void>(model_groups(*point.model, *point.network));
    const bool needs_prices = point.asked.budget_usd > 0.0 || point.rule->goal == Goal::PerfPerCost;
    if (needs_prices) static_cast<void>(unit_prices(*point.network, *point.prices));
  } catch (const InputError& error) {
    grid.fail(fmt::format("{} on {}: {}", point.model->name, point.network->name, error.what()));
  }
}

void require_known_keys(const YamlValue& map, bool is_root) {
  if (is_root) {
    map.require_keys({"name", "help", "grids", "view", "engines", "systems", "wiring", "networks", "loops",
                      "recompute", "tables", "compute_scale", "prices", "allocations", "models", "targets",
                      "sources", "budgets", "dollars"});
  } else {
    map.require_keys({"view", "engines", "systems", "wiring", "networks", "loops", "recompute", "tables",
                      "compute_scale", "prices", "allocations", "models", "targets", "sources", "budgets",
                      "dollars"});
  }
}

}  // namespace

Experiment read_experiment(const YamlValue& root, const EngineOverrides& overrides) {
  require_known_keys(root, true);
  Experiment experiment;
  experiment.name = root.at("name").as_string();
  if (const auto help = root.find("help")) experiment.help = help->as_string();
  const auto grids = root.find("grids");
  const std::vector<YamlValue> parts = grids ? grids->items() : std::vector{root};
  std::set<std::string> known;
  for (const YamlValue& part : parts) {
    if (grids) require_known_keys(part, false);
    for (Point& point : expand_grid(part, root, overrides, experiment.inputs)) {
      check(point, part);
      identify(point);
      if (!known.insert(point.asked.id).second) continue;
      if (known.size() > max_points) part.fail("more than a million points");
      experiment.points.push_back(std::move(point));
    }
  }
  return experiment;
}

Experiment load_experiment(std::string_view word, const EngineOverrides& overrides) {
  return read_experiment(YamlValue::load(input_file("experiments", word, "experiment")), overrides);
}

}  // namespace bandwright
