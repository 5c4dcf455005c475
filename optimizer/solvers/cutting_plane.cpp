#include "optimizer/solvers/cutting_plane.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "optimizer/product.h"

namespace bandwright {
namespace {

constexpr int default_limit = 1000;
constexpr double noise = 1e-9;  // of a multiplier

// x moved onto the rows it all but touches, so that a cap is met exactly and nothing is left on a dimension
// that gets nothing; x itself if that helps nobody.
Vector settled(const Search& search, const Vector& x) {
  constexpr double touching = 1e-8;
  const Region& region = search.region();
  const Vector slack = region.bounds - region.rows * x;
  std::vector<Eigen::Index> touched;
  for (Eigen::Index i = 0; i < slack.size(); ++i) {
    if (slack(i) < touching) touched.push_back(i);
  }
  const Eigen::Index equalities = region.equalities.rows();
  Matrix rows(equalities + static_cast<Eigen::Index>(touched.size()), x.size());
  Vector gap(rows.rows());
  rows.topRows(equalities) = region.equalities;
  gap.head(equalities) = region.values - region.equalities * x;
  for (std::size_t j = 0; j < touched.size(); ++j) {
    const Eigen::Index row = equalities + static_cast<Eigen::Index>(j);
    rows.row(row) = region.rows.row(touched[j]);
    gap(row) = slack(touched[j]);
  }
  if (rows.rows() == 0) return x;
  Vector moved = x + rows.completeOrthogonalDecomposition().solve(gap);
  for (Eigen::Index d = 0; d < moved.size(); ++d) {
    if (std::abs(moved(d)) < 1e-14) moved(d) = 0.0;
  }
  return moved;
}

double violation(const Region& region, const Vector& x) {
  double worst = (region.rows * x - region.bounds).maxCoeff();
  if (region.equalities.rows() > 0) {
    worst = std::max(worst, (region.equalities * x - region.values).lpNorm<Eigen::Infinity>());
  }
  return worst;
}

// From multipliers of an objective near 1 that stands for `objective_unit`.
std::vector<ShadowPrice> shadow_prices(const Search& search, const Multipliers& multipliers,
                                       double objective_unit) {
  std::vector<ShadowPrice> prices;
  Eigen::Index row = search.problem().dimensions;
  Eigen::Index equality = 0;
  for (const Constraint& constraint : search.problem().constraints) {
    double largest = 0.0;
    for (const double a : constraint.coefficients) largest = std::max(largest, std::abs(a));
    const double multiplier =
        constraint.sense == Sense::Equal ? multipliers.equalities(equality++) : multipliers.rows(row++);
    const double factor =
        (constraint.sense == Sense::AtLeast ? -1.0 : 1.0) / (largest * search.region().unit_gb_per_s);
    prices.push_back(
        {constraint.name, std::abs(multiplier) < noise ? 0.0 : multiplier * factor * objective_unit});
  }
  return prices;
}

Summary infeasible(const Search& search) {
  Summary summary;
  summary.conflict = conflict_among(search.problem(), search.loaded());
  summary.evaluations = search.evaluations();
  summary.lower_bound = std::numeric_limits<double>::infinity();
  return summary;
}

// The answer x, settled where that does no harm.
Summary summarize(Search& search, const Vector& x) {
  const Problem& problem = search.problem();
  const auto objective = [&](const Vector& at) {
    const double ns = search.ask(at) * search.model().unit_ns();
    if (problem.target == Target::PerfPerCost) return ns * cost(problem, search.gb_per_s(at));
    return problem.cost_weight > 0.0 ? ns + problem.cost_weight * cost(problem, search.gb_per_s(at)) : ns;
  };
  Summary summary;
  summary.objective = objective(x);
  summary.gb_per_s = search.gb_per_s(x);
  const Vector moved = settled(search, x);
  if (violation(search.region(), moved) > 1e-13 || search.model().loads_only_zero(moved)) return summary;
  const double settled_objective = objective(moved);
  if (settled_objective <= summary.objective * (1.0 + 1e-12)) {
    summary.objective = settled_objective;
    summary.gb_per_s = search.gb_per_s(moved);
  }
  return summary;
}

int limit(const Options& options) {
  return options.max_iterations > 0 ? options.max_iterations : default_limit;
}

Summary solve_perf(Search& search) {
  const Options& options = search.options();
  const double ns = search.model().unit_ns();
  CuttingPlanes how;
  how.gap = options.gap;
  how.refine = true;
  how.max_rounds = limit(options);
  const Problem& problem = search.problem();
  const bool weighs_cost = problem.cost_weight > 0.0;
  if (weighs_cost) {
    how.linear = Eigen::Map<const Vector>(problem.price.data(), problem.dimensions) *
                 (problem.cost_weight * search.region().unit_gb_per_s / ns);
  }
  const double fixed = weighs_cost ? problem.cost_weight * problem.fixed_cost : 0.0;
  how.on_round = [&](const Optimum& best) {
    search.report(best.value * ns + fixed, best.bound * ns + fixed);
  };
  const Optimum optimum = minimize_time(search, search.region(), search.face(), how);
  Summary summary = summarize(search, optimum.x);
  summary.status = optimum.status;
  summary.lower_bound = optimum.bound * ns + fixed;
  summary.cut_weights.assign(search.model().cuts().size(), 0.0);
  std::copy(optimum.weights.begin(), optimum.weights.end(), summary.cut_weights.begin());
  summary.shadow_prices = shadow_prices(search, optimum.multipliers, ns);
  return summary;
}

// The shadow prices are those of  T / T* + C / C*, which is convex, has the same stationary points as T C,
// and is better known as the first-order model of log T + log C.
Summary solve_perf_per_cost(Search& search) {
  ProductGoal goal;
  goal.gap = search.options().perf_per_cost_gap;
  goal.max_levels = limit(search.options());
  goal.report = true;
  const Optimum product = minimize_product(search, search.region(), search.face(), goal);
  Summary summary = summarize(search, product.x);
  summary.status = product.status;
  summary.lower_bound = product.bound;
  const Problem& problem = search.problem();
  const double dollars = cost(problem, summary.gb_per_s);
  const Vector relative_price = Eigen::Map<const Vector>(problem.price.data(), problem.dimensions) *
                                (search.region().unit_gb_per_s / dollars);
  const double relative_time = search.model().unit_ns() * dollars / summary.objective;
  const Optimum sum =
      minimize_model(search.model(), search.region(), search.face(), relative_price, relative_time);
  summary.shadow_prices = shadow_prices(search, sum.multipliers, summary.objective);
  return summary;
}

}  // namespace

Summary solve_by_cutting_planes(const Problem& problem, const Options& options) {
  Search search(problem, options);
  if (search.infeasible()) return infeasible(search);
  Summary summary = problem.target == Target::Perf ? solve_perf(search) : solve_perf_per_cost(search);
  summary.trace = search.take_trace();
  summary.evaluations = search.evaluations();
  summary.cuts = search.model().cuts();
  return summary;
}

}  // namespace bandwright
