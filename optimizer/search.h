#pragma once
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "optimizer/problem.h"
#include "optimizer/solvers/lower_model.h"
#include "optimizer/summary.h"

namespace bandwright {

// One optimisation in progress: the region, everything the oracles have answered, and the conversation with
// the caller. Scaled throughout: x in units of bandwidth, times in units of the time at the first point.
class Search {
 public:
  // Asks the oracles once with each dimension starved, so that the model loads every dimension that carries
  // anything, and once inside the region. `known` cuts replace those questions.
  Search(const Problem& problem, const Options& options, std::span<const Cut> known = {});

  [[nodiscard]] bool infeasible() const { return face_.empty; }
  [[nodiscard]] const Problem& problem() const { return problem_; }
  [[nodiscard]] const Region& region() const { return region_; }
  [[nodiscard]] const Face& face() const { return face_; }
  [[nodiscard]] const LowerModel& model() const { return model_; }
  [[nodiscard]] const std::vector<DimensionSet>& loaded() const { return model_.sets(); }

  // T(x); the model learns the cut.
  double ask(const Vector& x);
  [[nodiscard]] std::vector<double> gb_per_s(const Vector& x) const;
  [[nodiscard]] Vector scaled(std::span<const double> gb_per_s) const;

  // Objectives in units of ns or ns * $.
  void report(double objective, double lower_bound);
  [[nodiscard]] bool stopped() const { return options_.stop.stop_requested(); }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] int evaluations() const { return evaluations_; }
  [[nodiscard]] std::vector<Iteration> take_trace() { return std::move(trace_); }

 private:
  Cut cut_at(const Vector& x);

  const Problem& problem_;
  const Options& options_;
  Region region_;
  Face face_;
  LowerModel model_;
  std::vector<Iteration> trace_;
  int evaluations_ = 0;
};

// minimise linear . x + T(x) over a part of the region, by Kelley's cutting planes (J. E. Kelley, J. SIAM
// 8(4), 1960): minimise the model, ask there, until the best value found meets the certified bound.
struct Optimum {
  Status status = Status::IterationLimit;
  Vector x;
  double value = std::numeric_limits<double>::infinity();
  double bound = -std::numeric_limits<double>::infinity();
  Multipliers multipliers;  // that prove the bound
  Vector weights;           // of the cuts known then, likewise; sum 1
};

struct CuttingPlanes {
  double gap = 1e-11;   // relative, that has to be reached
  bool refine = false;  // go on below it for as long as a round halves the gap
  int max_rounds = 1000;
  bool ask = true;  // otherwise T is what the model knows of it
  Vector linear;    // empty: T alone
  std::function<void(const Optimum&)> on_round;
};

Optimum minimize_time(Search& search, const Region& region, const Face& face, const CuttingPlanes& how = {});

// The minimiser of  linear . x + time_weight * model(x)  over the face, and the bound it proves.
Optimum minimize_model(const LowerModel& model, const Region& region, const Face& face, const Vector& linear,
                       double time_weight);

}  // namespace bandwright
