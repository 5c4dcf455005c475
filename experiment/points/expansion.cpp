#include "experiment/points/expansion.h"

#include <fmt/format.h>

#include "core/stopping.h"
#include "core/text.h"
#include "experiment/points/axis_reader.h"
#include "experiment/points/axis_words.h"
#include "experiment/points/grid.h"
#include "experiment/points/settle.h"
#include "study/job/job_options.h"
#include "study/job/job_step.h"
#include "study/job/training.h"
#include "study/outcome.h"

namespace bandwright {
namespace {

using Points = std::vector<Point>;

// Every point times every value of an axis; `values` may depend on the point.
template <class Values, class Assign>
void multiply(Points& points, const YamlValue& grid, Values values, Assign assign) {
  Points product;
  StopCheck stop;
  for (const Point& point : points) {
    stop.look_now_and_then();
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
  Expansion(const Grid& grid, ExperimentInputs& inputs)
      : grid_(grid), inputs_(inputs), reader_(grid, inputs) {}

  Points expand(const EngineOverrides& overrides) &&;

 private:
  using Read = void (AxisReader::*)(Point&, const YamlValue&) const;
  void axis(std::string_view key, std::initializer_list<std::string_view> defaults, Read read);

  void read_trained();
  void read_targets();
  void read_sources();
  void read_budgets();
  void read_engines(const EngineOverrides& overrides, std::string_view usual);
  void expand_networks();
  void read_library_words();
  // Of models on machines: the words of a job, then what they stand for.
  void expand_machines();
  void read_words(Ground ground);
  void read_word(const JobOption& option, const std::vector<YamlValue>& values);
  void refuse_keys(Ground ground, std::string_view why) const;
  // Whether there is a budget to divide.
  [[nodiscard]] bool divides() const;
  void settle_all(void (*settle)(Point&, ExperimentInputs&));
  void own_bandwidth(Point& point) const;

  const Grid& grid_;
  ExperimentInputs& inputs_;
  const AxisReader reader_;
  Points points_ = {Point()};
};

void Expansion::axis(std::string_view key, std::initializer_list<std::string_view> defaults, Read read) {
  const std::vector<YamlValue> values = grid_.values(key, defaults);
  multiply(
      points_, grid_.own(), [&](const Point&) -> const auto& { return values; },
      [&](Point& point, const YamlValue& value) {
        (reader_.*read)(point, value);
        if (grid_.has(key)) point.line = value.place().line;  // defaults are in no file
      });
}

// What runs on a network: models, files of other tools, or collectives of some sizes.
void Expansion::read_trained() {
  std::string_view known;
  for (const std::string_view key : {"models", "workloads", "collectives"}) {
    if (!grid_.has(key)) continue;
    if (!known.empty()) {
      grid_.values(key, {}).front().fail(fmt::format("stands beside {}: one or the other", known));
    }
    known = key;
  }
  if (known == "collectives") {
    axis("collectives", {}, &AxisReader::read_collective);
    axis("sizes", {}, &AxisReader::read_size);
    return;
  }
  if (grid_.has("sizes")) {
    grid_.values("sizes", {}).front().fail("is of collectives, as `collectives: all-reduce`");
  }
  if (known == "workloads") {
    axis("workloads", {}, &AxisReader::read_files);
  } else {
    axis("models", {}, &AxisReader::read_model);
  }
}

bool has_one_target(Goal goal) { return goal == Goal::Perf || goal == Goal::PerfPerCost; }

std::string joined_names(const Point& point) {
  std::string names;
  for (const Workload* model : point.targets) {
    names += (names.empty() ? "" : "+") + (model != nullptr ? workload_name(*model) : point.asked.model);
  }
  return names;
}

void Expansion::read_targets() {
  const std::vector<YamlValue> words = grid_.values("targets", {"own"});
  const std::vector<YamlValue> all =
      grid_.has("models") ? grid_.values("models", {}) : std::vector<YamlValue>();
  const bool own = words.size() == 1 && equal_ignoring_case(words[0].as_string(), "own");
  using Targets = std::vector<const Workload*>;
  const auto models = [&](const Point& point, const std::vector<YamlValue>& names) {
    Targets targets;
    for (const YamlValue& name : names) targets.push_back(&reader_.model_of(point, name));
    return targets;
  };
  const auto choices = [&](const Point& point) -> std::vector<Targets> {
    if (point.rule->goal == Goal::GroupPerf) {
      if (all.empty()) grid_.own().fail(fmt::format("{} is of several models", point.rule->name));
      return {models(point, all)};
    }
    if (!has_one_target(point.rule->goal)) return {Targets()};
    if (own) return {Targets{point.model}};
    std::vector<Targets> each;
    for (const Workload* model : models(point, words)) each.push_back({model});
    return each;
  };
  multiply(points_, grid_.own(), choices, [](Point& point, const Targets& targets) {
    point.targets = targets;
    point.asked.target = joined_names(point);
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

void Expansion::read_budgets() {
  const std::vector<double> budgets = grid_.budgets();
  const int line = grid_.values(grid_.in_dollars() ? "dollars" : "budgets", {}).front().place().line;
  multiply(
      points_, grid_.own(), [&](const Point&) -> const auto& { return budgets; },
      [&](Point& point, double budget) {
        point.line = line;
        if (grid_.in_dollars()) {
          point.asked.budget_usd = budget;
          return;
        }
        point.asked.budget_gb_per_s = budget;
        const auto possible = outcome_of([&] { return check_range(Bandwidth(budget)), true; });
        if (point.refused.empty()) point.refused = possible.reason;
      });
}

void Expansion::read_engines(const EngineOverrides& overrides, std::string_view usual) {
  axis("view", {"default"}, &AxisReader::read_view);
  if (overrides.engine.empty()) {
    axis("engines", {usual}, &AxisReader::read_engine);
  } else {
    set_engine(points_[0], engine_named(overrides.engine));
  }
  if (overrides.full_fidelity) {
    for (Point& point : points_) play_every_npu(point);
  }
  axis("libraries", {"ideal"}, &AxisReader::read_library);
}

void Expansion::refuse_keys(Ground ground, std::string_view why) const {
  for (const std::string_view key : job_keys()) {
    const JobOption& option = *find_job_option(key);
    const bool trained = option.word == &Job::workload || option.group == OptionGroup::Collectives;
    const bool taken = is_swept(option, ground) || (trained && ground == Ground::Networks);
    if (!taken && grid_.has(key)) grid_.values(key, {}).front().fail(why);
  }
}

bool Expansion::divides() const {
  const bool budgets = grid_.has("budgets") || grid_.has("dollars");
  if (budgets && grid_.has("bandwidth")) {
    grid_.values("bandwidth", {}).front().fail("is of each dimension: no budget is left to divide");
  }
  return budgets;
}

void Expansion::settle_all(void (*settle)(Point&, ExperimentInputs&)) {
  StopCheck stop;
  for (Point& point : points_) {
    stop.look_now_and_then();
    settle(point, inputs_);
  }
}

// Words that change a library give it another identity.
void Expansion::read_library_words() {
  if (!grid_.has("chunks") && !grid_.has("scheduler")) return;
  for (Point& point : points_) point.library = &inputs_.library(point.job);
}

void Expansion::expand_networks() {
  refuse_keys(Ground::Networks, "is of a model on a machine: `npus` is missing");
  read_words(Ground::Networks);
  read_library_words();
  axis("networks", {}, &AxisReader::read_network);
  axis("wiring", {"real"}, &AxisReader::read_wiring);
  axis("loops", {"NoOverlap"}, &AxisReader::read_loop);
  axis("recompute", {"none"}, &AxisReader::read_recompute);
  if (grid_.has("tables")) axis("tables", {}, &AxisReader::read_tables);
  if (grid_.has("compute_scale")) axis("compute_scale", {}, &AxisReader::read_scale);
  axis("prices", {"artifact"}, &AxisReader::read_prices);
  if (divides()) {
    axis("allocations", {"EqualBW", "PerfOptBW", "PerfPerCostOptBW"}, &AxisReader::read_rule);
    read_trained();
    read_targets();
    read_sources();
    read_budgets();
  } else {
    read_trained();
    for (Point& point : points_) own_bandwidth(point);
  }
  settle_all(settle_on_network);
}

void Expansion::read_word(const JobOption& option, const std::vector<YamlValue>& values) {
  const bool said = grid_.has(option.name);
  multiply(
      points_, grid_.own(), [&](const Point&) -> const auto& { return values; },
      [&](Point& point, const YamlValue& value) {
        point.job.*option.word = value.as_string();
        if (said) point.line = value.place().line;
        if (option.word == &Job::machine) point.machine = &inputs_.machine(value);
        if (option.word == &Job::model) point.model = &inputs_.model(value);
      });
  for (const YamlValue& value : values) {
    Job alone;
    alone.*option.word = value.as_string();
    static_cast<void>(value.parsed("a word", [&](std::string_view) {
      check_words(alone);
      static_cast<void>(library_of(alone));
      return true;
    }));
  }
}

// The axes in the order of the table of options.
void Expansion::read_words(Ground ground) {
  for (const JobOption& option : job_options()) {
    if (!is_swept(option, ground)) continue;
    if (grid_.has(option.name)) {
      read_word(option, grid_.values(option.name, {}));
    } else if (option.word == &Job::machine) {
      read_word(option, grid_.values("machines", {option.usual}));
    } else if (option.word == &Job::model || option.word == &Job::npus) {
      static_cast<void>(grid_.values(option.plural.empty() ? option.name : option.plural, {}));
    }
  }
}

void Expansion::own_bandwidth(Point& point) const {
  const bool given = !point.job.bandwidth.empty();
  if (point.machine == nullptr && !given && !inputs_.brings_bandwidth(point.job.network)) {
    static_cast<void>(grid_.values("budgets", {}));  // throws: the key is missing
  }
  point.rule = &allocation_rule("OwnBW");
  point.asked.allocation = point.rule->name;
  point.asked.source = point.machine != nullptr ? "machine" : given ? "given" : "network";
}

void Expansion::expand_machines() {
  for (const std::string_view key : {"networks", "wiring", "tables", "compute_scale"}) {
    if (grid_.has(key)) {
      grid_.values(key, {}).front().fail("is of layer tables on networks; with `npus` machines bring theirs");
    }
  }
  refuse_keys(Ground::Machines, "is of a network, and with `npus` machines bring theirs");
  read_words(Ground::Machines);
  settle_all(settle_on_machine);
  axis("prices", {"artifact"}, &AxisReader::read_prices);
  if (!divides()) {
    for (Point& point : points_) own_bandwidth(point);
    return;
  }
  axis("allocations", {"EqualBW", "PerfOptBW", "PerfPerCostOptBW"}, &AxisReader::read_rule);
  read_targets();
  read_sources();
  read_budgets();
}

Points Expansion::expand(const EngineOverrides& overrides) && {
  const bool jobs = grid_.has("machines") || grid_.has("npus");
  read_engines(overrides, jobs ? "closed-form" : "event-driven");
  if (jobs) {
    expand_machines();
  } else {
    expand_networks();
  }
  return std::move(points_);
}

}  // namespace

std::vector<Point> expand_grid(const YamlValue& grid, const YamlValue& common,
                               const EngineOverrides& overrides, ExperimentInputs& inputs) {
  return Expansion(Grid(grid, common), inputs).expand(overrides);
}

}  // namespace bandwright
