#include "plan/hardware/hardware_search.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>

#include "plan/hardware/in_threads.h"
#include "plan/hardware/shape_bound.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double unreached = std::numeric_limits<double>::infinity();
constexpr double certified = 1e-9;  // gap of an optimum

// A division on a shape that may be among the best.
struct Survivor {
  std::uint32_t candidate = 0;
  std::uint32_t arrangement = 0;
  ShapeFamily shape;
  double bound_ns = 0.0;
};

class HardwareSearcher {
 public:
  HardwareSearcher(const HardwareSpace& space, const HardwareSearch& search)
      : space_(space),
        search_(search),
        arena_(search.threads > 0 ? search.threads : tbb::task_arena::automatic),
        candidates_(space, search, arena_),
        reached_(candidates_.all().size()) {
    for (std::atomic<double>& each : reached_) each = unreached;
    answer_.counts = candidates_.counts();
    answer_.smallest = candidates_.smallest();
  }

  RankedHardwares run();

 private:
  void attempt(std::size_t wanted);
  void guess();
  void guess(std::uint32_t candidate, FreeStep& step);
  void search();
  void look(std::uint32_t arrangement, FreeStep& step, std::vector<Survivor>& survivors);
  void finish();
  void list(const std::vector<SolvedShape>& solved, const std::map<std::uint32_t, std::size_t>& best);

  [[nodiscard]] const FreeCandidate& candidate(std::uint32_t index) const { return candidates_.all()[index]; }
  [[nodiscard]] bool stopped() {
    if (asked_to_stop()) answer_.interrupted = true;
    return answer_.interrupted;
  }
  // By any thread; what it leaves out then is not missed, as nothing is proved of what was found.
  [[nodiscard]] bool asked_to_stop() const { return search_.interrupted && search_.interrupted(); }
  // What excludes a division from the answer, or a network from being its best.
  [[nodiscard]] double limit(std::uint32_t index) const {
    const double last = std::min(threshold_.load(), reached_[index].load());
    const double most = search_.longest_step_ns > 0.0 ? search_.longest_step_ns : unreached;
    return std::min(last, most) * (1.0 + certified);
  }
  void reach(std::uint32_t candidate, double step_ns);
  void lead(double step_ns, std::uint32_t candidate);
  void bound(std::uint32_t candidate, std::uint32_t arrangement, const ShapeFamily& family,
             const FreeLayout& layout, FreeStep& step, FreeBandwidths& from,
             std::vector<Survivor>* survivors);
  void bound_shape(std::uint32_t candidate, std::uint32_t arrangement, const ShapeFamily& shape,
                   const CutBound* below, FreeStep& step, std::vector<Survivor>* survivors);

  template <class Work>
  void in_threads(std::size_t count, Work work) {
    bandwright::in_threads(arena_, space_.divisions.job, count, search_.interrupted, work);
  }

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  tbb::task_arena arena_;
  HardwareCandidates candidates_;

  std::mutex mutex_;
  std::size_t wanted_ = 0;
  std::vector<std::pair<double, std::uint32_t>> leaders_;  // reached by the best divisions so far
  std::atomic<double> threshold_{unreached};
  std::vector<std::atomic<double>> reached_;  // by candidate
  std::vector<Survivor> survivors_;
  std::atomic<std::int64_t> steps_{0}, family_pairs_{0}, shape_pairs_{0}, solved_{0};
  RankedHardwares answer_;
};

void HardwareSearcher::reach(std::uint32_t index, double step_ns) {
  double before = reached_[index].load();
  while (step_ns < before && !reached_[index].compare_exchange_weak(before, step_ns)) {
  }
  if (step_ns >= threshold_.load()) return;
  const std::scoped_lock lock(mutex_);
  lead(step_ns, index);
}

// Divisions that may tie count once: so many different times are wanted, and one more or less of those that
// are nearly the same costs work only.
void HardwareSearcher::lead(double step_ns, std::uint32_t index) {
  constexpr double alike = 1.0 + 1e-6;
  const auto own = std::find_if(leaders_.begin(), leaders_.end(),
                                [&](const auto& leader) { return leader.second == index; });
  if (own != leaders_.end()) {
    if (own->first <= step_ns) return;
    leaders_.erase(own);
  }
  const std::pair<double, std::uint32_t> one(step_ns, index);
  leaders_.insert(std::upper_bound(leaders_.begin(), leaders_.end(), one), one);
  std::size_t different = 0;
  double last = 0.0;
  for (std::size_t i = 0; i < leaders_.size(); ++i) {
    if (leaders_[i].first <= last * alike) continue;
    last = leaders_[i].first;
    if (different++ < wanted_) continue;
    leaders_.resize(i);
    break;
  }
  if (different >= wanted_) threshold_ = leaders_.back().first;
}

// One shape: bounds it by cuts until it is out, or known.
void HardwareSearcher::bound_shape(std::uint32_t index, std::uint32_t arrangement, const ShapeFamily& shape,
                                   const CutBound* below, FreeStep& step, std::vector<Survivor>* survivors) {
  const FreeRegion region = region_of(space_, shape);
  CutBound cuts(region);
  FreeBandwidths at = evenly(region);
  if (below != nullptr) {
    cuts.adopt(*below);
    if (bound_rounding * cuts.ns() > limit(index)) return;
    at = cuts.gb_per_s();
  }
  ++shape_pairs_;
  const Parallelism p = candidates_.placed(index, arrangement);
  const FreeLayout layout = layout_of(space_.hardware, shape, p);
  step.take(p, layout);
  const CutSearch how{.limit = [&] { return limit(index); },
                      .asked =
                          [&](const PathTime& time) {
                            ++steps_;
                            if (space_.constraints.empty()) reach(index, time.ns);
                          }};
  if (search_.use_cuts && above_limit(cuts, step, region.dimensions, at, how)) return;
  if (!search_.use_cuts || !space_.constraints.empty()) {
    ++solved_;
    const SolvedShape solved = solve_shape(space_, p, shape, step);
    reach(index, solved.step_ns);
    if (solved.step_ns > limit(index)) return;
  }
  if (survivors != nullptr) survivors->push_back({index, arrangement, shape, cuts.ns()});
}

// All shapes of a family at once, then each.
void HardwareSearcher::bound(std::uint32_t index, std::uint32_t arrangement, const ShapeFamily& family,
                             const FreeLayout& layout, FreeStep& step, FreeBandwidths& from,
                             std::vector<Survivor>* survivors) {
  ++family_pairs_;
  const FreeRegion region = region_of(space_, family);
  CutBound cuts(region);
  const bool relaxed = search_.relax_kinds && search_.use_cuts;
  if (relaxed) {
    const Parallelism p = candidates_.placed(index, arrangement);
    step.take(p, layout);
    const CutSearch how{.gap = 1e-6,
                        .most = 8,
                        .limit = [&] { return limit(index); },
                        .asked = [&](const PathTime& /*time*/) { ++steps_; }};
    if (above_limit(cuts, step, region.dimensions, from, how)) return;
  }
  for_each_shape(family, [&](const ShapeFamily& shape) {
    if (asked_to_stop()) return;
    bound_shape(index, arrangement, shape, relaxed ? &cuts : nullptr, step, survivors);
  });
}

void HardwareSearcher::look(std::uint32_t arrangement, FreeStep& step, std::vector<Survivor>& survivors) {
  const std::vector<std::uint32_t>& own =
      candidates_.by_sizes()[candidates_.arrangements()[arrangement].sizes];
  const auto out = [&](std::uint32_t index) { return candidate(index).bound_ns > limit(index); };
  if (std::all_of(own.begin(), own.end(), out)) return;
  const Parallelism first = candidates_.placed(own.front(), arrangement);
  for (const ShapeFamily& family : space_.families) {
    if (!lies_over(first, family.npus)) continue;
    std::optional<FreeLayout> layout;
    FreeBandwidths from{};
    FreeBandwidths path_from{};
    AxisShares shares{};
    const FreeRegion region = region_of(space_, family);
    for (const std::uint32_t index : own) {
      if (asked_to_stop()) return;
      if (candidate(index).bound_ns > threshold_.load() * (1.0 + certified)) break;
      if (out(index)) continue;
      if (!layout) {
        layout = try_layout(space_.hardware, family, first);
        if (!layout) break;
        path_from = from = evenly(region);
        shares = axis_shares(space_.hardware, family, layout->groups);
      }
      const bool path = search_.use_path && search_.use_aggregate;
      if (path && path_above(candidate(index).path, shares, region, limit(index), path_from)) continue;
      bound(index, arrangement, family, *layout, step, from, &survivors);
    }
  }
}

// The most promising divisions.
void HardwareSearcher::guess() {
  std::vector<std::uint32_t> promising(candidates_.all().size());
  std::iota(promising.begin(), promising.end(), 0U);
  const std::size_t count = std::min(promising.size(), std::max<std::size_t>(24, 2 * wanted_));
  std::partial_sort(promising.begin(), promising.begin() + static_cast<std::ptrdiff_t>(count),
                    promising.end(), [&](std::uint32_t a, std::uint32_t b) {
                      const double x = candidate(a).bound_ns;
                      const double y = candidate(b).bound_ns;
                      return x != y ? x < y : a < b;
                    });
  in_threads(count, [&](std::size_t i, FreeStep& step) { guess(promising[i], step); });
}

// One on all shapes of each family at once; then on each of the few best.
void HardwareSearcher::guess(std::uint32_t index, FreeStep& step) {
  constexpr std::size_t most = 4;
  struct Guess {
    double ns;
    std::uint32_t arrangement;
    const ShapeFamily* family;
    bool operator<(const Guess& other) const { return ns < other.ns; }
  };
  std::vector<Guess> guesses;
  for (std::uint32_t a = 0; a < candidates_.arrangements().size(); ++a) {
    if (candidates_.arrangements()[a].sizes != candidate(index).sizes) continue;
    if (asked_to_stop()) return;
    const Parallelism p = candidates_.placed(index, a);
    for (const ShapeFamily& family : space_.families) {
      const std::optional<FreeLayout> layout = try_layout(space_.hardware, family, p);
      if (!layout) continue;
      const FreeRegion region = region_of(space_, family);
      step.take(p, *layout);
      CutBound cuts(region);
      FreeBandwidths at = evenly(region);
      const CutSearch how{
          .most = 2, .limit = [] { return unreached; }, .asked = [&](const PathTime& /*time*/) { ++steps_; }};
      static_cast<void>(above_limit(cuts, step, region.dimensions, at, how));
      guesses.push_back({cuts.ns(), a, &family});
    }
  }
  const std::size_t few = std::min(guesses.size(), most);
  std::partial_sort(guesses.begin(), guesses.begin() + static_cast<std::ptrdiff_t>(few), guesses.end());
  for (const Guess& each : std::span(guesses).first(few)) {
    const Parallelism p = candidates_.placed(index, each.arrangement);
    const FreeLayout layout = layout_of(space_.hardware, *each.family, p);
    FreeBandwidths from = evenly(region_of(space_, *each.family));
    bound(index, each.arrangement, *each.family, layout, step, from, nullptr);
  }
}

// Orders of groups with the most promising divisions first.
void HardwareSearcher::search() {
  const std::vector<Arrangement>& arrangements = candidates_.arrangements();
  std::vector<std::uint32_t> order(arrangements.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto least = [&](std::uint32_t of) {
    return candidate(candidates_.by_sizes()[arrangements[of].sizes].front()).bound_ns;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return least(a) < least(b); });
  std::vector<std::vector<Survivor>> found(arrangements.size());
  in_threads(order.size(), [&](std::size_t i, FreeStep& step) { look(order[i], step, found[order[i]]); });
  for (std::vector<Survivor>& some : found) {
    std::move(some.begin(), some.end(), std::back_inserter(survivors_));
  }
}

void HardwareSearcher::finish() {
  std::erase_if(survivors_,
                [&](const Survivor& each) { return each.bound_ns * bound_rounding > limit(each.candidate); });
  std::vector<SolvedShape> solved(survivors_.size());
  in_threads(survivors_.size(), [&](std::size_t i, FreeStep& step) {
    const Survivor& each = survivors_[i];
    ++solved_;
    solved[i] = solve_shape(space_, candidates_.placed(each.candidate, each.arrangement), each.shape, step);
  });
  // The best network of each division; of equals the first in the space.
  std::map<std::uint32_t, std::size_t> best;
  for (std::size_t i = 0; i < survivors_.size(); ++i) {
    if (solved[i].step_ns == unreached) continue;
    if (search_.longest_step_ns > 0.0 && solved[i].step_ns > search_.longest_step_ns) continue;
    const auto [known, fresh] = best.try_emplace(survivors_[i].candidate, i);
    if (!fresh && solved[i].step_ns < solved[known->second].step_ns * (1.0 - certified)) known->second = i;
  }
  for (const auto& [index, i] : best) reach(index, solved[i].step_ns);
  list(solved, best);
}

void HardwareSearcher::list(const std::vector<SolvedShape>& solved,
                            const std::map<std::uint32_t, std::size_t>& best) {
  // Of what is beyond the last one wanted not all was solved.
  const double last = threshold_.load() * (1.0 + certified);
  std::vector<std::pair<double, std::uint32_t>> order;
  for (const auto& [index, i] : best) {
    if (solved[i].step_ns <= last) order.emplace_back(solved[i].step_ns, index);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [step_ns, index] : order) {
    const std::size_t i = best.at(index);
    Parallelism p = candidates_.placed(index, survivors_[i].arrangement);
    std::vector<Parallelism> same;
    for (const Recomputation each : {Recomputation::None, Recomputation::Selective, Recomputation::Full}) {
      if ((candidate(index).recompute >> static_cast<unsigned>(each) & 1U) == 0) continue;
      p.recompute = each;
      same.push_back(p);
    }
    if (!answer_.best.empty() && step_ns <= answer_.best.back().step_ns * (1.0 + 2.0 * certified)) {
      std::vector<Parallelism>& of_row = answer_.best.back().ties;
      of_row.insert(of_row.end(), same.begin(), same.end());
      continue;
    }
    if (answer_.best.size() == search_.best) break;
    const Parallelism first = same.front();
    same.erase(same.begin());
    answer_.best.push_back({first, survivors_[i].shape, solved[i].gb_per_s, step_ns, solved[i].bound_ns,
                            memory_bill(space_.divisions.job.model, first).total(), std::move(same)});
  }
}

// The best so many divisions. What was reached before holds.
void HardwareSearcher::attempt(std::size_t wanted) {
  wanted_ = wanted;
  leaders_.clear();
  threshold_ = unreached;
  for (std::uint32_t c = 0; c < reached_.size(); ++c) {
    if (reached_[c].load() < threshold_.load()) lead(reached_[c].load(), c);
  }
  survivors_.clear();
  answer_.best.clear();
  if (!stopped()) search();
  if (!stopped()) finish();
}

RankedHardwares HardwareSearcher::run() {
  wanted_ = search_.best;
  if (search_.guess && search_.use_cuts && space_.constraints.empty() && !stopped()) guess();
  // Where divisions that tie leave too few rows, more are wanted.
  attempt(wanted_);
  while (answer_.best.size() < search_.best && threshold_.load() < unreached && !stopped())
    attempt(2 * wanted_);
  const double last = threshold_.load() * (1.0 + certified);
  const std::vector<FreeCandidate>& all = candidates_.all();
  answer_.work.left_by_aggregate =
      std::count_if(all.begin(), all.end(), [&](const FreeCandidate& each) { return each.bound_ns <= last; });
  answer_.work.families = family_pairs_;
  answer_.work.shapes = shape_pairs_;
  answer_.work.steps = steps_;
  answer_.work.solved = solved_;
  return std::move(answer_);
}

}  // namespace

RankedHardwares best_hardware(const HardwareSpace& space, const HardwareSearch& search) {
  return HardwareSearcher(space, search).run();
}

}  // namespace bandwright
