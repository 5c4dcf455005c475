#include "experiment/expansion.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"
#include "experiment/grid.h"

namespace bandwright {
namespace {

struct EngineInfo {
  Engine engine;
  Fidelity fidelity;
  std::string_view name;
  std::string_view help;
};
constexpr std::array engines = {
    EngineInfo{Engine::EventDriven, Fidelity::Auto, "event-driven",
               "chunks, queues and latencies, event by event; one NPU for all where that is exact"},
    EngineInfo{Engine::EventDriven, Fidelity::Full, "event-driven-full",
               "the same with every NPU, port and link"},
    EngineInfo{Engine::ClosedForm, Fidelity::Auto, "closed-form",
               "every collective at wire speed on its slowest dimension"}};

void set_engine(Point& point, const EngineInfo& info) {
  point.engine = info.engine;
  point.fidelity = info.fidelity;
  point.asked.engine = info.name;
}

// Of the command line, which has no file and line.
const EngineInfo& engine_named(const std::string& word) {
  try {
    return find_in_catalogue(std::span<const EngineInfo>(engines), word, "engine");
  } catch (const InputError& error) {
    throw InputError(std::string("--engine: ") + error.what());
  }
}

void play_every_npu(Point& point) {
  if (point.engine == Engine::EventDriven) set_engine(point, engines[1]);
}

struct WiringInfo {
  std::string_view name;
  std::string_view help;
  bool in_switches;
};
constexpr std::array wirings = {
    WiringInfo{"real", "the network as it is", false},
    WiringInfo{"switches", "every dimension a switch, whose NPUs all reach each other at full bandwidth",
               true}};

struct TablesInfo {
  std::string_view name;
  std::string_view help;
};
constexpr std::array table_layouts = {TablesInfo{"split", "every line reduces its own weight gradients"},
                                      TablesInfo{"fused", "the first line reduces all weight gradients"}};

using Points = std::vector<Point>;

// Every point times every value of an axis; `values` may depend on the point.
template <class Values, class Assign>
void multiply(Points& points, const YamlValue& grid, Values values, Assign assign) {
  Points product;
  for (const Point& point : points) {
    for (const auto& value : values(point)) {
      if (product.size() >= max_points) grid.fail("more than a million points");
      product.push_back(point);
      assign(product.back(), value);
    }
  }
  points = std::move(product);
}

// One grid of the file as points, axis by axis.
class Expansion {
 public:
  Expansion(const Grid& grid, ExperimentInputs& inputs) : grid_(grid), inputs_(inputs) {}

  Points expand(const EngineOverrides& overrides) &&;

 private:
  using Read = void (Expansion::*)(Point&, const YamlValue&);
  void axis(std::string_view key, std::initializer_list<std::string_view> defaults, Read read);

  void read_view(Point& point, const YamlValue& word) { point.asked.view = word.as_string(); }
  void read_engine(Point& point, const YamlValue& word);
  void read_system(Point& point, const YamlValue& word);
  void read_network(Point& point, const YamlValue& word);
  void read_wiring(Point& point, const YamlValue& word);
  void read_loop(Point& point, const YamlValue& word);
  void read_recompute(Point& point, const YamlValue& word);
  void read_tables(Point& point, const YamlValue& word);
  void read_scale(Point& point, const YamlValue& number);
  void read_prices(Point& point, const YamlValue& word);
  void read_rule(Point& point, const YamlValue& word);
  void read_model(Point& point, const YamlValue& word);
  void read_targets();
  void read_sources();

  const Grid& grid_;
  ExperimentInputs& inputs_;
  Points points_ = {Point()};
};

void Expansion::axis(std::string_view key, std::initializer_list<std::string_view> defaults, Read read) {
  const std::vector<YamlValue> values = grid_.values(key, defaults);
  multiply(
      points_, grid_.own(), [&](const Point&) -> const auto& { return values; },
      [&](Point& point, const YamlValue& value) { (this->*read)(point, value); });
}

// The row of a catalogue that a value names.
template <class Row>
const Row& chosen(std::span<const Row> rows, const YamlValue& word, std::string_view what) {
  return *word.parsed(what, [&](std::string_view text) { return &find_in_catalogue(rows, text, what); });
}

void Expansion::read_engine(Point& point, const YamlValue& word) {
  set_engine(point, chosen(std::span<const EngineInfo>(engines), word, "engine"));
}

void Expansion::read_system(Point& point, const YamlValue& word) {
  point.system = &inputs_.system(word);
  point.asked.system = point.system->name;
  point.asked.compute_scale = point.system->compute_scale;
  point.asked.tables = point.system->fused_tables ? "fused" : "split";
}

void Expansion::read_network(Point& point, const YamlValue& word) {
  point.network = &inputs_.network(word);
  point.asked.network = point.network->name;
  point.asked.dimensions = point.network->size();
  point.asked.npus = point.network->npus();
}

void Expansion::read_wiring(Point& point, const YamlValue& word) {
  const WiringInfo& info = chosen(std::span<const WiringInfo>(wirings), word, "wiring");
  point.asked.wiring = info.name;
  point.played = info.in_switches ? &inputs_.in_switches(*point.network) : point.network;
}

void Expansion::read_loop(Point& point, const YamlValue& word) {
  point.loop = &chosen(training_loops(), word, "training loop");
  point.asked.loop = point.loop->name;
}

void Expansion::read_recompute(Point& point, const YamlValue& word) {
  const RecomputeInfo& info = chosen(recompute_choices(), word, "recomputation");
  point.options = loop_options(*point.system, *point.loop, info.recompute);
  point.asked.recompute = info.name;
}

void Expansion::read_tables(Point& point, const YamlValue& word) {
  point.asked.tables = chosen(std::span<const TablesInfo>(table_layouts), word, "layout of tables").name;
}

void Expansion::read_scale(Point& point, const YamlValue& number) {
  point.options.compute_scale = point.asked.compute_scale = number.as_number(1e-6, 1e6);
}

void Expansion::read_prices(Point& point, const YamlValue& word) {
  point.prices = &inputs_.prices(word);
  point.asked.prices = point.prices->name;
}

void Expansion::read_rule(Point& point, const YamlValue& word) {
  point.rule = &chosen(allocation_rules(), word, "allocation");
  point.asked.allocation = point.rule->name;
}

void Expansion::read_model(Point& point, const YamlValue& word) {
  point.model = &inputs_.model(word, point.asked.tables);
  point.asked.model = point.model->name;
}

bool has_one_target(Goal goal) { return goal == Goal::Perf || goal == Goal::PerfPerCost; }

std::string joined_names(const std::vector<const Model*>& models) {
  std::string names;
  for (const Model* model : models) names += (names.empty() ? "" : "+") + model->name;
  return names;
}

void Expansion::read_targets() {
  const std::vector<YamlValue> words = grid_.values("targets", {"own"});
  const std::vector<YamlValue> all = grid_.values("models", {});
  const bool own = words.size() == 1 && equal_ignoring_case(words[0].as_string(), "own");
  using Targets = std::vector<const Model*>;
  const auto models = [&](const Point& point, const std::vector<YamlValue>& names) {
    Targets targets;
    for (const YamlValue& name : names) targets.push_back(&inputs_.model(name, point.asked.tables));
    return targets;
  };
  const auto choices = [&](const Point& point) -> std::vector<Targets> {
    if (point.rule->goal == Goal::GroupPerf) return {models(point, all)};
    if (!has_one_target(point.rule->goal)) return {Targets()};
    if (own) return {Targets{point.model}};
    std::vector<Targets> each;
    for (const Model* model : models(point, words)) each.push_back({model});
    return each;
  };
  multiply(points_, grid_.own(), choices, [](Point& point, const Targets& targets) {
    point.targets = targets;
    point.asked.target = joined_names(targets);
    point.traced = !targets.empty() && targets.front() == point.model;
  });
}

void Expansion::read_sources() {
  const std::vector<YamlValue> words = grid_.values("sources", {"optimized"});
  const auto is_table = [](const YamlValue& word) { return word.as_string() != "optimized"; };
  const auto choices = [&](const Point& point) -> std::vector<const ShareTable*> {
    if (point.rule->goal == Goal::Equal) return {nullptr};
    std::vector<const ShareTable*> sources;
    for (const YamlValue& word : words) {
      if (is_table(word)) sources.push_back(&inputs_.shares(word));
      if (!is_table(word) && point.rule->goal != Goal::Given) sources.push_back(nullptr);
    }
    if (sources.empty()) words[0].fail(fmt::format("{} needs a table of shares", point.rule->name));
    return sources;
  };
  multiply(points_, grid_.own(), choices, [](Point& point, const ShareTable* shares) {
    point.shares = shares;
    point.asked.source = shares != nullptr                 ? shares->name
                         : point.rule->goal == Goal::Equal ? "equal"
                                                           : "optimized";
  });
}

Points Expansion::expand(const EngineOverrides& overrides) && {
  axis("view", {"default"}, &Expansion::read_view);
  if (overrides.engine.empty()) {
    axis("engines", {"event-driven"}, &Expansion::read_engine);
  } else {
    set_engine(points_[0], engine_named(overrides.engine));
  }
  if (overrides.full_fidelity) {
    for (Point& point : points_) play_every_npu(point);
  }
  axis("systems", {"ideal"}, &Expansion::read_system);
  axis("networks", {}, &Expansion::read_network);
  axis("wiring", {"real"}, &Expansion::read_wiring);
  axis("loops", {"NoOverlap"}, &Expansion::read_loop);
  axis("recompute", {"none"}, &Expansion::read_recompute);
  if (grid_.has("tables")) axis("tables", {}, &Expansion::read_tables);
  if (grid_.has("compute_scale")) axis("compute_scale", {}, &Expansion::read_scale);
  axis("prices", {"artifact"}, &Expansion::read_prices);
  axis("allocations", {"EqualBW", "PerfOptBW", "PerfPerCostOptBW"}, &Expansion::read_rule);
  axis("models", {}, &Expansion::read_model);
  read_targets();
  read_sources();
  const std::vector<double> budgets = grid_.budgets();
  multiply(
      points_, grid_.own(), [&](const Point&) -> const auto& { return budgets; },
      [&](Point& point, double budget) {
        (grid_.in_dollars() ? point.asked.budget_usd : point.asked.budget_gb_per_s) = budget;
      });
  return std::move(points_);
}

}  // namespace

std::vector<Point> expand_grid(const YamlValue& grid, const YamlValue& common,
                               const EngineOverrides& overrides, ExperimentInputs& inputs) {
  return Expansion(Grid(grid, common), inputs).expand(overrides);
}

}  // namespace bandwright
