#include "validation/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlopt.hpp>
#include <random>
#include <utility>

#include "core/error.h"
#include "core/stopping.h"

namespace bandwright {
namespace {

// The rows of a stage: which set each belongs to decides its weight.
struct StageRow {
  std::size_t set = 0;
  std::size_t row = 0;
  double weight = 0.0;
};

bool concerns(const FitStage& stage, const Measurement& row) {
  return std::any_of(stage.constants.begin(), stage.constants.end(), [&](const FittedConstant& constant) {
    return std::find(row.constants.begin(), row.constants.end(), constant.kind) != row.constants.end();
  });
}

// Two sets are the median of many steps each, of software that was tuned to its machine: what is fitted on
// hundreds of steps beside them must not take their accuracy.
double emphasis(std::string_view set) {
  if (set == "mlperf_llm_step_times") return 5.0;
  return set == "megatron_core_h100_weak_scaling" ? 8.0 : 1.0;
}

std::vector<StageRow> rows_of(const FitStage& stage, const std::vector<DataSet>& sets) {
  std::vector<StageRow> rows;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    if (std::find(stage.sets.begin(), stage.sets.end(), sets[s].name) == stage.sets.end()) continue;
    std::vector<std::size_t> members;
    for (std::size_t r = 0; r < sets[s].rows.size(); ++r) {
      if (concerns(stage, sets[s].rows[r])) members.push_back(r);
    }
    const double weight =
        emphasis(sets[s].name) / (sets[s].target_percent * std::sqrt(static_cast<double>(members.size())));
    for (const std::size_t r : members) rows.push_back({s, r, 100.0 * weight});
  }
  return rows;
}

void put(Calibration& calibration, const FitStage& stage, const std::vector<double>& logarithms) {
  for (std::size_t i = 0; i < stage.constants.size(); ++i) {
    constant(calibration, stage.constants[i]) = std::exp(logarithms[i]);
  }
}

std::vector<double> get(Calibration calibration, const FitStage& stage) {
  std::vector<double> logarithms;
  for (const FittedConstant& each : stage.constants) {
    logarithms.push_back(std::log(std::clamp(constant(calibration, each), each.low, each.high)));
  }
  return logarithms;
}

struct Objective {
  std::function<double(const std::vector<double>&)> of;
  StopCheck stop;
};

double call_objective(const std::vector<double>& x, std::vector<double>&, void* objective) {
  const auto& asked = *static_cast<Objective*>(objective);
  asked.stop.look();
  return asked.of(x);
}

double minimize(const FitStage& stage, std::function<double(const std::vector<double>&)> of,
                std::vector<double>& x, int evaluations, double first_step) {
  nlopt::opt search(nlopt::LN_SBPLX, static_cast<unsigned>(x.size()));
  std::vector<double> low;
  std::vector<double> high;
  for (const FittedConstant& each : stage.constants) {
    low.push_back(std::log(each.low));
    high.push_back(std::log(each.high));
  }
  search.set_lower_bounds(low);
  search.set_upper_bounds(high);
  search.set_initial_step(first_step);
  Objective objective{std::move(of), {}};
  search.set_min_objective(call_objective, &objective);
  search.set_maxeval(evaluations);
  search.set_xtol_rel(1e-5);
  double best = 0.0;
  try {
    search.optimize(x, best);
  } catch (...) {
    objective.stop.look();  // NLopt has an error of its own for what is thrown out of an objective
    throw;
  }
  return best;
}

// The predictions of a stage's rows as functions of its constants, linear in logarithms about one point.
class Linearisation {
 public:
  Linearisation(const FitStage& stage, const std::vector<DataSet>& sets, const Calibration& at)
      : rows_(rows_of(stage, sets)), start_(get(at, stage)) {
    const auto logarithms = [&](const std::vector<double>& x) {
      Calibration calibration = at;
      put(calibration, stage, x);
      std::vector<double> result;
      for (const StageRow& each : rows_) {
        const Measurement& row = sets[each.set].rows[each.row];
        StopCheck().look();
        result.push_back(std::log(row.predict(calibration) / row.measured));
      }
      return result;
    };
    base_ = logarithms(start_);
    for (std::size_t i = 0; i < start_.size(); ++i) {
      std::vector<double> moved = start_;
      moved[i] += step;
      slopes_.push_back(logarithms(moved));
      for (std::size_t r = 0; r < base_.size(); ++r) {
        slopes_.back()[r] = (slopes_.back()[r] - base_[r]) / step;
      }
    }
  }

  // The objective without the rows for which left_out() is true.
  template <class Predicate>
  [[nodiscard]] double operator()(const std::vector<double>& x, Predicate left_out) const {
    double sum = 0.0;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (left_out(rows_[r])) continue;
      double logarithm = base_[r];
      for (std::size_t i = 0; i < x.size(); ++i) logarithm += slopes_[i][r] * (x[i] - start_[i]);
      sum += rows_[r].weight * std::abs(logarithm);
    }
    return sum;
  }

  [[nodiscard]] const std::vector<StageRow>& rows() const { return rows_; }
  [[nodiscard]] const std::vector<double>& start() const { return start_; }

 private:
  static constexpr double step = 0.02;
  std::vector<StageRow> rows_;
  std::vector<double> start_;
  std::vector<double> base_;
  std::vector<std::vector<double>> slopes_;
};

// Which rows are left out together: those of one configuration, whatever their set; of many configurations,
// every twentieth.
class Folds {
 public:
  Folds(const std::vector<DataSet>& sets, std::size_t which) {
    for (const Measurement& row : sets[which].rows) number(row);
    folds_ = numbers_.size() + alone_ > 60 ? 20 : numbers_.size() + alone_;
    for (const Measurement& row : sets[which].rows) of_row_.push_back(next(row) % folds_);
    for (const DataSet& set : sets) {
      std::vector<std::size_t>& found = of_set_.emplace_back();
      for (const Measurement& row : set.rows) {
        const auto known = numbers_.find(row.configuration);
        found.push_back(known == numbers_.end() ? folds_ : known->second % folds_);
      }
    }
    of_set_[which] = of_row_;
  }
  [[nodiscard]] std::size_t count() const { return folds_; }
  [[nodiscard]] std::size_t of(const StageRow& row) const { return of_set_[row.set][row.row]; }

 private:
  void number(const Measurement& row) {
    if (row.configuration.empty()) {
      ++alone_;
    } else {
      numbers_.try_emplace(row.configuration, numbers_.size());
    }
  }
  std::size_t next(const Measurement& row) {
    return row.configuration.empty() ? numbers_.size() + given_++ : numbers_.at(row.configuration);
  }

  std::map<std::string, std::size_t> numbers_;
  std::size_t alone_ = 0;
  std::size_t given_ = 0;
  std::size_t folds_ = 0;
  std::vector<std::size_t> of_row_;
  std::vector<std::vector<std::size_t>> of_set_;
};

// A constant that no other row depends on stays where it was, and none leaves the range in which the
// linearisation holds.
double leash(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double stay = 1e-3;
  constexpr double range = 0.1;
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double away = std::abs(a[i] - b[i]);
    sum += stay * away + 100.0 * std::max(0.0, away - range);
  }
  return sum;
}

// Refits a stage without each fold of one set, and predicts that fold.
void refit_folds(const FitStage& stage, const std::vector<DataSet>& sets, std::size_t which,
                 const Calibration& fitted, std::vector<double>& errors) {
  const Linearisation model(stage, sets, fitted);
  const Folds folds(sets, which);
  for (std::size_t fold = 0; fold < folds.count(); ++fold) {
    const auto held = [&](const StageRow& row) { return folds.of(row) == fold; };
    std::vector<double> x = model.start();
    const auto objective = [&](const std::vector<double>& point) {
      return model(point, held) + leash(point, model.start());
    };
    minimize(stage, objective, x, 400, 0.05);
    Calibration refitted = fitted;
    put(refitted, stage, x);
    for (const StageRow& row : model.rows()) {
      if (row.set == which && held(row)) {
        errors[row.row] = relative_error(sets[which].rows[row.row], refitted);
      }
    }
  }
}

}  // namespace

double& constant(Calibration& calibration, const FittedConstant& which) {
  for (auto& [name, npu] : calibration.npus) {
    if (name != which.kind) continue;
    if (which.field == "gemm_efficiency") return npu.gemm_efficiency;
    if (which.field == "memory_efficiency") return npu.memory_efficiency;
    if (which.field == "kernel_overhead_us") return npu.kernel_overhead_us;
    if (which.field == "slice_ns") return npu.slice_ns;
    if (which.field == "sustained") return npu.sustained;
    if (which.field == "host_us") return npu.host_us;
  }
  for (auto& [name, fabric] : calibration.fabrics) {
    if (name != which.kind) continue;
    if (which.field == "efficiency") return fabric.efficiency;
    if (which.field == "latency_us") return fabric.latency_us;
    if (which.field == "step_us") return fabric.step_us;
  }
  throw InputError(fmt::format("no constant '{}' of '{}'", which.field, which.kind));
}

ConstantFit fit_stage(const FitStage& stage, const std::vector<DataSet>& sets, const Calibration& start,
                      int evaluations) {
  ConstantFit summary{.calibration = start};
  const std::vector<StageRow> rows = rows_of(stage, sets);
  if (rows.empty()) return summary;
  const auto objective = [&](const std::vector<double>& x) {
    ++summary.evaluations;
    Calibration calibration = start;
    put(calibration, stage, x);
    double sum = 0.0;
    for (const StageRow& each : rows) {
      sum += each.weight * std::abs(std::log1p(relative_error(sets[each.set].rows[each.row], calibration)));
    }
    return sum;
  };
  std::vector<double> x = get(start, stage);
  summary.objective = minimize(stage, objective, x, evaluations, 0.15);
  put(summary.calibration, stage, x);
  return summary;
}

Calibration fit(const std::vector<DataSet>& sets, const Calibration& start, int evaluations) {
  Calibration calibration = start;
  for (const FitStage& stage : fit_stages()) {
    calibration = fit_stage(stage, sets, calibration, evaluations).calibration;
  }
  return calibration;
}

namespace {

// The fitted constants as they are before anything is measured.
Calibration defaults(const Calibration& shipped) {
  Calibration result = shipped;
  for (const FitStage& stage : fit_stages()) {
    for (const FittedConstant& each : stage.constants) {
      Calibration plain{.npus = {{each.kind, {}}}, .fabrics = {{each.kind, {}}}};
      constant(result, each) = constant(plain, each);
    }
  }
  return result;
}

// The rows of a set in a random order (Fisher and Yates).
std::vector<Measurement> shuffled(std::vector<Measurement> rows, std::mt19937_64& random) {
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random() % i]);
  return rows;
}

}  // namespace

Halves fit_half(const std::vector<DataSet>& sets, const Calibration& shipped, std::uint64_t seed,
                int evaluations) {
  std::mt19937_64 random(seed);
  Halves halves;
  std::vector<DataSet> fitted;
  for (const DataSet& set : sets) {
    const std::vector<Measurement> rows = shuffled(set.rows, random);
    const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
    DataSet& one = fitted.emplace_back(set);
    one.rows.assign(rows.begin(), middle);
    DataSet& other = halves.held.emplace_back(set);
    other.rows.assign(middle, rows.end());
  }
  halves.calibration = fit(fitted, defaults(shipped), evaluations);
  return halves;
}

std::vector<double> leave_one_out(const std::vector<DataSet>& sets, std::size_t which,
                                  const Calibration& fitted) {
  std::vector<double> errors;
  for (const Measurement& row : sets[which].rows) errors.push_back(relative_error(row, fitted));
  for (const FitStage& stage : fit_stages()) {
    const bool takes_part =
        std::find(stage.sets.begin(), stage.sets.end(), sets[which].name) != stage.sets.end();
    const bool concerned = takes_part && std::any_of(sets[which].rows.begin(), sets[which].rows.end(),
                                                     [&](const auto& row) { return concerns(stage, row); });
    if (concerned) refit_folds(stage, sets, which, fitted, errors);
  }
  return errors;
}

}  // namespace bandwright
