#include "plan/hardware/shape_bound.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>

#include "optimizer/constraint_text.h"
#include "optimizer/solver.h"
#include "plan/hardware/group_layout.h"

namespace bandwright {
namespace {

// The highest N of the bN in a constraint.
int last_dimension_in(std::string_view text) {
  int last = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const bool begins = i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0;
    if (begins && (text[i] == 'b' || text[i] == 'B') && text[i + 1] >= '1' && text[i + 1] <= '9') {
      last = std::max(last, text[i + 1] - '0');
    }
  }
  return last;
}

// Minimizes T + r C over a region, and remembers what it asked.
class ShapeSolver {
 public:
  ShapeSolver(const HardwareSpace& space, const ShapeFamily& shape, const StepAt& time)
      : time_(time), goal_(space.goal), region_(region_of(space, shape)) {
    const auto n = static_cast<std::size_t>(region_.dimensions);
    problem_.dimensions = region_.dimensions;
    problem_.step_times.push_back({1.0, [this](std::span<const double> gb_per_s) { return ask(gb_per_s); }});
    const std::vector<double> price(region_.price.begin(), region_.price.begin() + region_.dimensions);
    const Sense sense = region_.goal.spends_all() ? Sense::Equal : Sense::AtMost;
    problem_.constraints.push_back({"budget", price, sense, region_.total});
    for (int d = 0; d < region_.dimensions; ++d) {
      problem_.constraints.push_back(
          at_most(region_.dimensions, d, region_.most[static_cast<std::size_t>(d)]));
    }
    std::vector<double> dollars;  // infinite where nobody sells it: no constraint on the cost then
    for (std::size_t d = 0; d < n; ++d) {
      const auto kind = static_cast<std::size_t>(std::countr_zero(shape.kinds[d]));
      dollars.push_back(space.unit_usd[shape.classes[d]][kind]);
    }
    for (const std::string& text : space.constraints) {
      if (last_dimension_in(text) > region_.dimensions) continue;
      problem_.constraints.push_back(parse_constraint(text, region_.dimensions, dollars));
    }
  }

  SolvedShape run() {
    const Summary summary = solve(0.0);
    if (summary.status == Status::Infeasible) return {};
    SolvedShape fastest = taken(summary);
    if (goal_.objective == PlanObjective::StepTime) {
      fastest.bound = summary.lower_bound;
      return fastest;
    }
    if (std::isinf(fastest.value)) return fastest;  // beyond the longest step
    if (goal_.objective == PlanObjective::NetworkCost) return within_longest(std::move(fastest));
    // Without a limit; and with it, where that is beyond.
    region_.goal.longest_ns = std::numeric_limits<double>::infinity();
    SolvedShape solved = with_ratio(fastest);
    region_.goal.longest_ns = goal_.longest_ns;
    return solved.step_ns <= goal_.longest_ns ? solved : within_longest(std::move(fastest));
  }

 private:
  struct Asked {
    FreeBandwidths at{};
    PathTime time;
    Cut cut;
  };

  Cut ask(std::span<const double> gb_per_s) {
    Asked one{.time = time_(gb_per_s)};
    std::copy(gb_per_s.begin(), gb_per_s.end(), one.at.begin());
    one.cut.constant_ns = one.time.constant_ns(gb_per_s);
    for (int d = 0; d < region_.dimensions; ++d) {
      const double bytes = one.time.bytes[static_cast<std::size_t>(d)];
      if (bytes > 0.0) one.cut.loads.push_back({only_dimension(d), bytes});
    }
    asked_.push_back(one);
    return one.cut;
  }

  Summary solve(double ratio) {
    asked_.clear();
    problem_.cost_weight = ratio;
    problem_.price.clear();
    if (ratio > 0.0) problem_.price.assign(region_.usd.begin(), region_.usd.begin() + region_.dimensions);
    return optimize(problem_);
  }

  // The answer, with the cuts that prove it.
  [[nodiscard]] SolvedShape taken(const Summary& summary) const {
    SolvedShape solved{.gb_per_s = summary.gb_per_s};
    FreeBandwidths at{};
    std::copy(summary.gb_per_s.begin(), summary.gb_per_s.end(), at.begin());
    solved.step_ns = time_(summary.gb_per_s).ns;
    solved.value = region_.value(solved.step_ns, at);
    for (std::size_t k = 0; k < summary.cuts.size() && k < summary.cut_weights.size(); ++k) {
      if (summary.cut_weights[k] <= negligible) continue;
      const auto which = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& each) {
        return each.cut.constant_ns == summary.cuts[k].constant_ns && each.cut.loads == summary.cuts[k].loads;
      });
      if (which != asked_.end()) solved.cuts.push_back({summary.cut_weights[k], which->at, which->time});
    }
    double sum = 0.0;
    for (const SolvedShape::Cut& cut : solved.cuts) sum += cut.weight;
    for (SolvedShape::Cut& cut : solved.cuts) cut.weight /= sum;
    return solved;
  }

  // Of the goal, by least_value().
  [[nodiscard]] double proved(const SolvedShape& solved) const {
    double weights = 0.0;
    double constant = 0.0;
    FreeBandwidths bytes{};
    for (const SolvedShape::Cut& cut : solved.cuts) {
      weights += cut.weight;
      constant += cut.weight * cut.time.constant_ns(
                                   std::span(cut.asked).first(static_cast<std::size_t>(region_.dimensions)));
      for (std::size_t d = 0; d < bytes.size(); ++d) bytes[d] += cut.weight * cut.time.bytes[d];
    }
    return weights > 0.0 ? least_value(region_, constant, bytes).value : 0.0;  // their sum is 1
  }

  // The optimum of a product of time and cost, however long a step takes: r is their ratio.
  SolvedShape with_ratio(SolvedShape best) {
    double bound = proved(best);
    std::vector<SolvedShape::Cut> proof = best.cuts;
    double low = 0.0;  // does not weigh cost too much
    double high = std::numeric_limits<double>::infinity();
    double ratio = ratio_of(best);
    for (int k = 0; k < most_solved && bound < best.value * (1.0 - near) && high > low * (1.0 + 1e-14); ++k) {
      SolvedShape solved = taken(solve(ratio));
      const double own = proved(solved);
      if (own > bound) {
        bound = own;
        proof = solved.cuts;
      }
      const double next = ratio_of(solved);
      (ratio > next ? high : low) = ratio;
      if (next > low && next < high && k % 3 != 2) {
        ratio = next;
      } else {
        ratio = std::isinf(high) ? 4.0 * low : std::sqrt(std::max(low, 1e-4 * high) * high);
      }
      if (solved.value < best.value) best = std::move(solved);
    }
    best.bound = bound;
    best.cuts = std::move(proof);
    return best;
  }
  [[nodiscard]] double ratio_of(const SolvedShape& solved) const {
    return solved.step_ns / std::max(1e-300, region_.goal.fixed_usd + cost_of(solved));
  }

  // The least cost with which a step takes no longer than the longest: the least time within a cost is convex
  // in it and falls, so that Newton's method comes from below.
  SolvedShape within_longest(SolvedShape fastest) {
    SolvedShape best = std::move(fastest);
    std::vector<SolvedShape::Cut> proof = best.cuts;
    double bound = proved(best);
    const double longest = region_.goal.longest_ns;
    problem_.constraints.push_back(
        {"cost", {region_.usd.begin(), region_.usd.begin() + region_.dimensions}, Sense::AtMost, 0.0});
    double low = 0.0;  // is too little
    double high = cost_of(best);
    double usd = 0.5 * high;
    for (int k = 0; k < most_solved && bound < best.value * (1.0 - 0.1 * region_.goal.gap()); ++k) {
      problem_.constraints.back().bound = usd;
      const Summary summary = solve(0.0);
      if (summary.status == Status::Infeasible) {
        low = usd;
        usd = 0.5 * (low + high);
        continue;
      }
      SolvedShape solved = taken(summary);
      // T >= bound - slope (C - usd)
      const double slope = summary.shadow_prices.back().per_unit;
      const double line =
          slope > 0.0 ? region_.goal.value(longest, usd + (summary.lower_bound - longest) / slope) : 0.0;
      const double own = std::max(proved(solved), line);
      if (own > bound) {
        bound = own;
        proof = solved.cuts;
      }
      (solved.step_ns > longest ? low : high) = usd;
      const double next = slope > 0.0 ? usd + (solved.step_ns - longest) / slope * (1.0 + 1e-12) : 0.0;
      usd = next > low && next < high ? next : 0.5 * (low + high);
      if (solved.value < best.value) best = std::move(solved);
      if (high <= low * (1.0 + 1e-13)) break;
    }
    problem_.constraints.pop_back();
    best.bound = bound;
    best.cuts = std::move(proof);
    return best;
  }

  [[nodiscard]] double cost_of(const SolvedShape& solved) const {
    FreeBandwidths at{};
    std::copy(solved.gb_per_s.begin(), solved.gb_per_s.end(), at.begin());
    return region_.cost(at);
  }

  static constexpr double near = 1e-9;
  static constexpr double negligible = 1e-12;  // weight
  static constexpr int most_solved = 80;
  const StepAt& time_;
  FreeGoal goal_;
  FreeRegion region_;
  Problem problem_;
  std::vector<Asked> asked_;
};

}  // namespace

bool above_limit(CutBound& cuts, const FreeRegion& region, const StepAt& step, FreeBandwidths& at,
                 const CutSearch& search) {
  const FreeGoal& goal = region.goal;
  const auto n = static_cast<std::size_t>(region.dimensions);
  for (int k = 0; k < search.most && !cuts.full(); ++k) {
    const PathTime time = step(std::span(at).first(n));
    if (search.asked) search.asked(time, at);
    // What is a little too slow is met where it would be fast enough.
    const double ns =
        time.ns <= goal.longest_ns * (1.0 + search.gap) ? std::min(time.ns, goal.longest_ns) : time.ns;
    const double met = region.value(ns, at);
    cuts.add(time, at);
    at = cuts.gb_per_s();
    if (above(cuts.value(), search.limit())) return true;
    if (met - cuts.value() <= search.gap * met) return false;
  }
  return false;
}

SolvedShape solve_shape(const HardwareSpace& space, const ShapeFamily& shape, const StepAt& time) {
  return ShapeSolver(space, shape, time).run();
}

SolvedShape solve_shape(const HardwareSpace& space, const Parallelism& p, const ShapeFamily& shape,
                        FreeStep& step) {
  const FreeLayout layout = layout_of(space.hardware, shape, p);
  step.take(p, layout);
  return solve_shape(space, shape, [&](std::span<const double> b) { return step.at(b); });
}

}  // namespace bandwright
