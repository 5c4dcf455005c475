#include "experiment/specification.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "cost_model/bill.h"
#include "experiment/points/axis_words.h"
#include "experiment/points/expansion.h"
#include "experiment/points/grid.h"

namespace bandwright {
namespace {

// Part of every point's identity: raised when the same question gets another number.
constexpr int results_revision = 4;

// Of a model, or of the collective that stands in its place.
std::string identity_of(const Workload* workload, const Point& point, const ExperimentInputs& inputs) {
  return workload != nullptr ? inputs.identity(workload) : point.asked.model;
}

// What the allocation depends on, and what its result does beyond that.
void identify(Point& point, const ExperimentInputs& inputs) {
  const Row& asked = point.asked;
  std::string allocation =
      fmt::format("revision {}\n{}\n{} GB/s ${}\n{}\n", results_revision,
                  point.network != nullptr ? inputs.identity(point.network) : point.refused,
                  asked.budget_gb_per_s, asked.budget_usd, point.rule->name);
  if (point.machine != nullptr) {
    allocation += fmt::format("{}\n{}\n", inputs.identity(point.machine), asked.options);
  } else if (!asked.options.empty()) {
    allocation += fmt::format("options {}\n", asked.options);
  }
  if (!point.files.empty()) allocation += fmt::format("files {}\n", point.files);
  if (point.shares != nullptr) {
    const std::vector<double> shares =
        point.shares->divide(1.0, asked.network, point.network->size(), asked.allocation, asked.target);
    allocation += fmt::format("shares {}\n", fmt::join(shares, " "));
  }
  std::string step = fmt::format("{} {} {}\n", asked.loop, asked.recompute, asked.compute_scale);
  if (point.played != nullptr) step += inputs.identity(point.played) + "\n";
  step += fmt::format("{}\n{}\n", inputs.identity(point.library), inputs.identity(point.prices));
  if (asked.source == "optimized" || asked.budget_usd > 0.0) {
    allocation += step;
    for (const Workload* target : point.targets) allocation += identity_of(target, point, inputs) + "\n";
  }
  std::string all = allocation + step + identity_of(point.model, point, inputs) + "\n";
  for (const Column& column : columns()) {
    if (column.asked && column.always) all += fmt::format("{} {}\n", column.name, cell_text(asked, column));
  }
  point.allocation_key = content_hash(allocation + point.refused);
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

// What a grid may say, or the file for all its grids.
std::vector<InputField> grid_keys() {
  const FieldShape words = kinds::one_or_list(kinds::text()).shape;
  const FieldShape amounts{.form = FieldShape::Form::Either,
                           .expected = "one or a list, or {from, to, step}"};
  const FieldShape dollars{.form = FieldShape::Form::Either,
                           .expected = "one or a list, or {from, to, points}"};
  const auto optional = [](std::string_view name, const FieldShape& shape, std::string_view help) {
    return documented_key(FieldPresence::Optional, name, shape, help);
  };
  std::vector<InputField> keys = {
      optional("view", words, "a name for figures; default"),
      optional("engines", words, "event-driven, event-driven-full or closed-form; event-driven"),
      optional("libraries", words, "communication libraries: how collectives are played; ideal"),
      optional("wiring", words, "real or switches; real"),
      optional("networks", words, "names, shorthands or files; needed"),
      optional("loops", words, "training loops; NoOverlap"),
      optional("recompute", words, job_option(&Job::recompute).help),
      optional("tables", words, "split or fused; as the library has it"),
      optional("compute_scale", kinds::one_or_list(kinds::number(1e-6, 1e6)).shape,
               "factor on the time of compute; as the library has it"),
      optional("prices", words, "price lists; artifact"),
      optional("allocations", words, "ways to divide the budget; EqualBW, PerfOptBW, PerfPerCostOptBW"),
      optional("models", words, "names or files of models, or files of other tools; needed"),
      optional("targets", words, "models that allocations are made for; own"),
      optional("sources", words, "optimized, or tables of shares; optimized"),
      optional("budgets", amounts,
               "bandwidth per NPU; needed, or dollars, where neither machine nor network has bandwidths"),
      optional("dollars", dollars, "the most that the network may cost, as 500000 or $500k")};
  for (const std::string_view key : job_keys()) {
    keys.push_back(optional(key, words, find_job_option(key)->help));
  }
  keys.push_back(optional(former_key("libraries"), words, {}));
  return keys;
}

const FieldList& grid_list() {
  static const FieldList keys{"experiment", "a grid of an experiment", grid_keys(), {}};
  return keys;
}

}  // namespace

const FieldList& experiment_keys() {
  static const FieldList keys = [] {
    const FieldShape grid{.form = FieldShape::Form::Struct, .expected = "a map", .fields = &grid_list()};
    FieldList list{"experiment", "the axes of a sweep", {}, {}};
    list.fields = {documented_key(FieldPresence::Required, "name", kinds::text().shape,
                                  "of the experiment and its folder"),
                   documented_key(FieldPresence::Optional, "help", kinds::text().shape, "one line for lists"),
                   documented_key(FieldPresence::Optional, "grids",
                                  kinds::shape_of_list(FieldShape::Form::List, "a list", grid),
                                  "each with keys as below, which hold for it alone")};
    for (InputField& field : grid_keys()) list.fields.push_back(std::move(field));
    return list;
  }();
  return keys;
}

Experiment read_experiment(const YamlValue& root, const EngineOverrides& overrides) {
  experiment_keys().require_keys(root);
  Experiment experiment;
  experiment.name = root.at("name").as_string();
  experiment.file = root.place().file;
  if (const auto help = root.find("help")) experiment.help = help->as_string();
  const auto grids = root.find("grids");
  const std::vector<YamlValue> parts = grids ? grids->items() : std::vector{root};
  std::set<std::string> known;
  for (const YamlValue& part : parts) {
    if (grids) grid_list().require_keys(part);
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
