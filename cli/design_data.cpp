// A solved design for programs: JSON and CSV.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/bill.h"
#include "cli/design_report.h"
#include "cli/memory_fit.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> status_names = {"optimal", "infeasible", "iteration-limit",
                                                          "interrupted"};

std::string_view target_name(const Design& design) {
  return targets()[static_cast<std::size_t>(design.target)].name;
}

Json optional_number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json cost_of(const Allocation& allocation) {
  return allocation.cost ? Json(allocation.cost->value()) : Json();
}

// A number for one model, an array in the order of the models for a group.
Json in_ms(const std::vector<double>& step_ns) {
  if (step_ns.size() == 1) return step_ns.front() * ms_per_ns;
  Json times = Json::array();
  for (const double ns : step_ns) times.push_back(ns * ms_per_ns);
  return times;
}

Json allocation_json(const Allocation& allocation) {
  return {{"bandwidth_gb_per_s", allocation.gb_per_s},
          {"step_time_ms", in_ms(allocation.step_ns)},
          {"cost_usd", cost_of(allocation)},
          {"perf_per_cost", optional_number(allocation.perf_per_cost())}};
}

void add_question(const DesignAnswer& answer, Json& root) {
  const Design& design = answer.design;
  root["network"] = design.network.shorthand();
  root["npus"] = design.network.npus();
  root["models"] = Json::array();
  for (const Model& model : design.models) root["models"].push_back(model.name);
  root["target"] = target_name(design);
  root["loop"] = design.loop->name;
  if (!answer.holds_for.empty()) root["holds_for"] = answer.holds_for;
  if (const auto* money = std::get_if<Money>(&design.budget)) {
    root["budget_usd"] = money->value();
  } else {
    root["budget_gb_per_s"] = std::get<Bandwidth>(design.budget).value();
  }
}

// Of one model beside everything else, of a group in a list.
void add_memory(const DesignAnswer& answer, Json& root) {
  if (answer.memory.empty()) return;
  if (answer.design.models.size() == 1) return root.update(fit_json(answer.memory.front().fit));
  root["memory"] = Json::array();
  for (const auto& [model, fit] : answer.memory) {
    root["memory"].push_back({{"model", model}});
    root["memory"].back().update(fit_json(fit));
  }
}

void add_proof(const DesignAnswer& answer, Json& root) {
  const Summary& solution = answer.summary.solution;
  const ObjectiveUnit unit = objective_unit(answer.design);
  root["objective"] = solution.objective * unit.factor;
  root["objective_unit"] = unit.name;
  root["lower_bound"] = solution.lower_bound * unit.factor;
  root["gap"] = solution.gap();
  root["status"] = status_names[static_cast<std::size_t>(solution.status)];
  root["solver"] = answer.solver;
  root["iterations"] = solution.trace.empty() ? 0 : solution.trace.back().number;
  root["solve_time_ms"] = answer.summary.solve_ms;
  const bool in_dollars = std::holds_alternative<Money>(answer.design.budget);
  root["shadow_prices"] = Json::array();
  for (std::size_t i = 0; i < solution.shadow_prices.size(); ++i) {
    root["shadow_prices"].push_back({{"constraint", solution.shadow_prices[i].constraint},
                                     {"saves", solution.shadow_prices[i].per_unit * unit.factor},
                                     {"unit", unit.name + (i == 0 && in_dollars ? " per $" : " per GB/s")}});
  }
}

void add_trace(const DesignAnswer& answer, Json& root) {
  const ObjectiveUnit unit = objective_unit(answer.design);
  root["trace"] = Json::array();
  for (const Iteration& iteration : answer.summary.solution.trace) {
    root["trace"].push_back({{"iteration", iteration.number},
                             {"objective", iteration.objective * unit.factor},
                             {"lower_bound", iteration.lower_bound * unit.factor},
                             {"evaluations", iteration.evaluations}});
  }
}

void add_dimensions(const DesignAnswer& answer, Json& root) {
  const DesignSummary& summary = answer.summary;
  root["within_one_percent"] = Json::array();
  for (const Range& range : summary.ranges) {
    root["within_one_percent"].push_back(
        {{"low_gb_per_s", range.low_gb_per_s}, {"high_gb_per_s", range.high_gb_per_s}});
  }
  root["bill"] = summary.bill ? bill_json(answer.design.network, *summary.bill) : Json();
}

void add_alternatives(const DesignAnswer& answer, Json& root) {
  const DesignSummary& summary = answer.summary;
  if (summary.played) {
    root["event_driven"] = {{"step_time_ms", in_ms(summary.played->optimum_ns)},
                            {"equal_split_ms", in_ms(summary.played->equal_ns)}};
  }
  if (summary.stepped) {
    Json steps =
        summary.in_steps ? allocation_json(*summary.in_steps) : Json{{"bandwidth_gb_per_s", nullptr}};
    steps["step_gb_per_s"] = answer.step_gb_per_s;
    steps["loss"] = summary.in_steps ? Json(summary.stepped->loss) : Json();
    root["in_steps"] = std::move(steps);
  }
  if (summary.scaled) {
    root["linear_scaling_from_100_gb_per_s"] = allocation_json(*summary.scaled);
    root["linear_scaling_from_100_gb_per_s"]["loss"] = summary.scaling_loss();
  }
}

// The same in every row but the allocation in steps: each model's times, and what was asked for besides.
void add_more_columns(const DesignAnswer& answer, TextTable& table) {
  const DesignSummary& summary = answer.summary;
  const auto add = [&](const std::string& heading, const auto& cell) {
    table.headings.push_back(heading);
    for (std::size_t d = 0; d < table.rows.size(); ++d) table.rows[d].push_back(cell(d));
  };
  const auto add_number = [&](const std::string& heading, double value) {
    add(heading, [&](std::size_t) { return fmt::format("{}", value); });
  };
  for (std::size_t m = 0; m < answer.design.models.size(); ++m) {
    const std::string& model = answer.design.models[m].name;
    add_number("step_time_ms_" + model, summary.optimum.step_ns[m] * ms_per_ns);
    add_number("equal_step_time_ms_" + model, summary.equal.step_ns[m] * ms_per_ns);
  }
  if (summary.stepped) {
    const auto& in_steps = summary.in_steps;
    add("in_steps_gb_per_s", [&](std::size_t d) {
      return in_steps ? fmt::format("{:.12g}", in_steps->gb_per_s[d]) : std::string();
    });
    add("in_steps_loss",
        [&](std::size_t) { return in_steps ? fmt::format("{}", summary.stepped->loss) : std::string(); });
  }
  if (!answer.memory.empty()) {
    const bool fits = std::all_of(answer.memory.begin(), answer.memory.end(),
                                  [](const NamedFit& each) { return each.fit.fits(); });
    add("fits", [&](std::size_t) { return std::string(fits ? "true" : "false"); });
  }
}

}  // namespace

std::string design_json(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  Json root;
  root["schema_version"] = 1;
  add_question(answer, root);
  root["bandwidth_gb_per_s"] = summary.optimum.gb_per_s;
  root["step_time_ms"] = in_ms(summary.optimum.step_ns);
  root["equal_step_time_ms"] = in_ms(summary.equal.step_ns);
  root["speedup"] = summary.speedup();
  root["cost_usd"] = cost_of(summary.optimum);
  root["equal_cost_usd"] = cost_of(summary.equal);
  root["perf_per_cost"] = optional_number(summary.optimum.perf_per_cost());
  root["equal_perf_per_cost"] = optional_number(summary.equal.perf_per_cost());
  root["perf_per_cost_unit"] = "steps/s per 1e6 $";
  add_memory(answer, root);
  add_proof(answer, root);
  add_dimensions(answer, root);
  add_alternatives(answer, root);
  add_trace(answer, root);
  return root.dump(2) + '\n';
}

std::string design_csv(const DesignAnswer& answer) {
  const DesignSummary& summary = answer.summary;
  const Network& network = answer.design.network;
  const ObjectiveUnit unit = objective_unit(answer.design);
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : "";
  };
  TextTable table{.headings = {"dimension", "kind", "npus", "class", "bandwidth_gb_per_s", "low_gb_per_s",
                               "high_gb_per_s", "cost_usd", "objective", "objective_unit", "lower_bound",
                               "gap", "speedup", "perf_per_cost"}};
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    const Dimension& dimension = network.dimensions[d];
    const bool ranged = !summary.ranges.empty();
    table.rows.push_back(
        {fmt::format("{}", d + 1), std::string(dimension.kind->name), fmt::format("{}", dimension.npus),
         dimension.price_class, fmt::format("{}", summary.optimum.gb_per_s[d]),
         ranged ? fmt::format("{}", summary.ranges[d].low_gb_per_s) : "",
         ranged ? fmt::format("{}", summary.ranges[d].high_gb_per_s) : "",
         summary.bill ? fmt::format("{}", summary.bill->of_dimension(static_cast<int>(d)).value()) : "",
         fmt::format("{}", summary.solution.objective * unit.factor), unit.name,
         fmt::format("{}", summary.solution.lower_bound * unit.factor),
         fmt::format("{}", summary.solution.gap()), fmt::format("{}", summary.speedup()),
         number(summary.optimum.perf_per_cost())});
  }
  add_more_columns(answer, table);
  return as_csv(table);
}

}  // namespace bandwright
