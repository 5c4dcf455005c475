#include "optimizer/ranges.h"

#include <algorithm>
#include <cmath>

#include "optimizer/search.h"

namespace bandwright {
namespace {

constexpr int most_rounds = 200;
constexpr int most_tangents = 50;
constexpr double outside = 1e-9;  // relative, by which the objective may pass its limit

// T(x) <= limit - cost_slope . x, in the units of a search.
struct TimeLimit {
  double limit;
  Vector cost_slope;
};

ConvexProgram extreme_of(const Search& search, const Vector& direction, const TimeLimit& limit) {
  const LowerModel& model = search.model();
  const Face& face = search.face();
  ConvexProgram program;
  program.cost = direction;
  program.sets = model.sets();
  program.loads = model.loads() / limit.limit;
  program.rows.resize(model.size() + face.rows.rows(), direction.size());
  program.rows << (limit.cost_slope / limit.limit).transpose().replicate(model.size(), 1), face.rows;
  program.bounds.resize(program.rows.rows());
  program.bounds << Vector::Ones(model.size()) - model.constants() / limit.limit, face.bounds;
  program.equalities = face.equalities;
  program.values = face.values;
  return program;
}

// The x that goes furthest against `direction` within the limit; `start` if none within it was found.
Vector furthest(Search& search, const Vector& start, const Vector& direction, const TimeLimit& limit) {
  for (int round = 0; round < most_rounds; ++round) {
    Vector x = minimize(extreme_of(search, direction, limit), start).x;
    const Eigen::Index known = search.model().size();
    if (search.ask(x) + limit.cost_slope.dot(x) <= limit.limit * (1.0 + outside)) return x;
    if (search.model().size() == known) break;
  }
  return start;
}

// The tangent at C = c of  T(x) <= limit / C(x),  with C(x) = fixed + price . x.
TimeLimit tangent(double limit, const Vector& price, double fixed, double c) {
  const double slope = limit / (c * c);
  return {limit / c + slope * (c - fixed), slope * price};
}

class Ranges {
 public:
  Ranges(Search& search, const Summary& optimum, double slack);
  double extreme(int dimension, double sign);

 private:
  Search& search_;
  bool product_;
  Vector best_, start_;
  Vector price_;
  double fixed_ = 0.0;
  double limit_;
};

Ranges::Ranges(Search& search, const Summary& optimum, double slack)
    : search_(search),
      product_(search.problem().target == Target::PerfPerCost),
      best_(search.scaled(optimum.gb_per_s)),
      start_(0.9 * best_ + 0.1 * search.face().inside),
      limit_((1.0 + slack) * optimum.objective / search.model().unit_ns()) {
  if (!product_) return;
  const Problem& problem = search.problem();
  const double dollars = cost(problem, optimum.gb_per_s);
  price_ = Eigen::Map<const Vector>(problem.price.data(), problem.dimensions) *
           (search.region().unit_gb_per_s / dollars);
  fixed_ = problem.fixed_cost / dollars;
  limit_ /= dollars;
}

double Ranges::extreme(int dimension, double sign) {
  const Vector direction = sign * Vector::Unit(best_.size(), dimension);
  if (!product_) return furthest(search_, start_, direction, {limit_, Vector::Zero(best_.size())})(dimension);
  double spent = 1.0;
  double reached = best_(dimension);
  for (int repeat = 0; repeat < most_tangents; ++repeat) {
    const Vector x = furthest(search_, start_, direction, tangent(limit_, price_, fixed_, spent));
    const double further = sign * (reached - x(dimension));
    reached = sign > 0 ? std::min(reached, x(dimension)) : std::max(reached, x(dimension));
    spent = fixed_ + price_.dot(x);
    if (further <= 1e-7) break;
  }
  return reached;
}

}  // namespace

std::vector<Range> ranges_within(const Problem& problem, Summary& optimum, double slack) {
  const Options options;
  Search search(problem, options, optimum.cuts);
  Ranges ranges(search, optimum, slack);
  const double unit = search.region().unit_gb_per_s;
  std::vector<Range> all;
  for (int d = 0; d < problem.dimensions; ++d) {
    const double at = optimum.gb_per_s[static_cast<std::size_t>(d)];
    const double low = std::max(0.0, ranges.extreme(d, 1.0) * unit);
    all.push_back({std::min(at, low), std::max(at, ranges.extreme(d, -1.0) * unit)});
  }
  optimum.cuts = search.model().cuts();
  return all;
}

}  // namespace bandwright
