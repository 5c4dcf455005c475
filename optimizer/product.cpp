#include "optimizer/product.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bandwright {
namespace {

constexpr double same_cost = 1e-9;        // levels closer than this, relatively, are one
constexpr double towards_cheapest = 0.1;  // how far from the cheapest allocation the next level is, at most

// T*(k) >= bound - slope (k - cost) for every k, by the multipliers of the level at `cost`.
struct Level {
  double cost;
  double bound;
  double slope;
  [[nodiscard]] double at(double k) const { return bound - slope * (k - cost); }
};

struct Candidate {
  double cost = 0.0;
  double bound = std::numeric_limits<double>::infinity();  // of k T*(k), least at this cost
};

// Costs are in units of the cost in the middle of the face, times in the search's.
class ProductSearch {
 public:
  ProductSearch(Search& search, const Region& region, const Face& face, const ProductGoal& goal);
  Optimum run();

 private:
  [[nodiscard]] double cost(const Vector& x) const { return fixed_ + price_.dot(x); }
  void find_cheapest();
  void solve_dearest();
  void solve_level(double k);
  void take(Level level, const Optimum& optimum);
  [[nodiscard]] Candidate lowest(std::size_t first, std::size_t last) const;
  [[nodiscard]] double proved() const;
  [[nodiscard]] bool solved(double k) const;
  void polish();

  Search& search_;
  const Region& region_;
  const Face& face_;
  const ProductGoal& goal_;
  CuttingPlanes how_;
  Vector price_;
  double fixed_ = 0.0;
  double unit_ = 1.0;
  double cheapest_ = 0.0;
  std::vector<Level> levels_;  // by rising cost; the last is the unlimited one
  Optimum best_;
  double best_cost_ = 0.0;
};

ProductSearch::ProductSearch(Search& search, const Region& region, const Face& face, const ProductGoal& goal)
    : search_(search), region_(region), face_(face), goal_(goal) {
  how_.ask = goal.ask;
  const Problem& problem = search.problem();
  price_ = Eigen::Map<const Vector>(problem.price.data(), problem.dimensions) * region.unit_gb_per_s;
  fixed_ = problem.fixed_cost;
  unit_ = cost(face.inside);
  price_ /= unit_;
  fixed_ /= unit_;
}

// The least cost of any allocation, from below: a linear program, bounded by its dual.
void ProductSearch::find_cheapest() {
  const ConvexProgram program{price_, {}, {}, face_.rows, face_.bounds, face_.equalities, face_.values};
  const Stationary found = minimize(program, face_.inside);
  const Multipliers multipliers = lift(region_, face_, found.multipliers, found.equality_multipliers);
  cheapest_ = fixed_ + certified_bound(search_.model(), region_, price_, {}, multipliers, found.x);
  cheapest_ = std::max({cheapest_, fixed_, 0.0});
}

void ProductSearch::take(Level level, const Optimum& optimum) {
  const double spent = cost(optimum.x);
  if (optimum.value * spent < best_.value) {
    best_.value = optimum.value * spent;
    best_.x = optimum.x;
    best_cost_ = spent;
  }
  levels_.insert(std::upper_bound(levels_.begin(), levels_.end(), level,
                                  [](const Level& a, const Level& b) { return a.cost < b.cost; }),
                 level);
  best_.bound = std::max(best_.bound, proved());
  const double unit = unit_ * search_.model().unit_ns();
  if (goal_.report) search_.report(best_.value * unit, best_.bound * unit);
}

// Without a limit on the cost: T* falls no further beyond what this optimum costs.
void ProductSearch::solve_dearest() {
  const Optimum optimum = minimize_time(search_, region_, face_, how_);
  take({cost(optimum.x), optimum.bound, 0.0}, optimum);
}

void ProductSearch::solve_level(double k) {
  const double largest = price_.maxCoeff();
  const Region region = with_row(region_, price_ / largest, (k - fixed_) / largest);
  const Face face = face_of(region, face_.inside);
  if (face.empty) {  // k is the cheapest cost up to rounding
    cheapest_ = k;
    return;
  }
  const Optimum optimum = minimize_time(search_, region, face, how_);
  const double slope = optimum.multipliers.rows(region_.rows.rows()) / largest;
  take({k, optimum.bound, slope}, optimum);
}

// Where the known lines leave k T*(k) lowest between two levels; level -1 is the cheapest cost.
Candidate ProductSearch::lowest(std::size_t first, std::size_t last) const {
  Candidate least;
  const auto consider = [&](double k, double time) {
    if (k * time < least.bound) least = {k, k * time};
  };
  for (std::size_t i = first; i <= last; ++i) {
    const Level& right = levels_[i];
    const double left = i == 0 ? cheapest_ : levels_[i - 1].cost;
    if (i == 0) {
      consider(cheapest_, right.at(cheapest_));
      consider(right.cost, right.bound);
      continue;
    }
    const Level& other = levels_[i - 1];
    consider(left, std::max(other.bound, right.at(left)));
    consider(right.cost, std::max(right.bound, other.at(right.cost)));
    if (other.slope == right.slope) continue;
    const double crossing = (other.at(0.0) - right.at(0.0)) / (other.slope - right.slope);
    if (crossing > left && crossing < right.cost) consider(crossing, right.at(crossing));
  }
  return least;
}

double ProductSearch::proved() const { return lowest(0, levels_.size() - 1).bound; }

bool ProductSearch::solved(double k) const {
  return std::any_of(levels_.begin(), levels_.end(),
                     [&](const Level& level) { return std::abs(level.cost - k) <= same_cost * k; });
}

void ProductSearch::polish() {
  for (int repeat = 0; repeat < 60 && !search_.stopped(); ++repeat) {
    const auto after = std::upper_bound(levels_.begin(), levels_.end(), best_cost_ * (1.0 + same_cost),
                                        [](double k, const Level& level) { return k < level.cost; });
    const auto next = static_cast<std::size_t>(after - levels_.begin());
    const std::size_t last = std::min(next, levels_.size() - 1);
    const Candidate candidate = lowest(last > 1 ? last - 1 : 0, last);
    if (candidate.bound >= best_.value * (1.0 - goal_.polish_gap) || solved(candidate.cost)) return;
    solve_level(std::max(candidate.cost, cheapest_ + towards_cheapest * (levels_[0].cost - cheapest_)));
  }
}

Optimum ProductSearch::run() {
  find_cheapest();
  solve_dearest();
  const double unit = unit_ * search_.model().unit_ns();
  best_.status = Status::IterationLimit;
  for (int count = 1; count <= goal_.max_levels; ++count) {
    if (best_.bound >= best_.value * (1.0 - goal_.gap) || best_.bound * unit >= goal_.enough) {
      best_.status = Status::Optimal;
      break;
    }
    if (search_.stopped()) {
      best_.status = Status::Interrupted;
      break;
    }
    const Candidate candidate = lowest(0, levels_.size() - 1);
    const double nearest = cheapest_ + towards_cheapest * (levels_[0].cost - cheapest_);
    const double k = std::max(candidate.cost, nearest);
    if (solved(k) || price_.maxCoeff() <= 0) break;
    solve_level(k);
  }
  if (best_.status == Status::Optimal && goal_.polish_gap < goal_.gap) polish();
  best_.value *= unit;
  best_.bound *= unit;
  return best_;
}

}  // namespace

Optimum minimize_product(Search& search, const Region& region, const Face& face, const ProductGoal& goal) {
  return ProductSearch(search, region, face, goal).run();
}

}  // namespace bandwright
