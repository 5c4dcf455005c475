#include "scaling/laws/law_fit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

namespace bandwright {
namespace {

// Relative errors below this are rounding, not evidence for one law against another.
constexpr double error_rounding = 1e-12;

double rounding_squares(std::size_t points) {
  return static_cast<double>(points) * error_rounding * error_rounding;
}

// Row i: the law's basis at point i over the measured value, so that coefficients times it are near 1.
Eigen::MatrixXd relative_rows(const ScalingLaw& law, std::span<const ScalingPoint> points) {
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(points.size()), law.terms);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double weight = law.of_rate ? points[i].seconds : 1.0 / points[i].seconds;
    const Terms basis = law.basis(points[i].workers);
    for (int j = 0; j < law.terms; ++j) rows(static_cast<Eigen::Index>(i), j) = basis[j] * weight;
  }
  return rows;
}

struct Solution {
  std::vector<int> columns;  // coefficients off their bound
  Eigen::VectorXd values;
  Eigen::MatrixXd inverse;  // of the normal matrix
  double squares = 0.0;
};

// Unconstrained least squares on some columns; none when it leaves the constraints or does not determine
// them.
std::optional<Solution> solve(const Eigen::MatrixXd& rows, std::vector<int> columns) {
  const auto count = static_cast<Eigen::Index>(columns.size());
  if (count > rows.rows()) return std::nullopt;
  Eigen::MatrixXd chosen(rows.rows(), count);
  for (Eigen::Index j = 0; j < count; ++j) chosen.col(j) = rows.col(columns[static_cast<std::size_t>(j)]);
  const Eigen::VectorXd scale = chosen.colwise().norm();
  if (!(scale.minCoeff() > 0.0) || !scale.allFinite()) return std::nullopt;
  const Eigen::MatrixXd scaled = chosen * scale.cwiseInverse().asDiagonal();
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(scaled);
  if (qr.rank() < count) return std::nullopt;
  const Eigen::VectorXd target = Eigen::VectorXd::Ones(rows.rows());
  const Eigen::VectorXd unit = qr.solve(target);
  if (!(unit.minCoeff() >= 0.0)) return std::nullopt;
  const Eigen::MatrixXd normal = (scaled.transpose() * scaled).inverse();
  const auto unscale = scale.cwiseInverse().asDiagonal();
  return Solution{.columns = std::move(columns),
                  .values = unscale * unit,
                  .inverse = unscale * normal * unscale,
                  .squares = (scaled * unit - target).squaredNorm()};
}

// The columns whose bits are set in `subset`.
std::vector<int> columns_of(unsigned subset) {
  std::vector<int> columns;
  for (int j = 0; j < most_terms; ++j) {
    if ((subset >> j & 1U) != 0) columns.push_back(j);
  }
  return columns;
}

// The best of all choices of coefficients off their bound; of equals the one with the fewest.
std::optional<Solution> solve_nonnegative(const Eigen::MatrixXd& rows) {
  std::optional<Solution> best;
  const double negligible = rounding_squares(static_cast<std::size_t>(rows.rows()));
  for (Eigen::Index size = 1; size <= rows.cols(); ++size) {
    for (unsigned subset = 1; subset < 1U << rows.cols(); ++subset) {
      std::vector<int> columns = columns_of(subset);
      const bool has_one_worker_time = (subset & 3U) != 0;  // T1 is the sum of the first two
      if (static_cast<Eigen::Index>(columns.size()) != size || !has_one_worker_time) continue;
      std::optional<Solution> found = solve(rows, std::move(columns));
      if (found && (!best || found->squares < best->squares - negligible)) best = std::move(found);
    }
  }
  return best;
}

}  // namespace

std::optional<double> corrected_aic(double squares, int points, int parameters) {
  if (points <= parameters + 1) return std::nullopt;
  const double n = points;
  const double k = parameters;
  return n * std::log(std::max(squares, rounding_squares(static_cast<std::size_t>(points))) / n) + 2.0 * k +
         2.0 * k * (k + 1.0) / (n - k - 1.0);
}

std::optional<LawFit> fit_law(const ScalingLaw& law, std::span<const ScalingPoint> points) {
  if (static_cast<int>(points.size()) < law.fewest_points) return std::nullopt;
  const std::optional<Solution> best = solve_nonnegative(relative_rows(law, points));
  if (!best) return std::nullopt;
  LawFit fit;
  fit.curve.law = &law;
  fit.parameters = static_cast<int>(best->columns.size());
  fit.freedom = static_cast<int>(points.size()) - fit.parameters;
  fit.rms = std::sqrt(best->squares / static_cast<double>(points.size()));
  fit.aicc = corrected_aic(best->squares, static_cast<int>(points.size()), fit.parameters);
  for (int i = 0; i < fit.parameters; ++i) {
    fit.curve.coefficients[best->columns[i]] = best->values(i);
    for (int j = 0; j < fit.parameters; ++j) {
      fit.inverse[best->columns[i]][best->columns[j]] = best->inverse(i, j);
    }
  }
  return fit;
}

std::optional<SecondsRange> prediction_range(const LawFit& fit, double n) {
  if (fit.freedom < 1) return std::nullopt;
  const double seconds = fit.curve.seconds(n);
  const ScalingLaw& law = *fit.curve.law;
  const Terms basis = law.basis(n);
  const double weight = law.of_rate ? seconds : 1.0 / seconds;
  double of_coefficients = 0.0;
  for (int i = 0; i < law.terms; ++i) {
    for (int j = 0; j < law.terms; ++j) {
      of_coefficients += basis[i] * weight * fit.inverse[i][j] * basis[j] * weight;
    }
  }
  const double squares = fit.rms * fit.rms * (fit.parameters + fit.freedom);
  const double scatter = std::sqrt(squares / fit.freedom * (1.0 + of_coefficients));
  const double t = boost::math::quantile(boost::math::students_t(fit.freedom), 0.975);
  const double factor = std::exp(t * scatter);
  return SecondsRange{.low = seconds / factor, .high = seconds * factor};
}

}  // namespace bandwright
