#include "optimizer/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "core/error.h"
#include "optimizer/product.h"

namespace bandwright {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double most_steps = 1e6;
constexpr double whole = 1e-6;  // how near to a multiple counts as one, in steps
constexpr int default_boxes = 200'000;
constexpr int most_totals = 1000;

using Multiples = std::vector<int>;

struct Box {
  Multiples low, high;
  Vector x;  // of the continuous optimum over the box
  double bound = -infinity;
  int number = 0;
  friend bool operator<(const Box& a, const Box& b) {  // the queue yields the lowest bound, then the oldest
    return a.bound != b.bound ? a.bound > b.bound : a.number > b.number;
  }
};

bool is_total(const Constraint& constraint) {
  double coefficient = 0.0;
  for (const double a : constraint.coefficients) {
    if (a == 0.0) continue;
    if (a < 0.0 || (coefficient != 0.0 && a != coefficient)) return false;
    coefficient = a;
  }
  return constraint.sense == Sense::Equal;
}

std::ptrdiff_t breadth(const Constraint& constraint) {
  return std::count_if(constraint.coefficients.begin(), constraint.coefficients.end(),
                       [](double a) { return a > 0; });
}

// The constraints as multiples of the step can meet them; see the header.
Problem in_multiples(Problem problem, double step) {
  for (Constraint& constraint : problem.constraints) {
    if (constraint.sense != Sense::Equal) continue;
    if (is_total(constraint)) {
      const double unit =
          *std::max_element(constraint.coefficients.begin(), constraint.coefficients.end()) * step;
      constraint.bound = std::floor(constraint.bound / unit + whole) * unit;
    } else if (*std::min_element(constraint.coefficients.begin(), constraint.coefficients.end()) >= 0) {
      constraint.sense = Sense::AtMost;
    }
  }
  return problem;
}

class BranchAndBound {
 public:
  BranchAndBound(Search& search, double step, int most_boxes);
  SteppedSummary run();

 private:
  [[nodiscard]] Region region_of_box(const Box& box) const;
  void bound(Box& box);
  void try_near(const Box& box);
  [[nodiscard]] bool allowed(const Vector& x, bool partial) const;
  void branch(const Box& box);
  void open(Box box);
  [[nodiscard]] bool hopeless(double bound) const { return bound >= best_.objective * (1.0 - tolerance_); }

  Search& search_;
  double step_;  // scaled
  int most_boxes_;
  bool product_;
  double tolerance_;
  std::priority_queue<Box> boxes_;
  SteppedSummary best_;
  double proved_ = infinity;  // least bound of a box that was given up
};

BranchAndBound::BranchAndBound(Search& search, double step, int most_boxes)
    : search_(search),
      step_(step / search.region().unit_gb_per_s),
      most_boxes_(most_boxes),
      product_(search.problem().target == Target::PerfPerCost),
      tolerance_(product_ ? 1e-7 : 1e-9) {
  best_.objective = infinity;
}

Region BranchAndBound::region_of_box(const Box& box) const {
  Region region = search_.region();
  const Eigen::Index n = region.upper.size();
  for (Eigen::Index d = 0; d < n; ++d) {
    const double low = box.low[static_cast<std::size_t>(d)] * step_;
    const double high = box.high[static_cast<std::size_t>(d)] * step_;
    region = with_row(std::move(region), Vector::Unit(n, d), high);
    if (low > 0) region = with_row(std::move(region), -Vector::Unit(n, d), -low);
  }
  return region;
}

void BranchAndBound::bound(Box& box) {
  const Region region = region_of_box(box);
  Vector guess(region.upper.size());
  for (Eigen::Index d = 0; d < guess.size(); ++d) {
    const auto i = static_cast<std::size_t>(d);
    guess(d) = 0.5 * step_ * (box.low[i] + box.high[i]);
  }
  const Face face = face_of(region, guess);
  if (face.empty || search_.model().loads_only_zero(face.inside)) {
    box.bound = infinity;
    return;
  }
  ++best_.boxes;
  if (product_) {
    ProductGoal goal;
    goal.gap = 1e-5;
    goal.polish_gap = 1.0;
    goal.ask = false;
    goal.enough = best_.objective;
    const Optimum optimum = minimize_product(search_, region, face, goal);
    box.bound = std::max(box.bound, optimum.bound);
    box.x = optimum.x;
    return;
  }
  const Optimum optimum = minimize_model(search_.model(), region, face, Vector::Zero(guess.size()), 1.0);
  box.bound = std::max(box.bound, optimum.bound * search_.model().unit_ns());
  box.x = optimum.x;
}

// Whether x keeps the constraints; a partial x only those that more bandwidth cannot mend.
bool BranchAndBound::allowed(const Vector& x, bool partial) const {
  constexpr double close = 1e-9;
  const Region& region = search_.region();
  const auto kept = [&](const auto& row, double bound, bool equal) {
    const double excess = row.dot(x) - bound;
    if (partial) return excess <= close || row.minCoeff() < 0;
    return equal ? std::abs(excess) <= close : excess <= close;
  };
  for (Eigen::Index i = 0; i < region.rows.rows(); ++i) {
    if (!kept(region.rows.row(i), region.bounds(i), false)) return false;
  }
  for (Eigen::Index j = 0; j < region.equalities.rows(); ++j) {
    if (!kept(region.equalities.row(j), region.values(j), true)) return false;
  }
  return true;
}

// Multiples near the continuous optimum: rounded down, then raised one step at a time where most is missing.
void BranchAndBound::try_near(const Box& box) {
  const Eigen::Index n = box.x.size();
  Vector x(n);
  for (Eigen::Index d = 0; d < n; ++d) {
    const auto i = static_cast<std::size_t>(d);
    x(d) =
        step_ * std::clamp(static_cast<int>(std::floor(box.x(d) / step_ + whole)), box.low[i], box.high[i]);
  }
  std::vector<bool> full(static_cast<std::size_t>(n), false);
  for (;;) {
    Eigen::Index most = -1;
    for (Eigen::Index d = 0; d < n; ++d) {
      const bool raised = full[static_cast<std::size_t>(d)];
      if (!raised && (most < 0 || box.x(d) - x(d) > box.x(most) - x(most))) most = d;
    }
    if (most < 0 || box.x(most) - x(most) <= -step_) break;
    x(most) += step_;
    const bool fits = x(most) <= (box.high[static_cast<std::size_t>(most)] + 0.5) * step_ && allowed(x, true);
    if (fits) continue;
    x(most) -= step_;
    full[static_cast<std::size_t>(most)] = true;
  }
  if (!allowed(x, false) || search_.model().loads_only_zero(x)) return;
  const double factor = product_ ? cost(search_.problem(), search_.gb_per_s(x)) : 1.0;
  if (hopeless(search_.model().at(x) * search_.model().unit_ns() * factor)) return;
  const double objective = search_.ask(x) * search_.model().unit_ns() * factor;
  if (objective >= best_.objective) return;
  best_.objective = objective;
  best_.gb_per_s = search_.gb_per_s(x);
}

void BranchAndBound::open(Box box) {
  bound(box);
  if (box.bound < infinity) try_near(box);
  if (hopeless(box.bound)) {
    proved_ = std::min(proved_, box.bound);
    return;
  }
  box.number = best_.boxes;
  boxes_.push(std::move(box));
}

// In two where the optimum lies furthest between multiples, or across the widest side.
void BranchAndBound::branch(const Box& box) {
  std::size_t widest = 0;
  double furthest = -1.0;
  for (std::size_t d = 0; d < box.low.size(); ++d) {
    const int width = box.high[d] - box.low[d];
    if (width == 0) continue;
    const double steps = box.x(static_cast<Eigen::Index>(d)) / step_;
    const double off = std::abs(steps - std::round(steps));
    const double merit = off > whole ? 1.0 + off : 1.0 - 1.0 / width;
    if (merit > furthest) {
      furthest = merit;
      widest = d;
    }
  }
  if (furthest < 0.0) {  // a single allocation
    proved_ = std::min(proved_, box.bound);
    return;
  }
  const double steps = box.x(static_cast<Eigen::Index>(widest)) / step_;
  const int split =
      std::clamp(static_cast<int>(std::floor(steps + whole)), box.low[widest], box.high[widest] - 1);
  Box below = box;
  Box above = box;
  below.high[widest] = split;
  above.low[widest] = split + 1;
  open(std::move(below));
  open(std::move(above));
}

SteppedSummary BranchAndBound::run() {
  const Vector& upper = search_.region().upper;
  Box all;  // where every dimension that carries something on its own gets a step at least
  for (Eigen::Index d = 0; d < upper.size(); ++d) {
    const auto& sets = search_.loaded();
    const bool needed =
        std::find(sets.begin(), sets.end(), only_dimension(static_cast<int>(d))) != sets.end();
    all.low.push_back(needed ? 1 : 0);
    all.high.push_back(static_cast<int>(std::floor(upper(d) / step_ + whole)));
  }
  open(std::move(all));
  best_.status = Status::Optimal;
  while (!boxes_.empty() && best_.status == Status::Optimal) {
    const Box box = boxes_.top();
    if (hopeless(box.bound)) break;  // and so are all others
    if (best_.boxes >= most_boxes_) best_.status = Status::IterationLimit;
    if (search_.stopped()) best_.status = Status::Interrupted;
    if (best_.status != Status::Optimal) break;
    boxes_.pop();
    branch(box);
  }
  if (!boxes_.empty()) proved_ = std::min(proved_, boxes_.top().bound);
  if (best_.gb_per_s.empty() && best_.status == Status::Optimal) best_.status = Status::Infeasible;
  best_.lower_bound = std::min(proved_, best_.objective);
  return best_;
}

}  // namespace

SteppedSummary optimize_in_steps(const Problem& problem, Summary& optimum, double step_gb_per_s,
                                 const Options& options) {
  if (!(step_gb_per_s > 0) || !std::isfinite(step_gb_per_s)) {
    throw InputError(fmt::format("a step of {} GB/s, expected a positive one", step_gb_per_s));
  }
  for (const double upper : upper_bounds(problem)) {
    if (upper / step_gb_per_s > most_steps) {
      throw InputError(fmt::format("a step of {} GB/s is too small for {} GB/s", step_gb_per_s, upper));
    }
  }
  Problem stepped = in_multiples(problem, step_gb_per_s);
  Constraint* total = nullptr;
  for (Constraint& constraint : stepped.constraints) {
    if (is_total(constraint) && (total == nullptr || breadth(constraint) > breadth(*total)))
      total = &constraint;
  }
  const int most_boxes = options.max_iterations > 0 ? options.max_iterations : default_boxes;
  SteppedSummary summary;
  for (int tries = 0; tries < most_totals; ++tries) {
    Search search(stepped, options, optimum.cuts);
    if (!search.infeasible()) summary = BranchAndBound(search, step_gb_per_s, most_boxes).run();
    if (summary.status != Status::Infeasible || total == nullptr) break;
    const double coefficient = *std::max_element(total->coefficients.begin(), total->coefficients.end());
    total->bound -= coefficient * step_gb_per_s;
    if (total->bound <= 0) break;
  }
  if (summary.status != Status::Infeasible) summary.loss = summary.objective / optimum.objective - 1.0;
  return summary;
}

}  // namespace bandwright
