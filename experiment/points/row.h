#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bandwright {

// One line of results.csv: a training step on a network with a certain allocation of bandwidth. Lists have
// one number per dimension, the innermost first.
struct Row {
  // What was asked.
  std::string id;    // content hash
  std::string view;  // the experiment's name for a way of looking at a step
  std::string engine;
  std::string library;
  std::string network;
  std::int64_t dimensions = 0;
  std::string wiring;
  std::int64_t npus = 0;
  std::string model;
  std::string loop;
  std::string recompute;
  std::string tables;
  double compute_scale = 1.0;
  std::string prices;
  double budget_gb_per_s = 0.0;  // 0 where the budget is in dollars
  double budget_usd = 0.0;       // 0 where it is in GB/s
  std::string allocation;
  std::string source;
  std::string target;   // "" for an allocation that is made for no model
  std::string machine;  // of a model on a machine; "" on a network
  std::string options;  // the job's other words: "tp=8; pp=4"

  // What came out; all empty but for the reason where the job cannot be.
  std::string status;
  std::string reason;  // where the status is not ok
  std::vector<double> bandwidth_gb_per_s;
  std::optional<double> step_time_s;
  std::optional<double> compute_time_s;
  std::optional<double> exposed_communication_s;
  std::optional<double> exposed_tp_s;
  std::optional<double> exposed_dp_s;
  std::optional<double> cost_usd;
  std::vector<double> utilization;
  std::optional<double> step_time_bound_s;
  std::optional<double> memory_bytes;  // of an NPU, where it is known
  std::optional<double> memory_capacity_bytes;
  std::optional<double> tokens_per_s;
  std::optional<double> mfu;

  friend bool operator==(const Row&, const Row&) = default;
};

using Field = std::variant<std::string Row::*, std::int64_t Row::*, double Row::*,
                           std::optional<double> Row::*, std::vector<double> Row::*>;

// The catalogue of columns: it serves the store's table, the CSV's header and the identity of a point.
struct Column {
  std::string_view name;
  std::string_view help;
  Field field;
  bool asked;          // part of what was asked, the id itself excepted
  bool always = true;  // in every CSV; else where a row has it
};
std::span<const Column> columns();

// A cell as text: numbers in the shortest form that reads back the same, lists separated by a space, nothing
// for a missing number.
std::string cell_text(const Row& row, const Column& column);
// The inverse. Throws InputError when the text is not of the column's kind.
void set_cell(Row& row, const Column& column, std::string_view text);

// What a point is, for messages: "17B on 2D, 100 GB/s, EqualBW".
std::string point_name(const Row& row);

// A job's words in one cell, "tp=8; pp=4", and back.
using OptionWords = std::vector<std::pair<std::string, std::string>>;
std::string joined_options(const OptionWords& words);
OptionWords split_options(std::string_view text);

}  // namespace bandwright
