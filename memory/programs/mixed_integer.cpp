#include "memory/programs/mixed_integer.h"

#include <CbcModel.hpp>
#include <CbcSolver.hpp>
#include <ClpEventHandler.hpp>
#include <ClpSimplex.hpp>
#include <CoinError.hpp>
#include <CoinTime.hpp>
#include <OsiClpSolverInterface.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace bandwright {
namespace {

using Stop = MixedIntegerSummary::Stop;
using Clock = std::chrono::steady_clock;

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

OsiClpSolverInterface make_solver(const MixedIntegerProgram& program) {
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
  OsiClpSolverInterface solver;
  solver.messageHandler()->setLogLevel(0);
  solver.loadProblem(static_cast<int>(columns) + 1, static_cast<int>(program.rows.size()),
                     matrix.start.data(), matrix.row.data(), matrix.value.data(), lower.data(), upper.data(),
                     cost.data(), row_lower.data(), row_upper.data());
  for (std::size_t c = 0; c < columns; ++c) {
    if (program.columns[c].whole) solver.setInteger(static_cast<int>(c));
  }
  return solver;
}

// When a search has to end.
struct End {
  Clock::time_point deadline;
  std::stop_token stop;

  [[nodiscard]] double seconds_left() const {
    return std::chrono::duration<double>(deadline - Clock::now()).count();
  }
  [[nodiscard]] bool due() const { return stop.stop_requested() || Clock::now() >= deadline; }
  [[nodiscard]] Stop reason() const { return stop.stop_requested() ? Stop::Interrupted : Stop::TimeLimit; }
};

// Ends one run of CBC 2.10, which cannot be left to CBC's own time limit: where that runs out during
// preprocessing, CglPreProcess leaves its loop with fewer models than it counts, and postProcess() reads one
// that does not exist; or it hands back no model, which CBC calls infeasible (Cgl 0.60,
// preProcessNonDefault). So CBC knows of no limit before it branches: until its program is preprocessed,
// relaxations are given up from within the simplex method, one and all, and CBC's answer is not used. While
// it branches, its own limit is brought forward. All of this happens on CBC's own thread.
class Watch {
 public:
  explicit Watch(End end) : end_(std::move(end)) {}

  // At an iteration: whether the relaxation is to be given up.
  bool gives_up() {
    if (stage_ == Stage::Over || (!ended_ && !end_.due())) return false;
    ended_ = true;
    if (stage_ == Stage::Branching) {
      branching_->setMaximumSeconds(-COIN_DBL_MAX);
    } else {
      spoilt_ = true;
    }
    return spoilt_ && stage_ == Stage::Preparing;
  }

  // CBC has come to a place it tells of (CbcMain1 in CbcSolver.cpp): 1 the relaxation is solved, 2 the
  // program is preprocessed (unless that is off), 3 branching begins, 4 and has ended.
  void reach(CbcModel& model, int place) {
    if (place == 1 && model.solver()->isProvenOptimal()) relaxation_ = model.solver()->getObjValue();
    if (place == 2 || place == 3) {
      branching_ = &model;
      stage_ = Stage::Branching;
    }
    if (place == 3) {
      model.setDblParam(CbcModel::CbcStartSeconds, CoinGetTimeOfDay());
      model.setMaximumSeconds(ended_ ? -COIN_DBL_MAX : end_.seconds_left());
    }
    if (place == 4) {
      ended_ = ended_ || end_.due();
      stage_ = Stage::Over;
    }
  }

  [[nodiscard]] const End& end() const { return end_; }
  [[nodiscard]] bool ended() const { return ended_; }              // CBC was, before it was done
  [[nodiscard]] bool spoilt() const { return spoilt_; }            // and its answer means nothing
  [[nodiscard]] double relaxation() const { return relaxation_; }  // the relaxation's optimum, a bound

 private:
  enum class Stage { Preparing, Branching, Over };
  End end_;
  Stage stage_ = Stage::Preparing;
  CbcModel* branching_ = nullptr;
  bool ended_ = false;
  bool spoilt_ = false;
  double relaxation_ = -MixedIntegerProgram::infinity;
};

int on_place(CbcModel* model, int place) {
  static_cast<Watch*>(model->getApplicationData())->reach(*model, place);
  return 0;
}

// CBC copies its models, and this with them.
class Handler : public ClpEventHandler {
 public:
  explicit Handler(Watch& watch) : watch_(&watch) {}
  int event(Event what) override {
    const bool iteration = what == endOfIteration || what == endOfFactorization;
    return iteration && watch_->gives_up() ? 0 : -1;
  }
  [[nodiscard]] ClpEventHandler* clone() const override { return new Handler(*this); }

 private:
  Watch* watch_;
};

std::vector<std::pair<std::string, double>> named(const OsiSolverInterface& solver,
                                                  const std::vector<double>& point) {
  std::vector<std::pair<std::string, double>> result;
  for (std::size_t c = 0; c < point.size(); ++c) {
    result.emplace_back(solver.getColName(static_cast<int>(c)), point[c]);
  }
  return result;
}

MixedIntegerSummary summarise(const MixedIntegerProgram& program, CbcModel& model, const Watch& watch) {
  MixedIntegerSummary summary{.stop = watch.end().reason(), .bound = watch.relaxation()};
  if (watch.spoilt()) return summary;
  if (!watch.ended()) {
    summary.stop = model.status() == 0 ? Stop::Gap : Stop::GivenUp;
    if (model.isProvenInfeasible()) summary.stop = Stop::Infeasible;
  }
  // Cut short, CBC can take the best it has for proved.
  const bool bounded = !watch.ended() || model.status() != 0 || model.secondaryStatus() == 2;
  if (bounded) summary.bound = std::max(summary.bound, model.getBestPossibleObjValue());
  if (const double* best = model.bestSolution()) {
    summary.x.assign(best, best + program.columns.size());
    for (std::size_t c = 0; c < summary.x.size(); ++c) {
      if (program.columns[c].whole) summary.x[c] = std::round(summary.x[c]);
    }
    summary.objective = program.objective(summary.x);
  }
  return summary;
}

MixedIntegerSummary search(const MixedIntegerProgram& program, const MixedIntegerOptions& options,
                           const End& end, bool preprocess) {
  Watch watch(end);
  CbcModel model(make_solver(program));
  Handler handler(watch);
  dynamic_cast<OsiClpSolverInterface&>(*model.solver()).getModelPtr()->passInEventHandler(&handler);
  model.setApplicationData(&watch);
  CbcSolverUsefulData settings;
  settings.noPrinting_ = false;  // by the log level
  CbcMain0(model, settings);
  settings.useSignalHandler_ = false;  // Ctrl-C is ours
  model.setLogLevel(0);
  model.setAllowableFractionGap(options.gap);
  if (!options.start.empty()) model.setMIPStart(named(*model.solver(), options.start));
  std::vector<const char*> words = {"cbc", "-timeMode", "elapsed"};
  if (!preprocess) words.insert(words.end(), {"-preprocess", "off"});
  words.insert(words.end(), {"-solve", "-quit"});
  try {
    CbcMain1(static_cast<int>(words.size()), words.data(), model, on_place, settings);
  } catch (const CoinError&) {
    return {.stop = watch.ended() ? end.reason() : Stop::GivenUp, .bound = watch.relaxation()};
  }
  return summarise(program, model, watch);
}

// Runs of CBC, each on a thread of its own, so that one which does not hear that it is to end can be left to
// itself.
class Searches {
 public:
  static Searches& all() {
    static Searches searches;
    return searches;
  }

  MixedIntegerSummary run(const MixedIntegerProgram& program, const MixedIntegerOptions& options,
                          const End& end, bool preprocess) {
    MixedIntegerSummary unheard{.stop = Stop::Interrupted};
    std::unique_lock lock(mutex_);
    while (busy_) {
      if (end.stop.stop_requested()) return unheard;
      over_.wait_for(lock, between_looks);
    }
    if (thread_.joinable()) thread_.join();
    busy_ = true;
    const auto run = std::make_shared<Run>();
    thread_ = std::jthread([this, run, program, options, end, preprocess] {
      try {
        run->summary = search(program, options, end, preprocess);
      } catch (...) {
        run->failure = std::current_exception();
      }
      const std::lock_guard done(mutex_);
      run->over = true;
      busy_ = false;
      over_.notify_all();
    });
    while (!run->over && !end.stop.stop_requested()) over_.wait_for(lock, between_looks);
    if (!over_.wait_for(lock, patience, [&] { return run->over; })) return unheard;
    if (run->failure) std::rethrow_exception(run->failure);
    return run->summary;
  }

 private:
  static constexpr std::chrono::milliseconds between_looks{10};
  static constexpr std::chrono::milliseconds patience{50};  // with a search that has been told to end
  struct Run {
    bool over = false;
    MixedIntegerSummary summary;
    std::exception_ptr failure;
  };

  std::mutex mutex_;
  std::condition_variable over_;
  bool busy_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

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
  constexpr double longest = 1e9;  // what a clock can add up
  const auto limit = std::chrono::duration<double>(std::min(options.time_limit_seconds, longest));
  const End end{Clock::now() + std::chrono::duration_cast<Clock::duration>(limit), options.stop};
  if (end.due()) return {.stop = end.reason()};
  MixedIntegerSummary found = Searches::all().run(program, options, end, true);
  // CBC's preprocessing is known to call programs infeasible that are not (coin-or/Cbc issues 466 and 749),
  // so that is only believed without it.
  const bool closed = !found.x.empty() && found.objective - found.bound <= options.gap * found.objective;
  if (found.stop == Stop::TimeLimit && closed) found.stop = Stop::Gap;  // both at once
  if (found.stop != Stop::Infeasible && found.stop != Stop::GivenUp) return found;
  return Searches::all().run(program, options, end, false);
}

}  // namespace bandwright
