#include "plan/hardware/hardware_search.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <numeric>
#include <optional>

#include "core/stopping.h"
#include "plan/hardware/group_layout.h"
#include "plan/hardware/search/leaders.h"
#include "plan/hardware/search/packed_survivors.h"
#include "plan/hardware/search/pair_bound.h"
#include "plan/hardware/shape_bound.h"
#include "runner/message.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double unreached = std::numeric_limits<double>::infinity();

// Without its cuts, which are for proofs.
std::string packed(const SolvedShape& solved) {
  std::string bytes;
  put(bytes, solved.value);
  put(bytes, solved.step_ns);
  put(bytes, solved.bound);
  for (const double each : solved.gb_per_s) put(bytes, each);
  return bytes;
}

SolvedShape unpacked(std::string_view bytes) {
  SolvedShape solved;
  solved.value = take<double>(bytes);
  solved.step_ns = take<double>(bytes);
  solved.bound = take<double>(bytes);
  while (!bytes.empty()) solved.gb_per_s.push_back(take<double>(bytes));
  return solved;
}

class HardwareSearcher {
 public:
  HardwareSearcher(const HardwareSpace& space, const HardwareSearch& search)
      : space_(space),
        search_(search),
        own_crew_(search.crew == nullptr ? std::make_unique<Crew>(search.threads) : nullptr),
        crew_(search.crew == nullptr ? *own_crew_ : *search.crew),
        candidates_(space, search, crew_),
        leaders_(candidates_.all().size()) {
    answer_.counts = candidates_.counts();
    if (answer_.counts.fit == 0) answer_.smallest = candidates_.smallest();
    answer_.interrupted = candidates_.interrupted();
  }

  RankedHardwares run();

 private:
  void attempt(std::size_t wanted);
  void guess();
  void search();
  void look(std::uint32_t arrangement, FreeStep& step, std::vector<PairSurvivor>& survivors);
  void finish();
  void list_reached();
  void list(const std::vector<SolvedShape>& solved, const std::map<std::uint32_t, std::size_t>& best);

  [[nodiscard]] const FreeCandidate& candidate(std::uint32_t index) const { return candidates_.all()[index]; }
  [[nodiscard]] double limit(std::uint32_t index) const {
    return excluding_limit(space_, search_, leaders_, index);
  }

  // Every rank has all that was found, so that all do the same next; whether it was interrupted, too.
  void run(NumberedWork work) {
    if (answer_.interrupted) return;
    work.everywhere = true;
    work.stopped = [this] { return search_.asked_to_stop(); };
    answer_.interrupted = !crew_.run(work);
  }
  // Of each thread.
  using Steps = tbb::enumerable_thread_specific<FreeStep>;
  [[nodiscard]] Steps steps() const {
    return Steps([this] { return FreeStep(space_.divisions.job); });
  }

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  double gap_ = space_.goal.gap();
  const std::unique_ptr<Crew> own_crew_;
  Crew& crew_;
  HardwareCandidates candidates_;
  Leaders leaders_;
  ReachedNetworks reached_;
  PairWork work_;
  PairBound bounds_{space_, search_, candidates_, leaders_, reached_, work_};
  std::vector<PairSurvivor> survivors_;
  std::atomic<std::int64_t> solved_{0};
  RankedHardwares answer_;
};

void HardwareSearcher::look(std::uint32_t arrangement, FreeStep& step, std::vector<PairSurvivor>& survivors) {
  const std::vector<std::uint32_t>& own =
      candidates_.by_sizes()[candidates_.arrangements()[arrangement].sizes];
  const auto out = [&](std::uint32_t index) { return above(candidate(index).bound, limit(index)); };
  if (std::all_of(own.begin(), own.end(), out)) return;
  const Parallelism first = candidates_.placed(own.front(), arrangement);
  for (const ShapeFamily& family : space_.families) {
    if (!lies_over(first, family.npus)) continue;
    std::optional<FreeLayout> layout;
    FreeBandwidths from{};
    FreeBandwidths path_from{};
    AxisShares shares{};
    const FreeRegion region = region_of(space_, family);
    const auto before = static_cast<std::ptrdiff_t>(survivors.size());
    for (const std::uint32_t index : own) {
      if (search_.asked_to_stop()) throw Stopped{};
      if (above(candidate(index).bound, leaders_.last() * (1.0 + gap_))) break;
      if (out(index)) continue;
      if (!layout) {
        layout = try_layout(space_.hardware, family, first);
        if (!layout) break;
        path_from = from = evenly(region);
        shares = axis_shares(space_.hardware, family, layout->groups);
      }
      const bool path = search_.use_path && search_.use_aggregate;
      if (path && path_above(candidate(index).path, shares, region, limit(index), path_from)) continue;
      bounds_.bound({index, arrangement}, family, *layout, step, from, &survivors);
    }
    // Kind by kind: GCC 12 warns of what it makes of the vectors' own comparison.
    const auto in_order = [](const PairSurvivor& a, const PairSurvivor& b) {
      const std::vector<std::uint8_t>& x = a.shape.kinds;
      const std::vector<std::uint8_t>& y = b.shape.kinds;
      return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(),
                                          [](int k, int l) { return k < l; });
    };
    std::stable_sort(survivors.begin() + before, survivors.end(), in_order);
  }
}

// The most promising divisions.
void HardwareSearcher::guess() {
  std::vector<std::uint32_t> promising(candidates_.all().size());
  std::iota(promising.begin(), promising.end(), 0U);
  const std::size_t count = std::min(promising.size(), std::max<std::size_t>(24, 2 * leaders_.wanted()));
  std::partial_sort(promising.begin(), promising.begin() + static_cast<std::ptrdiff_t>(count),
                    promising.end(), [&](std::uint32_t a, std::uint32_t b) {
                      const double x = candidate(a).bound;
                      const double y = candidate(b).bound;
                      return x != y ? x < y : a < b;
                    });
  Steps own = steps();
  run({.pieces = count,
       .compute = [&](std::size_t i) { bounds_.guess(promising[i], own.local()); },
       .pack = [&](std::size_t i) { return packed_reached(std::span(promising).subspan(i, 1), leaders_); },
       .unpack = [&](std::size_t, std::string_view bytes) { unpack_reached(bytes, leaders_); },
       .finished = telling(search_.progress, "first guesses", count)});
}

// Orders of groups with the most promising divisions first.
void HardwareSearcher::search() {
  const std::vector<Arrangement>& arrangements = candidates_.arrangements();
  std::vector<std::uint32_t> order(arrangements.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto least = [&](std::uint32_t of) {
    return candidate(candidates_.by_sizes()[arrangements[of].sizes].front()).bound;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return least(a) < least(b); });
  // Ranks hear of each other's leaders between batches, which grow.
  constexpr std::size_t first_batch = 64;
  std::vector<std::vector<PairSurvivor>> found(arrangements.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    end = std::min(order.size(), 2 * begin + first_batch);
    Steps own = steps();
    run({.pieces = end - begin,
         .compute = [&](std::size_t i) { look(order[begin + i], own.local(), found[order[begin + i]]); },
         .pack =
             [&](std::size_t i) {
               const std::uint32_t of = order[begin + i];
               return packed_reached(candidates_.by_sizes()[arrangements[of].sizes], leaders_) +
                      packed_survivors(found[of]);
             },
         .unpack =
             [&](std::size_t i, std::string_view bytes) {
               unpack_reached(bytes, leaders_);
               found[order[begin + i]] = unpacked_survivors(bytes);
             },
         .finished = telling(search_.progress, "networks", order.size(), begin)});
  }
  for (std::vector<PairSurvivor>& some : found) {
    std::move(some.begin(), some.end(), std::back_inserter(survivors_));
  }
}

void HardwareSearcher::finish() {
  std::erase_if(survivors_,
                [&](const PairSurvivor& each) { return above(each.bound, limit(each.candidate)); });
  std::vector<SolvedShape> solved(survivors_.size());
  Steps own = steps();
  run({.pieces = survivors_.size(),
       .compute =
           [&](std::size_t i) {
             const PairSurvivor& each = survivors_[i];
             ++solved_;
             solved[i] = solve_shape(space_, candidates_.placed(each.candidate, each.arrangement), each.shape,
                                     own.local());
           },
       .pack = [&](std::size_t i) { return packed(solved[i]); },
       .unpack = [&](std::size_t i, std::string_view bytes) { solved[i] = unpacked(bytes); },
       .finished = telling(search_.progress, "optima", survivors_.size())});
  // The best network of each division; of equals the first in the space.
  std::map<std::uint32_t, std::size_t> best;
  for (std::size_t i = 0; i < survivors_.size(); ++i) {
    if (std::isinf(solved[i].value)) continue;
    const bool limited = search_.longest_step_ns > 0.0 && space_.goal.objective == PlanObjective::StepTime;
    if (limited && solved[i].step_ns > search_.longest_step_ns) continue;
    const auto [known, fresh] = best.try_emplace(survivors_[i].candidate, i);
    if (!fresh && solved[i].value < solved[known->second].value * (1.0 - gap_)) known->second = i;
  }
  for (const auto& [index, i] : best) leaders_.reach(index, solved[i].value);
  list(solved, best);
}

void HardwareSearcher::list(const std::vector<SolvedShape>& solved,
                            const std::map<std::uint32_t, std::size_t>& best) {
  // Of what is beyond the last one wanted not all was solved.
  const double last = leaders_.last() * (1.0 + gap_);
  std::vector<std::pair<double, std::uint32_t>> order;
  for (const auto& [index, i] : best) {
    if (solved[i].value <= last) order.emplace_back(solved[i].value, index);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [value, index] : order) {
    const std::size_t i = best.at(index);
    Parallelism p = candidates_.placed(index, survivors_[i].arrangement);
    std::vector<Parallelism> same;
    for (const Recomputation each : {Recomputation::None, Recomputation::Selective, Recomputation::Full}) {
      if ((candidate(index).recompute >> static_cast<unsigned>(each) & 1U) == 0) continue;
      p.recompute = each;
      same.push_back(p);
    }
    if (!answer_.best.empty() && value <= answer_.best.back().value * (1.0 + 2.0 * gap_)) {
      std::vector<Parallelism>& of_row = answer_.best.back().ties;
      of_row.insert(of_row.end(), same.begin(), same.end());
      continue;
    }
    if (answer_.best.size() == search_.best) break;
    const Parallelism first = same.front();
    same.erase(same.begin());
    answer_.best.push_back({first, survivors_[i].shape, solved[i].gb_per_s, solved[i].step_ns, value,
                            solved[i].bound, memory_bill(space_.divisions.job.model, first).total(),
                            std::move(same)});
  }
}

// Of an interrupted search: what was reached until then.
void HardwareSearcher::list_reached() {
  answer_.best.clear();
  const bool limited = search_.longest_step_ns > 0.0 && space_.goal.objective == PlanObjective::StepTime;
  for (auto& [index, reached] : reached_.best()) {
    if (answer_.best.size() == search_.best) break;
    if (limited && reached.step_ns > search_.longest_step_ns) continue;
    const Parallelism p = candidates_.placed(index, reached.arrangement);
    answer_.best.push_back({p,
                            reached.shape,
                            reached.gb_per_s,
                            reached.step_ns,
                            reached.value,
                            candidate(index).bound,
                            memory_bill(space_.divisions.job.model, p).total(),
                            {}});
  }
}

// The best so many divisions. What was reached before holds.
void HardwareSearcher::attempt(std::size_t wanted) {
  leaders_.want(wanted);
  survivors_.clear();
  answer_.best.clear();
  search();
  if (!answer_.interrupted) finish();
}

RankedHardwares HardwareSearcher::run() {
  leaders_.want(search_.best);
  if (search_.guess && search_.use_cuts && space_.constraints.empty()) guess();
  // Where divisions that tie leave too few rows, more are wanted.
  attempt(search_.best);
  while (answer_.best.size() < search_.best && leaders_.last() < unreached && !answer_.interrupted)
    attempt(2 * leaders_.wanted());
  if (answer_.interrupted) list_reached();
  const double last = leaders_.last() * (1.0 + gap_);
  const std::vector<FreeCandidate>& all = candidates_.all();
  answer_.work.left_by_aggregate =
      std::count_if(all.begin(), all.end(), [&](const FreeCandidate& each) { return each.bound <= last; });
  answer_.work.families = work_.families;
  answer_.work.shapes = work_.shapes;
  answer_.work.steps = work_.steps;
  answer_.work.solved = solved_ + work_.solved;
  return std::move(answer_);
}

}  // namespace

RankedHardwares best_hardware(const HardwareSpace& space, const HardwareSearch& search) {
  return HardwareSearcher(space, search).run();
}

}  // namespace bandwright
