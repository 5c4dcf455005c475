#include "optimizer/solvers/lower_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bandwright {
namespace {

double sum_over(DimensionSet set, const Vector& x) {
  double sum = 0.0;
  for (int d = 0; d < x.size(); ++d) {
    if (contains(set, d)) sum += x(d);
  }
  return sum;
}

// sum_t 2 sqrt(L_t y_t): first y_t = L_t / x(t)^2, its best value where nothing limits it, then every y_t by
// the factor that the tightest of its dimensions allows.
double load_terms(const LowerModel& model, const Vector& loads, const Vector& q, const Vector& near) {
  const std::vector<DimensionSet>& sets = model.sets();
  Vector y = Vector::Zero(loads.size());
  Vector used = Vector::Zero(q.size());
  for (std::size_t t = 0; t < sets.size(); ++t) {
    const auto column = static_cast<Eigen::Index>(t);
    const double shared = std::max(sum_over(sets[t], near), 1e-12);
    y(column) = loads(column) / (shared * shared);
    for (int d = 0; d < q.size(); ++d) {
      if (contains(sets[t], d)) used(d) += y(column);
    }
  }
  double sum = 0.0;
  for (std::size_t t = 0; t < sets.size(); ++t) {
    const auto column = static_cast<Eigen::Index>(t);
    if (y(column) <= 0.0) continue;
    double factor = std::numeric_limits<double>::infinity();
    for (int d = 0; d < q.size(); ++d) {
      if (contains(sets[t], d)) factor = std::min(factor, std::max(0.0, q(d)) / used(d));
    }
    sum += 2.0 * std::sqrt(loads(column) * y(column) * factor);
  }
  return sum;
}

}  // namespace

bool LowerModel::add(const Cut& cut) {
  if (std::find_if(cuts_.begin(), cuts_.end(), [&](const Cut& known) {
        return known.constant_ns == cut.constant_ns && known.loads == cut.loads;
      }) != cuts_.end()) {
    return false;
  }
  for (const Load& load : cut.loads) {
    if (load.bytes <= 0.0 || std::find(sets_.begin(), sets_.end(), load.dims) != sets_.end()) continue;
    sets_.push_back(load.dims);
  }
  const Eigen::Index known = loads_.cols();
  loads_.conservativeResize(size() + 1, static_cast<Eigen::Index>(sets_.size()));
  loads_.rightCols(loads_.cols() - known).setZero();
  loads_.bottomRows(1).setZero();
  for (const Load& load : cut.loads) {
    const auto column = std::find(sets_.begin(), sets_.end(), load.dims) - sets_.begin();
    if (load.bytes > 0.0) loads_(size(), column) += load.bytes / (unit_gb_per_s_ * unit_ns_);
  }
  constants_.conservativeResize(size() + 1);
  constants_(size() - 1) = cut.constant_ns / unit_ns_;
  cuts_.push_back(cut);
  return true;
}

double LowerModel::at(const Vector& x) const {
  Vector values = constants_;
  for (std::size_t t = 0; t < sets_.size(); ++t) {
    const Vector column = loads_.col(static_cast<Eigen::Index>(t));
    const double shared = sum_over(sets_[t], x);
    for (Eigen::Index i = 0; i < values.size(); ++i) {
      if (column(i) > 0) values(i) += column(i) / shared;
    }
  }
  return values.maxCoeff();
}

bool LowerModel::loads_only_zero(const Vector& x) const {
  return std::any_of(sets_.begin(), sets_.end(), [&](DimensionSet set) { return sum_over(set, x) < 1e-9; });
}

double certified_bound(const LowerModel& model, const Region& region, const Vector& linear,
                       const Vector& lambda, const Multipliers& mu, const Vector& near) {
  const Eigen::Index n = linear.size();
  const Eigen::Index constraints = region.rows.rows() - n;
  Vector q = linear;
  q.noalias() += region.rows.bottomRows(constraints).transpose() * mu.rows.tail(constraints);
  q.noalias() += region.equalities.transpose() * mu.equalities;
  const double budget_rows = mu.rows.tail(constraints).dot(region.bounds.tail(constraints));
  const double budget_equalities = mu.equalities.dot(region.values);
  double bound = -budget_rows - budget_equalities;
  double size = mu.rows.tail(constraints).cwiseProduct(region.bounds.tail(constraints)).lpNorm<1>() +
                mu.equalities.cwiseProduct(region.values).lpNorm<1>();
  const Vector weights = lambda.cwiseMax(0.0);
  const double total = weights.sum();
  if (total > 0) {
    const double constant = weights.dot(model.constants()) / total;
    const double terms = load_terms(model, model.loads().transpose() * weights / total, q, near);
    bound += constant + terms;
    size += std::abs(constant) + terms;
  }
  for (Eigen::Index d = 0; d < n; ++d) {
    const double corrected = std::min(0.0, q(d));
    if (corrected < 0) bound += corrected * region.upper(d);
  }
  const double rounding = 32.0 * std::numeric_limits<double>::epsilon();
  return bound - rounding * size;
}

}  // namespace bandwright
