#include "plan/hardware/shape_bound.h"

#include <algorithm>
#include <bit>
#include <cctype>

#include "optimizer/constraint_text.h"
#include "optimizer/solver.h"

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

}  // namespace

FreeBandwidths evenly(const FreeRegion& region) {
  FreeBandwidths even{};
  even.fill(1.0);
  return least_time(region, 0.0, even).gb_per_s;
}

bool above_limit(CutBound& cuts, FreeStep& step, int dimensions, FreeBandwidths& at,
                 const CutSearch& search) {
  for (int k = 0; k < search.most && !cuts.full(); ++k) {
    const PathTime time = step.at(std::span(at).first(static_cast<std::size_t>(dimensions)));
    if (search.asked) search.asked(time);
    cuts.add(time, at);
    at = cuts.gb_per_s();
    if (bound_rounding * cuts.ns() > search.limit()) return true;
    if (time.ns - cuts.ns() <= search.gap * time.ns) return false;
  }
  return false;
}

SolvedShape solve_shape(const HardwareSpace& space, const Parallelism& p, const ShapeFamily& shape,
                        FreeStep& step) {
  const FreeRegion region = region_of(space, shape);
  const FreeLayout layout = layout_of(space.hardware, shape, p);
  step.take(p, layout);
  Problem problem;
  problem.dimensions = region.dimensions;
  problem.step_times.push_back({1.0, [&](std::span<const double> gb_per_s) {
                                  const PathTime time = step.at(gb_per_s);
                                  Cut cut{.constant_ns = time.constant_ns(gb_per_s)};
                                  for (int d = 0; d < region.dimensions; ++d) {
                                    const double bytes = time.bytes[static_cast<std::size_t>(d)];
                                    if (bytes > 0.0) cut.loads.push_back({only_dimension(d), bytes});
                                  }
                                  return cut;
                                }});
  const auto n = static_cast<std::size_t>(region.dimensions);
  problem.price.assign(region.price.begin(), region.price.begin() + static_cast<std::ptrdiff_t>(n));
  problem.constraints.push_back({"budget", problem.price, Sense::AtMost, region.total});
  for (int d = 0; d < region.dimensions; ++d) {
    problem.constraints.push_back(at_most(region.dimensions, d, region.most[static_cast<std::size_t>(d)]));
  }
  std::vector<double> dollars;  // infinite where nobody sells it: no constraint on the cost then
  for (std::size_t d = 0; d < n; ++d) {
    const auto kind = static_cast<std::size_t>(std::countr_zero(shape.kinds[d]));
    dollars.push_back(space.unit_usd[shape.classes[d]][kind]);
  }
  for (const std::string& text : space.constraints) {
    if (last_dimension_in(text) > region.dimensions) continue;
    problem.constraints.push_back(parse_constraint(text, region.dimensions, dollars));
  }
  const Summary summary = optimize(problem);
  if (summary.status == Status::Infeasible) return {};
  return {summary.objective, summary.lower_bound, summary.gb_per_s};
}

}  // namespace bandwright
