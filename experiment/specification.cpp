#include "experiment/specification.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/paths.h"
#include "core/text.h"
#include "cost_model/bill.h"
#include "experiment/axis_words.h"
#include "experiment/expansion.h"
#include "experiment/grid.h"

namespace bandwright {
namespace {

// Part of every point's identity: raised when the same question gets another number.
constexpr int results_revision = 2;

// What the allocation depends on, and what its result does beyond that.
void identify(Point& point, const ExperimentInputs& inputs) {
  const Row& asked = point.asked;
  std::string allocation = fmt::format("revision {}\n{}\n{} GB/s ${}\n{}\n", results_revision,
                                       point.network != nullptr ? content(*point.network) : point.refused,
                                       asked.budget_gb_per_s, asked.budget_usd, point.rule->name);
  if (point.machine != nullptr) {
    allocation += fmt::format("{}\n{}\n", inputs.identity(*point.machine), asked.options);
  }
  if (point.shares != nullptr) {
    const std::vector<double> shares =
        point.shares->divide(1.0, asked.network, point.network->size(), asked.allocation, asked.target);
    allocation += fmt::format("shares {}\n", fmt::join(shares, " "));
  }
  std::string step = fmt::format("{} {} {}\n", asked.loop, asked.recompute, asked.compute_scale);
  if (point.played != nullptr) step += content(*point.played) + "\n";
  step += fmt::format("{}\n{}\n", content(*point.system), content(*point.prices));
  if (asked.source == "optimized" || asked.budget_usd > 0.0) {
    allocation += step;
    for (const Workload* target : point.targets) allocation += inputs.identity(*target) + "\n";
  }
  std::string all = allocation + step + inputs.identity(*point.model) + "\n";
  for (const Column& column : columns()) {
    if (column.asked && column.always) all += fmt::format("{} {}\n", column.name, cell_text(asked, column));
  }
  point.allocation_key = content_hash(allocation);
  point.asked.id = content_hash(all);
}

// Throws what dividing the budget would, at the grid's place, before anything runs.
void check_prices(const Point& point, const YamlValue& grid) {
  const bool needs_prices = point.asked.budget_usd > 0.0 || point.rule->goal == Goal::PerfPerCost;
  if (!needs_prices || point.network == nullptr) return;
  try {
    static_cast<void>(unit_prices(*point.network, *point.prices));
  } catch (const InputError& error) {
    grid.fail(fmt::format("{} on {}: {}", point.asked.model, point.network->name, error.what()));
  }
}

void require_known_keys(const YamlValue& map, bool is_root) {
  std::vector<std::string_view> known = {
      "view",          "engines", "systems",     "wiring", "networks", "loops",   "recompute", "tables",
      "compute_scale", "prices",  "allocations", "models", "targets",  "sources", "budgets",   "dollars"};
  if (is_root) known.insert(known.begin(), {"name", "help", "grids"});
  for (const std::string_view key : job_keys()) known.push_back(key);
  for (const auto& [key, value] : map.entries()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    value.fail(fmt::format("unknown key '{}'{} (known: {})", key, did_you_mean(key, known),
                           fmt::join(known, ", ")));
  }
}

}  // namespace

Experiment read_experiment(const YamlValue& root, const EngineOverrides& overrides) {
  require_known_keys(root, true);
  Experiment experiment;
  experiment.name = root.at("name").as_string();
  experiment.file = root.place().file;
  if (const auto help = root.find("help")) experiment.help = help->as_string();
  const auto grids = root.find("grids");
  const std::vector<YamlValue> parts = grids ? grids->items() : std::vector{root};
  std::set<std::string> known;
  for (const YamlValue& part : parts) {
    if (grids) require_known_keys(part, false);
    for (Point& point : expand_grid(part, root, overrides, experiment.inputs)) {
      check_prices(point, part);
      identify(point, experiment.inputs);
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
