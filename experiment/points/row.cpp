#include "experiment/points/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

constexpr double largest_value = std::numeric_limits<double>::max();

constexpr std::array catalogue = {
    Column{"id", "hash of everything below that was asked, and of the inputs' content", &Row::id, false},
    Column{"view", "the experiment file's name for this way of looking at a step", &Row::view, true},
    Column{"engine", "closed-form or event-driven", &Row::engine, true},
    Column{"library", "how collectives are run: chunks, latencies, units", &Row::library, true},
    Column{"network", "name of the network", &Row::network, true},
    Column{"dimensions", "number of dimensions", &Row::dimensions, true},
    Column{"wiring",
           "real, or switches: every dimension simulated as a switch; the cost is the real network's",
           &Row::wiring, true},
    Column{"npus", "number of NPUs", &Row::npus, true},
    Column{"model", "name of the model that is trained", &Row::model, true},
    Column{"loop", "training loop: NoOverlap, Overlap", &Row::loop, true},
    Column{"recompute", "what runs again in the backward pass: none, full, communication", &Row::recompute,
           true},
    Column{"tables", "weight gradients: split over the lines or fused into the first", &Row::tables, true},
    Column{"compute_scale", "factor on every compute time", &Row::compute_scale, true},
    Column{"prices", "name of the price list", &Row::prices, true},
    Column{"budget_gb_per_s", "bandwidth to divide, GB/s per NPU; 0 where the budget is money",
           &Row::budget_gb_per_s, true},
    Column{"budget_usd", "the same as money, $; 0 where the budget is bandwidth", &Row::budget_usd, true},
    Column{"allocation", "rule that divides it: EqualBW, PerfOptBW ...", &Row::allocation, true},
    Column{"source", "where the division comes from: equal, optimized, or the name of a table", &Row::source,
           true},
    Column{"target", "model it is made for, several joined by +, or empty", &Row::target, true},
    Column{"machine", "machine that the model runs on", &Row::machine, true, false},
    Column{"options", "the job's other words, a column each in the CSV", &Row::options, true, false},
    Column{"status",
           "ok; does-not-fit: into the NPUs' memory, what came out holds all the same; or infeasible: it "
           "cannot be divided, allocated or timed so",
           &Row::status, false},
    Column{"reason", "why the status is not ok", &Row::reason, false, false},
    Column{"bandwidth_gb_per_s", "of each dimension, GB/s per NPU, innermost first", &Row::bandwidth_gb_per_s,
           false},
    Column{"step_time_s", "training step, s", &Row::step_time_s, false},
    Column{"compute_time_s", "compute in it, s", &Row::compute_time_s, false},
    Column{"exposed_communication_s", "waiting for communication in it, s", &Row::exposed_communication_s,
           false},
    Column{"exposed_tp_s", "of that, for the tensor-parallel group, s", &Row::exposed_tp_s, false},
    Column{"exposed_dp_s", "of that, for the data-parallel group, s", &Row::exposed_dp_s, false},
    Column{"cost_usd", "price of the network, $; empty where a price is missing", &Row::cost_usd, false},
    Column{"utilization", "of each dimension's bandwidth over the step, 0 to 1", &Row::utilization, false},
    Column{"step_time_bound_s",
           "certified lower bound of the step time in closed form at this budget, s; only for PerfOptBW "
           "made for "
           "this very model",
           &Row::step_time_bound_s, false},
    Column{"memory_bytes", "of an NPU, bytes", &Row::memory_bytes, false, false},
    Column{"memory_capacity_bytes", "that an NPU has, bytes", &Row::memory_capacity_bytes, false, false},
    Column{"tokens_per_s", "of all NPUs together", &Row::tokens_per_s, false, false},
    Column{"mfu", "model FLOP/s of the peak of all NPUs, 0 to 1", &Row::mfu, false, false}};

std::string text(const std::string& value) { return value; }
std::string text(std::int64_t value) { return fmt::format("{}", value); }
std::string text(double value) { return fmt::format("{}", value); }
std::string text(const std::optional<double>& value) { return value ? text(*value) : std::string(); }
std::string text(const std::vector<double>& values) { return fmt::format("{}", fmt::join(values, " ")); }

void read(std::string_view text, std::string& value) { value = text; }
void read(std::string_view text, std::int64_t& value) {
  value = parse_integer(text, 0, std::numeric_limits<std::int64_t>::max());
}
void read(std::string_view text, double& value) { value = parse_number(text, -largest_value, largest_value); }
void read(std::string_view text, std::optional<double>& value) {
  value.reset();
  if (!text.empty()) value = parse_number(text, -largest_value, largest_value);
}
void read(std::string_view text, std::vector<double>& values) {
  values.clear();
  if (text.empty()) return;
  for (const std::string_view part : split(text, ' '))
    values.push_back(parse_number(part, -largest_value, largest_value));
}

}  // namespace

std::span<const Column> columns() { return catalogue; }

std::string cell_text(const Row& row, const Column& column) {
  return std::visit([&](auto field) { return text(row.*field); }, column.field);
}

void set_cell(Row& row, const Column& column, std::string_view text) {
  std::visit([&](auto field) { read(text, row.*field); }, column.field);
}

std::string point_name(const Row& row) {
  std::string text = fmt::format("{} on {}", row.model, row.network);
  if (!row.machine.empty()) text += fmt::format(", {} NPUs", row.npus);
  if (!row.options.empty()) text += ", " + row.options;
  if (row.budget_gb_per_s > 0.0) text += fmt::format(", {} GB/s", row.budget_gb_per_s);
  if (row.budget_usd > 0.0) text += fmt::format(", ${:.0f}", row.budget_usd);
  text += ", " + row.allocation;
  if (!row.target.empty() && row.target != row.model) text += " made for " + row.target;
  return text;
}

std::string joined_options(const OptionWords& words) {
  std::string text;
  for (const auto& [name, word] : words) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "; ", name, word);
  }
  return text;
}

OptionWords split_options(std::string_view text) {
  OptionWords words;
  if (text.empty()) return words;
  for (const std::string_view part : split(text, ';')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    words.emplace_back(part.substr(0, equals), equals < part.size() ? part.substr(equals + 1) : "");
  }
  return words;
}

}  // namespace bandwright
