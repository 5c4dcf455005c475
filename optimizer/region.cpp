#include "optimizer/region.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

namespace bandwright {
namespace {

constexpr double violation_counts = 1e-9;  // of a row whose largest coefficient is 1, in units of bandwidth
constexpr double roomy = 1e-3;             // a guess with this much slack needs no better one
constexpr double significant = 1e-6;       // a multiplier, when all of them add up to 1

double largest(const Constraint& constraint) {
  double most = 0.0;
  for (const double a : constraint.coefficients) most = std::max(most, std::abs(a));
  return most;
}

// What sign * coefficients . b <= sign * bound leaves for each bandwidth.
void tighten(const Constraint& constraint, double sign, std::vector<double>& upper) {
  const std::vector<double>& a = constraint.coefficients;
  for (std::size_t d = 0; d < a.size(); ++d) {
    if (sign * a[d] <= 0) continue;
    double room = sign * constraint.bound;
    for (std::size_t e = 0; e < a.size(); ++e) {
      if (sign * a[e] < 0) room -= sign * a[e] * upper[e];
    }
    upper[d] = std::min(upper[d], std::max(0.0, room / (sign * a[d])));
  }
}

// The largest bandwidth a dimension may have, over the number of dimensions: for a budget, the equal split.
double typical_bandwidth(const Problem& problem, const std::vector<double>& upper) {
  double most = 0.0;
  for (const double limit : upper) {
    if (std::isfinite(limit)) most = std::max(most, limit);
  }
  for (std::size_t i = 0; most == 0.0 && i < problem.constraints.size(); ++i) {
    most = std::abs(problem.constraints[i].bound) / largest(problem.constraints[i]);
  }
  return most > 0 ? most / problem.dimensions : 1.0;
}

void append(Matrix& matrix, Vector& vector, const Vector& row, double value) {
  matrix.conservativeResize(matrix.rows() + 1, row.size());
  vector.conservativeResize(vector.size() + 1);
  matrix.bottomRows(1) = row.transpose();
  vector(vector.size() - 1) = value;
}

// Equalities of the region and rows known to be tight, without those that follow from the others. Returns
// whether they contradict each other; face.inside becomes the point nearest to the guess that satisfies them.
bool equate(const Region& region, const std::vector<bool>& tight, const Vector& guess, Face& face) {
  Matrix all = region.equalities;
  Vector values = region.values;
  std::vector<int> source(static_cast<std::size_t>(all.rows()));
  for (std::size_t j = 0; j < source.size(); ++j) source[j] = static_cast<int>(j);
  for (std::size_t i = 0; i < tight.size(); ++i) {
    if (!tight[i]) continue;
    source.push_back(static_cast<int>(region.equalities.rows()) + static_cast<int>(i));
    append(all, values, region.rows.row(static_cast<Eigen::Index>(i)),
           region.bounds(static_cast<Eigen::Index>(i)));
  }
  face.equality_of.clear();
  face.equalities.resize(0, guess.size());
  face.values.resize(0);
  face.inside = guess;
  if (all.rows() == 0) return false;
  Eigen::ColPivHouseholderQR<Matrix> factors(all.transpose());
  factors.setThreshold(1e-10);
  for (Eigen::Index j = 0; j < factors.rank(); ++j) {
    const int index = factors.colsPermutation().indices()(j);
    append(face.equalities, face.values, all.row(index), values(index));
    face.equality_of.push_back(source[static_cast<std::size_t>(index)]);
  }
  const Matrix& kept = face.equalities;
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second removes the rounding of the first
    face.inside +=
        kept.transpose() * (kept * kept.transpose()).ldlt().solve(face.values - kept * face.inside);
  }
  return (all * face.inside - values).lpNorm<Eigen::Infinity>() > violation_counts;
}

// minimise v over (x, v):  rows x - v <= bounds,  v >= -1,  equalities x = values.
Stationary least_violation(const Face& face) {
  const Eigen::Index n = face.inside.size();
  const Eigen::Index m = face.rows.rows();
  ConvexProgram program;
  program.cost = Vector::Unit(n + 1, n);
  program.rows = Matrix::Zero(m + 1, n + 1);
  program.rows.topLeftCorner(m, n) = face.rows;
  program.rows.col(n).setConstant(-1.0);
  program.bounds.resize(m + 1);
  program.bounds << face.bounds, 1.0;
  program.equalities = Matrix::Zero(face.equalities.rows(), n + 1);
  program.equalities.leftCols(n) = face.equalities;
  program.values = face.values;
  Vector start(n + 1);
  start << face.inside, std::max(0.0, (face.rows * face.inside - face.bounds).maxCoeff()) + 1.0;
  return minimize(program, start);
}

}  // namespace

std::vector<double> upper_bounds(const Problem& problem) {
  std::vector<double> upper(static_cast<std::size_t>(problem.dimensions),
                            std::numeric_limits<double>::infinity());
  for (int repeat = 0; repeat < 2 * problem.dimensions; ++repeat) {
    const std::vector<double> before = upper;
    for (const Constraint& constraint : problem.constraints) {
      if (constraint.sense != Sense::AtLeast) tighten(constraint, 1.0, upper);
      if (constraint.sense != Sense::AtMost) tighten(constraint, -1.0, upper);
    }
    if (upper == before) break;
  }
  return upper;
}

Region region_of(const Problem& problem) {
  const int n = problem.dimensions;
  const std::vector<double> upper = upper_bounds(problem);
  Region region;
  region.upper = Eigen::Map<const Vector>(upper.data(), n);
  region.unit_gb_per_s = typical_bandwidth(problem, upper);
  region.upper *= (1.0 + 1e-9) / region.unit_gb_per_s;
  region.rows = -Matrix::Identity(n, n);
  region.bounds = Vector::Zero(n);
  region.equalities.resize(0, n);
  for (const Constraint& constraint : problem.constraints) {
    const double factor = (constraint.sense == Sense::AtLeast ? -1.0 : 1.0) / largest(constraint);
    const Vector row = factor * Eigen::Map<const Vector>(constraint.coefficients.data(), n);
    const double bound = factor * constraint.bound / region.unit_gb_per_s;
    if (constraint.sense == Sense::Equal) {
      append(region.equalities, region.values, row, bound);
    } else {
      append(region.rows, region.bounds, row, bound);
    }
  }
  return region;
}

Region with_row(Region region, const Vector& row, double bound) {
  append(region.rows, region.bounds, row, bound);
  return region;
}

Face face_of(const Region& region, const Vector& guess) {
  Face face;
  std::vector<bool> tight(static_cast<std::size_t>(region.rows.rows()), false);
  for (;;) {
    face.empty = equate(region, tight, guess, face);
    if (face.empty) return face;
    face.row_of.clear();
    face.rows.resize(0, guess.size());
    face.bounds.resize(0);
    for (std::size_t i = 0; i < tight.size(); ++i) {
      if (tight[i]) continue;
      const auto row = static_cast<Eigen::Index>(i);
      append(face.rows, face.bounds, region.rows.row(row), region.bounds(row));
      face.row_of.push_back(static_cast<int>(i));
    }
    if (face.row_of.empty() || (face.rows * face.inside - face.bounds).maxCoeff() < -roomy) return face;
    const Stationary least = least_violation(face);
    const double violation = least.x(guess.size());
    face.empty = violation > violation_counts;
    face.inside = least.x.head(guess.size());
    if (face.empty || violation < -violation_counts) return face;
    const Vector proof = least.multipliers.head(face.rows.rows());
    bool found = false;
    for (std::size_t i = 0; i < face.row_of.size(); ++i) {
      if (proof(static_cast<Eigen::Index>(i)) < significant) continue;
      tight[static_cast<std::size_t>(face.row_of[i])] = true;
      found = true;
    }
    if (!found) return face;
    face.proofs.push_back(lift(region, face, proof, least.equality_multipliers));
  }
}

Multipliers lift(const Region& region, const Face& face, const Vector& rows, const Vector& equalities) {
  Multipliers all{Vector::Zero(region.rows.rows()), Vector::Zero(region.equalities.rows())};
  for (std::size_t i = 0; i < face.row_of.size(); ++i) {
    all.rows(face.row_of[i]) = rows(static_cast<Eigen::Index>(i));
  }
  for (std::size_t j = 0; j < face.equality_of.size(); ++j) {
    const auto source = face.equality_of[j] - static_cast<int>(region.equalities.rows());
    const double multiplier = equalities(static_cast<Eigen::Index>(j));
    (source < 0 ? all.equalities(face.equality_of[j]) : all.rows(source)) = multiplier;
  }
  for (auto proof = face.proofs.rbegin(); proof != face.proofs.rend(); ++proof) {
    double times = 0.0;
    for (Eigen::Index i = 0; i < all.rows.size(); ++i) {
      if (all.rows(i) < 0 && proof->rows(i) >= significant)
        times = std::max(times, -all.rows(i) / proof->rows(i));
    }
    all.rows += times * proof->rows;
    all.equalities += times * proof->equalities;
  }
  all.rows = all.rows.cwiseMax(0.0);
  return all;
}

std::vector<std::string> conflict_among(const Problem& problem, const std::vector<DimensionSet>& loaded) {
  const double some = 1e-6;  // bandwidth, in units
  const auto contradictory = [&](const Problem& part) {
    Region region = region_of(part);
    const Vector even = Vector::Ones(part.dimensions);
    for (const DimensionSet set : loaded) {
      Vector row = Vector::Zero(part.dimensions);
      for (int d = 0; d < part.dimensions; ++d) row(d) = contains(set, d) ? -1.0 : 0.0;
      region = with_row(std::move(region), row, -some);
    }
    return face_of(region, even).empty;
  };
  Problem part = problem;
  for (std::size_t i = part.constraints.size(); i-- > 0;) {
    const Constraint left_out = part.constraints[i];
    part.constraints.erase(part.constraints.begin() + static_cast<std::ptrdiff_t>(i));
    if (!contradictory(part))
      part.constraints.insert(part.constraints.begin() + static_cast<std::ptrdiff_t>(i), left_out);
  }
  std::vector<std::string> names;
  for (const Constraint& constraint : part.constraints) names.push_back(constraint.name);
  return names;
}

}  // namespace bandwright
