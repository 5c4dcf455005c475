#include "memory/mixed_integer.h"

#include <Cbc_C_Interface.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <utility>

namespace bandwright {
namespace {

struct Deleter {
  void operator()(Cbc_Model* model) const { Cbc_deleteModel(model); }
};
using Model = std::unique_ptr<Cbc_Model, Deleter>;

// The rows as CBC's column-wise arrays.
struct ColumnMajor {
  std::vector<CoinBigIndex> start;
  std::vector<int> row;
  std::vector<double> value;
};

std::vector<MixedIntegerProgram::Term> added_up(std::vector<MixedIntegerProgram::Term> terms) {
  std::sort(terms.begin(), terms.end());
  std::vector<MixedIntegerProgram::Term> sums;
  for (const auto& [column, coefficient] : terms) {
    if (!sums.empty() && sums.back().first == column) {
      sums.back().second += coefficient;
    } else {
      sums.emplace_back(column, coefficient);
    }
  }
  return sums;
}

ColumnMajor column_major(const MixedIntegerProgram& program) {
  std::vector<std::vector<std::pair<int, double>>> columns(program.columns.size());
  for (std::size_t r = 0; r < program.rows.size(); ++r) {
    for (const auto& [column, coefficient] : added_up(program.rows[r].terms)) {
      if (coefficient != 0.0) columns[column].emplace_back(static_cast<int>(r), coefficient);
    }
  }
  ColumnMajor result{{0}, {}, {}};
  for (const auto& column : columns) {
    for (const auto& [row, value] : column) {
      result.row.push_back(row);
      result.value.push_back(value);
    }
    result.start.push_back(static_cast<CoinBigIndex>(result.row.size()));
  }
  result.start.push_back(result.start.back());  // the constant's column
  return result;
}

Model make_model(const MixedIntegerProgram& program) {
  const ColumnMajor matrix = column_major(program);
  const std::size_t columns = program.columns.size();
  std::vector<double> lower(columns, 0.0);
  std::vector<double> upper;
  std::vector<double> cost;
  for (const MixedIntegerProgram::Column& column : program.columns) {
    upper.push_back(column.upper);
    cost.push_back(column.cost);
  }
  // The constant is the cost of a column that is always 1: relative gaps count it.
  lower.push_back(1.0);
  upper.push_back(1.0);
  cost.push_back(program.constant);
  std::vector<double> row_lower;
  std::vector<double> row_upper;
  for (const MixedIntegerProgram::Row& row : program.rows) {
    row_lower.push_back(row.low);
    row_upper.push_back(row.high);
  }
  Model model(Cbc_newModel());
  Cbc_setLogLevel(model.get(), 0);
  Cbc_loadProblem(model.get(), static_cast<int>(columns) + 1, static_cast<int>(program.rows.size()),
                  matrix.start.data(), matrix.row.data(), matrix.value.data(), lower.data(), upper.data(),
                  cost.data(), row_lower.data(), row_upper.data());
  for (std::size_t c = 0; c < columns; ++c) {
    if (program.columns[c].whole) Cbc_setInteger(model.get(), static_cast<int>(c));
  }
  return model;
}

void set_start(Cbc_Model* model, const std::vector<double>& start) {
  std::vector<int> index(start.size());
  std::iota(index.begin(), index.end(), 0);
  Cbc_setMIPStartI(model, static_cast<int>(start.size()), index.data(), start.data());
}

constexpr auto glance = std::chrono::milliseconds(20);
constexpr auto patience = std::chrono::seconds(1);  // for CBC to come back by itself

// One run of CBC on a thread of its own, because CBC does not heed anything while it solves its first
// relaxation. Shared by that thread and the one that waits: whichever lets go last deletes the model.
class Search {
 public:
  explicit Search(Model model) : model_(std::move(model)) {}

  // Whether CBC came to an end. After a stop request it has `patience` left; then it is abandoned: its thread
  // goes on unheard until it ends, or the program does. Nothing else knows its model.
  static bool run(const std::shared_ptr<Search>& search, const std::stop_token& stop) {
    struct sigaction before {};
    ::sigaction(SIGINT, nullptr, &before);
    std::thread([search] {
      Cbc_solve(search->model_.get());
      search->end();
    }).detach();
    const bool ended = search->wait(stop, before);
    ::sigaction(SIGINT, &before, nullptr);
    return ended;
  }
  [[nodiscard]] Cbc_Model* model() const { return model_.get(); }

 private:
  void end() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    wake_.notify_all();
  }

  // While it searches CBC has a handler for SIGINT installed that makes it stop: that is called.
  bool wait(const std::stop_token& stop, const struct sigaction& before) {
    std::unique_lock lock(mutex_);
    auto deadline = std::chrono::steady_clock::time_point::max();
    while (!wake_.wait_for(lock, glance, [this] { return over_; })) {
      if (!stop.stop_requested()) continue;
      const auto now = std::chrono::steady_clock::now();
      deadline = std::min(deadline, now + patience);
      if (now >= deadline) return false;
      struct sigaction current {};
      ::sigaction(SIGINT, nullptr, &current);
      if (current.sa_handler != before.sa_handler) current.sa_handler(SIGINT);
    }
    return true;
  }

  Model model_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
};

MixedIntegerSummary::Stop stop_reason(Cbc_Model* model, const std::stop_token& stop) {
  using Stop = MixedIntegerSummary::Stop;
  if (stop.stop_requested()) return Stop::Interrupted;
  if (Cbc_isProvenInfeasible(model) != 0) return Stop::Infeasible;
  if (Cbc_isSecondsLimitReached(model) != 0) return Stop::TimeLimit;
  return Cbc_status(model) == 0 ? Stop::Gap : Stop::Interrupted;
}

}  // namespace

int MixedIntegerProgram::add(Column column) {
  columns.push_back(column);
  return static_cast<int>(columns.size()) - 1;
}

void MixedIntegerProgram::add_row(double low, double high, std::vector<Term> terms) {
  rows.push_back({low, high, std::move(terms)});
}

double MixedIntegerProgram::objective(const std::vector<double>& x) const {
  double sum = constant;
  for (std::size_t c = 0; c < columns.size(); ++c) sum += columns[c].cost * x[c];
  return sum;
}

MixedIntegerSummary solve(const MixedIntegerProgram& program, const MixedIntegerOptions& options) {
  const auto search = std::make_shared<Search>(make_model(program));
  Cbc_Model* model = search->model();
  Cbc_setObjSense(model, 1.0);
  Cbc_setAllowableFractionGap(model, options.gap);
  Cbc_setParameter(model, "timeMode", "elapsed");
  Cbc_setParameter(model, "sec", std::to_string(options.time_limit_seconds).c_str());
  if (!options.start.empty()) set_start(model, options.start);
  if (!Search::run(search, options.stop)) return {.stop = MixedIntegerSummary::Stop::Interrupted};

  MixedIntegerSummary summary{.stop = stop_reason(model, options.stop)};
  summary.bound = Cbc_getBestPossibleObjValue(model);
  if (const double* best = Cbc_bestSolution(model)) {
    summary.x.assign(best, best + program.columns.size());
    for (std::size_t c = 0; c < summary.x.size(); ++c) {
      if (program.columns[c].whole) summary.x[c] = std::round(summary.x[c]);
    }
    summary.objective = program.objective(summary.x);
  }
  return summary;
}

}  // namespace bandwright
