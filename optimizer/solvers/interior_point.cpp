#include "optimizer/solvers/interior_point.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

constexpr int most_variables = max_dimensions + 1;
constexpr int most_iterations = 100;
constexpr int patience = 8;      // iterations that do not halve a small error before the best point is taken
constexpr double nearly = 1e-6;  // small enough to lose patience
constexpr double far = 1e-3;     // a residual that Newton steps may fail to mend quadratically
constexpr double accuracy = 1e-13;
constexpr double smallest_product =
    3e-15;  // of slack and multiplier: a smaller one drowns the curvature in rounding

using Small =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, most_variables, most_variables>;
using SmallVector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, most_variables, 1>;

struct Direction {
  SmallVector x;
  Vector slack;
  Vector multiplier;
  SmallVector equality;
};

class PrimalDual {
 public:
  PrimalDual(const ConvexProgram& program, const Vector& start);
  Stationary run();

 private:
  void linearize();
  void factorize();
  void solve(const Vector& complementarity, Direction& step) const;
  [[nodiscard]] double longest(const Direction& step) const;
  [[nodiscard]] double gentle(const Direction& step) const;
  [[nodiscard]] double error() const;
  void advance();

  const ConvexProgram& program_;
  Eigen::Index rows_, curved_;
  SmallVector x_;
  Vector slack_, multiplier_;
  SmallVector equality_;
  // At the current point: gradients of the rows (one column each), residuals, curvature, Newton matrix (its
  // lower half).
  Matrix gradient_, scaled_gradient_;
  Vector primal_residual_;
  SmallVector dual_residual_, equality_residual_;
  Small hessian_;
  Eigen::LLT<Small> newton_;
  Small equality_response_;  // newton^-1 equalities^T
  Eigen::LDLT<Small> schur_;
  Vector complementarity_;
  Direction affine_, step_;
};

double sum_over(DimensionSet set, const SmallVector& x) {
  double sum = 0.0;
  for (int d = 0; set != 0; ++d, set >>= 1U) {
    if ((set & 1U) != 0) sum += x(d);
  }
  return sum;
}

PrimalDual::PrimalDual(const ConvexProgram& program, const Vector& start)
    : program_(program), rows_(program.rows.rows()), curved_(program.loads.rows()), x_(start) {
  multiplier_ = Vector::Zero(rows_);
  equality_ = SmallVector::Zero(program.equalities.rows());
  slack_ = Vector::Zero(rows_);
  gradient_.resize(x_.size(), rows_);
  linearize();  // with no slack the residual is the row's value
  slack_ = (-primal_residual_).cwiseMax(0.1);
  slack_.tail(rows_ - curved_) = -primal_residual_.tail(rows_ - curved_);
  const double complementarity = 0.1;
  multiplier_ = complementarity * slack_.cwiseInverse();
  const double most = 1e3;
  multiplier_ = multiplier_.cwiseMin(most);
}

// Values, gradients and curvature of the rows at x, and how far x is from stationary.
void PrimalDual::linearize() {
  gradient_ = program_.rows.transpose();
  primal_residual_.noalias() = program_.rows * x_ - program_.bounds;
  primal_residual_ += slack_;
  hessian_.setZero(x_.size(), x_.size());
  for (std::size_t t = 0; curved_ > 0 && t < program_.sets.size(); ++t) {
    const DimensionSet set = program_.sets[t];
    const auto load = program_.loads.col(static_cast<Eigen::Index>(t));
    const double inverse = 1.0 / sum_over(set, x_);
    const double curvature = 2.0 * multiplier_.head(curved_).dot(load) * inverse * inverse * inverse;
    primal_residual_.head(curved_) += load * inverse;
    for (int d = 0; set >> d != 0; ++d) {
      if (!contains(set, d)) continue;
      gradient_.row(d).head(curved_) -= load.transpose() * (inverse * inverse);
      for (int e = 0; set >> e != 0; ++e) {
        if (contains(set, e)) hessian_(d, e) += curvature;
      }
    }
  }
  dual_residual_ = program_.cost;
  dual_residual_.noalias() += gradient_ * multiplier_;
  equality_residual_ = -program_.values;
  if (equality_.size() > 0) {
    dual_residual_.noalias() += program_.equalities.transpose() * equality_;
    equality_residual_.noalias() += program_.equalities * x_;
  }
}

// The slacks and multipliers are eliminated: hessian + sum of (multiplier / slack) gradient gradient^T. A
// multiple of equalities^T equalities changes no solution and keeps the matrix positive definite.
void PrimalDual::factorize() {
  scaled_gradient_ = gradient_ * multiplier_.cwiseQuotient(slack_).cwiseSqrt().asDiagonal();
  hessian_.selfadjointView<Eigen::Lower>().rankUpdate(scaled_gradient_);
  if (equality_.size() > 0) {
    hessian_.noalias() += program_.equalities.transpose().lazyProduct(program_.equalities);
  }
  hessian_.diagonal() *= 1.0 + 1e-15;
  newton_.compute(hessian_);
  if (equality_.size() > 0) {
    equality_response_ = newton_.solve(Small(program_.equalities.transpose()));
    schur_.compute(program_.equalities.lazyProduct(equality_response_));
  }
}

// The Newton step towards slack * multiplier = complementarity.
void PrimalDual::solve(const Vector& complementarity, Direction& step) const {
  const Vector target =
      ((complementarity + multiplier_.cwiseProduct(primal_residual_)).cwiseQuotient(slack_)) - multiplier_;
  SmallVector right = -dual_residual_;
  right.noalias() -= gradient_ * target;
  if (equality_.size() > 0) {
    right.noalias() -= program_.equalities.transpose() * equality_residual_;
    step.x = newton_.solve(right);
    const SmallVector off = program_.equalities * step.x + equality_residual_;
    step.equality = schur_.solve(off);
    step.x.noalias() -= equality_response_ * step.equality;
  } else {
    step.x = newton_.solve(right);
    step.equality = equality_;
  }
  const Vector change = gradient_.transpose() * step.x;
  step.slack = -primal_residual_ - change;
  step.multiplier = target + multiplier_.cwiseProduct(change).cwiseQuotient(slack_);
}

// The longest step, at most 1, that keeps slacks and multipliers from turning negative.
double PrimalDual::longest(const Direction& step) const {
  double length = 1.0;
  for (Eigen::Index i = 0; i < rows_; ++i) {
    if (step.slack(i) < 0) length = std::min(length, -slack_(i) / step.slack(i));
    if (step.multiplier(i) < 0) length = std::min(length, -multiplier_(i) / step.multiplier(i));
  }
  return length;
}

// The longest step that takes no more than most of the bandwidth from a set that carries loads: the linear
// model of loads / x says nothing about an x several times smaller.
double PrimalDual::gentle(const Direction& step) const {
  constexpr double most = 0.8;
  double length = 1.0;
  for (std::size_t t = 0; curved_ > 0 && t < program_.sets.size(); ++t) {
    const double change = sum_over(program_.sets[t], step.x);
    if (change < 0) length = std::min(length, -most * sum_over(program_.sets[t], x_) / change);
  }
  return length;
}

double PrimalDual::error() const {
  double worst = std::max(dual_residual_.lpNorm<Eigen::Infinity>(), slack_.dot(multiplier_));
  if (rows_ > 0) worst = std::max(worst, primal_residual_.lpNorm<Eigen::Infinity>());
  if (equality_.size() > 0) worst = std::max(worst, equality_residual_.lpNorm<Eigen::Infinity>());
  return worst;
}

void PrimalDual::advance() {
  factorize();
  const double mean = slack_.dot(multiplier_) / static_cast<double>(rows_);
  complementarity_ = Vector::Zero(rows_);
  solve(complementarity_, affine_);
  const double reach = longest(affine_);
  const double reached = (slack_ + reach * affine_.slack).dot(multiplier_ + reach * affine_.multiplier) /
                         static_cast<double>(rows_);
  const double ratio = reached / mean;
  complementarity_ = -affine_.slack.cwiseProduct(affine_.multiplier);
  // Products that fall faster than the residuals leave no room to mend them.
  const double residual =
      std::max(dual_residual_.lpNorm<Eigen::Infinity>(), primal_residual_.lpNorm<Eigen::Infinity>());
  const double kept = residual > far ? std::min(mean, 0.01 * residual) : 0.0;
  complementarity_.array() += std::max({ratio * ratio * ratio * mean, 1e-4 * mean, kept, smallest_product});
  solve(complementarity_, step_);
  const double length = std::min(std::max(0.99, 1.0 - mean) * longest(step_), gentle(step_));
  x_ += length * step_.x;
  slack_ += length * step_.slack;
  multiplier_ += length * step_.multiplier;
  equality_ += length * step_.equality;
}

Stationary PrimalDual::run() {
  Stationary best;
  linearize();
  best.error = error();
  best = {x_, multiplier_, equality_, best.error};
  int last_progress = 0;
  int steps = 0;
  for (int k = 1; k <= most_iterations && best.error > accuracy; ++k) {
    if (best.error < nearly && k - last_progress > patience) break;
    advance();
    ++steps;
    linearize();
    const double now = error();
    if (!std::isfinite(now)) break;
    if (now >= best.error) continue;
    if (now < 0.5 * best.error) last_progress = k;
    best = {x_, multiplier_, equality_, now};
  }
  best.steps = steps;
  return best;
}

}  // namespace

Stationary minimize(const ConvexProgram& program, const Vector& start) {
  return PrimalDual(program, start).run();
}

}  // namespace bandwright
