#include "optimizer/search.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

constexpr double starved = 1e-3;      // of the typical bandwidth
constexpr double finest_gap = 1e-13;  // what doubles can tell apart

std::vector<double> in_gb_per_s(const Vector& x, double unit) {
  std::vector<double> values(static_cast<std::size_t>(x.size()));
  for (std::size_t d = 0; d < values.size(); ++d)
    values[d] = std::max(0.0, x(static_cast<Eigen::Index>(d))) * unit;
  return values;
}

}  // namespace

Search::Search(const Problem& problem, const Options& options, std::span<const Cut> known)
    : problem_(problem),
      options_(options),
      region_(region_of(problem)),
      face_(face_of(region_, Vector::Ones(problem.dimensions))),
      model_(region_.unit_gb_per_s, 1.0) {
  std::vector<Cut> cuts(known.begin(), known.end());
  if (cuts.empty()) {
    for (int d = 0; d < problem.dimensions; ++d) {
      Vector x = Vector::Ones(problem.dimensions);
      x(d) = starved;
      cuts.push_back(cut_at(x));
    }
  }
  for (const Cut& cut : cuts) model_.add(cut);
  if (!face_.empty && model_.loads_only_zero(face_.inside)) face_.empty = true;
  if (face_.empty) return;
  cuts.push_back(cut_at(face_.inside));
  const double time = cuts.back().at(gb_per_s(face_.inside));
  model_ = LowerModel(region_.unit_gb_per_s, time > 0 ? time : 1.0);
  for (const Cut& cut : cuts) model_.add(cut);
}

Cut Search::cut_at(const Vector& x) {
  ++evaluations_;
  return step_time(problem_, gb_per_s(x));
}

double Search::ask(const Vector& x) {
  const Cut cut = cut_at(x);
  model_.add(cut);
  return cut.at(gb_per_s(x)) / model_.unit_ns();
}

std::vector<double> Search::gb_per_s(const Vector& x) const { return in_gb_per_s(x, region_.unit_gb_per_s); }

Vector Search::scaled(std::span<const double> gb_per_s) const {
  return Eigen::Map<const Vector>(gb_per_s.data(), static_cast<Eigen::Index>(gb_per_s.size())) /
         region_.unit_gb_per_s;
}

void Search::report(double objective, double lower_bound) {
  trace_.push_back({static_cast<int>(trace_.size()) + 1, objective, lower_bound, evaluations_});
  if (options_.on_iteration) options_.on_iteration(trace_.back());
}

Optimum minimize_model(const LowerModel& model, const Region& region, const Face& face, const Vector& linear,
                       double time_weight) {
  const Eigen::Index n = face.inside.size();
  const Eigen::Index cuts = model.size();
  const Eigen::Index rows = face.rows.rows();
  const double typical = model.at(face.inside);
  const double time = typical > 0 ? typical : 1.0;
  ConvexProgram program;  // over (x, tau): every cut stays below tau * time
  program.cost.resize(n + 1);
  program.cost << linear / (time_weight * time), 1.0;
  program.sets = model.sets();
  program.loads = model.loads() / time;
  program.rows = Matrix::Zero(cuts + rows, n + 1);
  program.rows.col(n).head(cuts).setConstant(-1.0);
  program.rows.bottomLeftCorner(rows, n) = face.rows;
  program.bounds.resize(cuts + rows);
  program.bounds << -model.constants() / time, face.bounds;
  program.equalities = Matrix::Zero(face.equalities.rows(), n + 1);
  program.equalities.leftCols(n) = face.equalities;
  program.values = face.values;
  Vector start(n + 1);
  start << face.inside, typical / time + 0.5;
  const Stationary found = minimize(program, start);
  Optimum optimum;
  optimum.x = found.x.head(n);
  Multipliers& multipliers = optimum.multipliers;
  multipliers = lift(region, face, found.multipliers.tail(rows), found.equality_multipliers);
  multipliers.rows *= time;
  multipliers.equalities *= time;
  optimum.bound = time_weight * certified_bound(model, region, linear / time_weight,
                                                found.multipliers.head(cuts), multipliers, optimum.x);
  optimum.weights = found.multipliers.head(cuts).cwiseMax(0.0);
  if (const double sum = optimum.weights.sum(); sum > 0.0) optimum.weights /= sum;
  multipliers.rows *= time_weight;
  multipliers.equalities *= time_weight;
  return optimum;
}

Optimum minimize_time(Search& search, const Region& region, const Face& face, const CuttingPlanes& how) {
  Optimum best;
  double last_gap = std::numeric_limits<double>::infinity();
  const Vector linear = how.linear.size() > 0 ? how.linear : Vector(Vector::Zero(face.inside.size()));
  for (int round = 0; round < how.max_rounds; ++round) {
    Optimum found = minimize_model(search.model(), region, face, linear, 1.0);
    if (search.model().constants().minCoeff() >= 0)
      found.bound = std::max(found.bound, 0.0);  // loads are >= 0
    if (found.bound > best.bound) {
      best.bound = found.bound;
      best.multipliers = found.multipliers;
      best.weights = found.weights;
    }
    const Eigen::Index known = search.model().size();
    const double value = linear.dot(found.x) + (how.ask ? search.ask(found.x) : search.model().at(found.x));
    if (value < best.value) {
      best.value = value;
      best.x = found.x;
    }
    if (how.on_round) how.on_round(best);
    const double gap = (best.value - best.bound) / std::max(best.value, 1e-300);
    const bool stalled = search.model().size() == known || gap > 0.5 * last_gap;
    if (gap <= finest_gap || (gap <= how.gap && (!how.refine || stalled))) {
      best.status = Status::Optimal;
      return best;
    }
    if (search.model().size() == known && gap >= last_gap) return best;
    if (search.stopped()) {
      best.status = Status::Interrupted;
      return best;
    }
    last_gap = gap;
  }
  return best;
}

}  // namespace bandwright
