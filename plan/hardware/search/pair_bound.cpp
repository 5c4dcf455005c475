#include "plan/hardware/search/pair_bound.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

#include "core/stopping.h"
#include "plan/hardware/group_layout.h"

namespace bandwright {

double excluding_limit(const HardwareSpace& space, const HardwareSearch& search, const Leaders& leaders,
                       std::uint32_t candidate) {
  double limit = std::min(leaders.last(), leaders.reached(candidate));
  if (search.longest_step_ns > 0.0 && space.goal.objective == PlanObjective::StepTime)
    limit = std::min(limit, search.longest_step_ns);
  return limit * (1.0 + space.goal.gap());
}

void ReachedNetworks::keep(std::uint32_t candidate, Reached reached) {
  const std::scoped_lock lock(mutex_);
  const auto [known, fresh] = networks_.try_emplace(candidate, std::move(reached));
  if (!fresh && reached.value < known->second.value) known->second = std::move(reached);
}

std::vector<std::pair<std::uint32_t, ReachedNetworks::Reached>> ReachedNetworks::best() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::pair<std::uint32_t, Reached>> all(networks_.begin(), networks_.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second.value < b.second.value; });
  return all;
}

void PairBound::reach(LaidDivision laid, const ShapeFamily& shape, double value, double step_ns,
                      const FreeBandwidths& at) {
  const bool leads = value < leaders_.last();
  leaders_.reach(laid.candidate, value);
  if (!leads) return;
  const auto dimensions = static_cast<std::ptrdiff_t>(shape.npus.size());
  reached_.keep(laid.candidate,
                {value, step_ns, laid.arrangement, shape, {at.begin(), at.begin() + dimensions}});
}

// What was asked is an answer; or, where it is too slow, more of everything is.
void PairBound::reach_nearby(LaidDivision laid, const ShapeFamily& shape, const FreeRegion& region,
                             const StepAt& time, const PathTime& asked, const FreeBandwidths& at) {
  if (!space_.constraints.empty()) return;
  const double longest = space_.goal.longest_ns;
  if (asked.ns <= longest || space_.goal.objective == PlanObjective::StepTime)
    return reach(laid, shape, region.value(asked.ns, at), asked.ns, at);
  constexpr double far = 1.2;
  const auto n = static_cast<std::size_t>(region.dimensions);
  const double constant = asked.constant_ns(std::span(at).first(n));
  if (asked.ns > far * longest || constant >= longest) return;
  FreeBandwidths more = at;
  const double times = (asked.ns - constant) / (longest - constant) * (1.0 + 1e-9);
  for (std::size_t d = 0; d < n; ++d) more[d] = std::min(region.most[d], at[d] * times);
  double spent = 0.0;
  for (std::size_t d = 0; d < n; ++d) spent += region.price[d] * more[d];
  if (spent > region.total) return;
  ++work_.steps;
  const double step_ns = time(std::span(more).first(n)).ns;
  reach(laid, shape, region.value(step_ns, more), step_ns, more);
}

// One shape: bounds it by cuts until it is out, or known.
void PairBound::bound_shape(LaidDivision laid, const ShapeFamily& shape, const FreeLayout& layout,
                            const CutBound* below, FreeStep& step, std::vector<PairSurvivor>* survivors) {
  const std::uint32_t index = laid.candidate;
  const FreeRegion region = region_of(space_, shape);
  CutBound cuts(region);
  FreeBandwidths at = evenly(region);
  if (below != nullptr) {
    cuts.adopt(*below);
    if (above(cuts.value(), limit(index))) return;
    at = cuts.gb_per_s();
  }
  ++work_.shapes;
  const Parallelism p = candidates_.placed(index, laid.arrangement);
  step.take(p, layout);
  const StepAt time = [&](std::span<const double> b) { return step.at(b); };
  const CutSearch how{.gap = space_.goal.gap(),
                      .limit = [&] { return limit(index); },
                      .asked =
                          [&](const PathTime& asked, const FreeBandwidths& where) {
                            ++work_.steps;
                            reach_nearby(laid, shape, region, time, asked, where);
                          }};
  if (search_.use_cuts && above_limit(cuts, region, time, at, how)) return;
  if (!search_.use_cuts || !space_.constraints.empty()) {
    ++work_.solved;
    const SolvedShape solved = solve_shape(space_, p, shape, step);
    leaders_.reach(index, solved.value);
    if (solved.value > limit(index)) return;
  }
  if (survivors != nullptr) survivors->push_back({index, laid.arrangement, shape, cuts.value()});
}

// Kinds of one dimension after the other: shapes that have more than one left are bounded together.
void PairBound::divide(LaidDivision laid, const ShapeFamily& shapes, const FreeLayout& layout,
                       const CutBound* below, FreeStep& step, std::vector<PairSurvivor>* survivors) {
  const std::optional<std::size_t> dimension = open_dimension(shapes);
  if (!dimension) return bound_shape(laid, shapes, layout, below, step, survivors);
  ShapeFamily some = shapes;
  FreeLayout own = layout;
  for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
    if (search_.asked_to_stop()) throw Stopped{};
    if ((shapes.kinds[*dimension] >> k & 1U) == 0) continue;
    some.kinds[*dimension] = own.network[*dimension].kinds = static_cast<std::uint8_t>(1U << k);
    if (below == nullptr || !open_dimension(some)) {
      divide(laid, some, own, below, step, survivors);
      continue;
    }
    const FreeRegion region = region_of(space_, some);
    CutBound cuts(region);
    cuts.adopt(*below);
    if (above(cuts.value(), limit(laid.candidate))) continue;
    FreeBandwidths at = cuts.gb_per_s();
    step.take(candidates_.placed(laid.candidate, laid.arrangement), own);
    const CutSearch how{
        .gap = 1e-6,
        .most = 4,
        .limit = [&] { return limit(laid.candidate); },
        .asked = [&](const PathTime& /*time*/, const FreeBandwidths& /*at*/) { ++work_.steps; }};
    const bool out = above_limit(
        cuts, region, [&](std::span<const double> b) { return step.at(b); }, at, how);
    if (!out) divide(laid, some, own, &cuts, step, survivors);
  }
}

// All shapes of a family at once, then fewer.
void PairBound::bound(LaidDivision laid, const ShapeFamily& family, const FreeLayout& layout, FreeStep& step,
                      FreeBandwidths& from, std::vector<PairSurvivor>* survivors) {
  ++work_.families;
  const FreeRegion region = region_of(space_, family);
  CutBound cuts(region);
  const bool relaxed = search_.relax_kinds && search_.use_cuts;
  if (relaxed) {
    step.take(candidates_.placed(laid.candidate, laid.arrangement), layout);
    const CutSearch how{
        .gap = 1e-6,
        .most = 8,
        .limit = [&] { return limit(laid.candidate); },
        .asked = [&](const PathTime& /*time*/, const FreeBandwidths& /*at*/) { ++work_.steps; }};
    if (above_limit(
            cuts, region, [&](std::span<const double> b) { return step.at(b); }, from, how))
      return;
  }
  divide(laid, family, layout, relaxed ? &cuts : nullptr, step, survivors);
}

// One on all shapes of each family at once; then on each of the few best.
void PairBound::guess(std::uint32_t index, FreeStep& step) {
  constexpr std::size_t most = 4;
  struct Guess {
    double value;
    std::uint32_t arrangement;
    const ShapeFamily* family;
    bool operator<(const Guess& other) const { return value < other.value; }
  };
  std::vector<Guess> guesses;
  for (std::uint32_t a = 0; a < candidates_.arrangements().size(); ++a) {
    if (candidates_.arrangements()[a].sizes != candidates_.all()[index].sizes) continue;
    if (search_.asked_to_stop()) throw Stopped{};
    const Parallelism p = candidates_.placed(index, a);
    for (const ShapeFamily& family : space_.families) {
      const std::optional<FreeLayout> layout = try_layout(space_.hardware, family, p);
      if (!layout) continue;
      const FreeRegion region = region_of(space_, family);
      step.take(p, *layout);
      CutBound cuts(region);
      FreeBandwidths at = evenly(region);
      const CutSearch how{
          .most = 2,
          .limit = [] { return std::numeric_limits<double>::infinity(); },
          .asked = [&](const PathTime& /*time*/, const FreeBandwidths& /*at*/) { ++work_.steps; }};
      static_cast<void>(above_limit(
          cuts, region, [&](std::span<const double> b) { return step.at(b); }, at, how));
      guesses.push_back({cuts.value(), a, &family});
    }
  }
  const std::size_t few = std::min(guesses.size(), most);
  std::partial_sort(guesses.begin(), guesses.begin() + static_cast<std::ptrdiff_t>(few), guesses.end());
  for (const Guess& each : std::span(guesses).first(few)) {
    const Parallelism p = candidates_.placed(index, each.arrangement);
    const FreeLayout layout = layout_of(space_.hardware, *each.family, p);
    FreeBandwidths from = evenly(region_of(space_, *each.family));
    bound({index, each.arrangement}, *each.family, layout, step, from, nullptr);
  }
}

}  // namespace bandwright
