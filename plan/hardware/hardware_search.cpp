#include "plan/hardware/hardware_search.h"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>

#include "collective/algorithm.h"
#include "core/error.h"
#include "optimizer/constraint_text.h"
#include "optimizer/solver.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double certified = 1e-9;        // gap of an optimum
constexpr double downward = 1.0 - 1e-12;  // rounding of sums

// Divisions with the same passes: they differ in what is computed again, and do not differ in any time.
struct FreeCandidate {
  double bound_ns = 0.0;
  std::uint32_t sizes = 0;
  std::uint32_t micro_batch = 1;
  std::uint16_t virtual_stages = 1;
  std::uint8_t zero = 0;
  std::uint8_t recompute = 0;  // values, as bits
  bool sequence_parallel = false;
};

// One order of the groups over dimensions, of divisions with the same sizes.
struct Arrangement {
  std::uint32_t sizes = 0;
  std::vector<std::string> placement;
};

// A division on a shape that may be among the best.
struct Survivor {
  std::uint32_t candidate = 0;
  std::uint32_t arrangement = 0;
  ShapeFamily shape;
  double bound_ns = 0.0;
};

struct Solved {
  double step_ns = never;
  double bound_ns = 0.0;
  std::vector<double> gb_per_s;
};

FreeBandwidths evenly(const FreeRegion& region) {
  FreeBandwidths even{};
  even.fill(1.0);
  return least_time(region, 0.0, even).gb_per_s;
}

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

class HardwareSearcher {
 public:
  HardwareSearcher(const HardwareSpace& space, const HardwareSearch& search)
      : space_(space),
        search_(search),
        npus_(space.divisions.npus.front()),
        domains_(domains_of(space.divisions, npus_)),
        capacity_(memory_limit(space.divisions, {.most_memory_bytes = search.most_memory_bytes})),
        arena_(search.threads > 0 ? search.threads : tbb::task_arena::automatic),
        together_(most_together(space)) {
    flat_.dimensions.push_back({&dimension_kind("Switch"), static_cast<int>(npus_), "Pod"});
    for (const HardwareClass& each : space.hardware.classes) classes_.push_back(each.links);
    for (const FabricDimension& each : classes_) {
      if (!each.software.copies) copying_ = 0.0;
    }
  }

  RankedHardwares run();

 private:
  void attempt(std::size_t wanted);
  void enumerate();
  [[nodiscard]] std::vector<FreeCandidate> of_sizes(std::uint32_t sizes, FreeStep& step, std::int64_t& valid,
                                                    std::optional<RankedDivision>& smallest) const;
  void arrange();
  void count();
  void guess();
  void search();
  void look(std::uint32_t arrangement, FreeStep& step, std::vector<Survivor>& survivors);
  void finish();

  [[nodiscard]] Parallelism division(const FreeCandidate& candidate) const;
  [[nodiscard]] Parallelism placed(const FreeCandidate& candidate, std::uint32_t arrangement) const {
    Parallelism p = division(candidate);
    p.placement = arrangements_[arrangement].placement;
    return p;
  }
  [[nodiscard]] bool stopped() {
    if (search_.interrupted && search_.interrupted()) answer_.interrupted = true;
    return answer_.interrupted;
  }
  // Whether a bound excludes a division from the answer, or a network from being its best.
  [[nodiscard]] double limit(std::uint32_t candidate) const {
    const double last = std::min(threshold_.load(), reached_[candidate].load());
    const double most = search_.longest_step_ns > 0.0 ? search_.longest_step_ns : never;
    return std::min(last, most) * (1.0 + certified);
  }
  void reach(std::uint32_t candidate, double step_ns);

  void bound(std::uint32_t candidate, std::uint32_t arrangement, const ShapeFamily& family,
             const FreeLayout& layout, FreeStep& step, FreeBandwidths& from,
             std::vector<Survivor>* survivors);
  void bound_shape(std::uint32_t candidate, std::uint32_t arrangement, const ShapeFamily& shape,
                   const CutBound* below, FreeStep& step, std::vector<Survivor>* survivors);
  [[nodiscard]] Solved solve(const Parallelism& p, const ShapeFamily& shape, FreeStep& step);

  template <class Work>
  void in_threads(std::size_t count, Work work);

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  std::int64_t npus_;
  DivisionDomains domains_;
  double capacity_;
  tbb::task_arena arena_;
  Network flat_;
  std::vector<FabricDimension> classes_;
  double together_;                      // GB/s, at most
  double copying_ = copying_processors;  // at least, of any shape

  std::size_t wanted_ = 0;
  std::vector<GroupSizes> sizes_;
  std::vector<FreeCandidate> candidates_;
  std::vector<std::vector<std::uint32_t>> by_sizes_;  // candidates, the lowest bound first
  std::vector<Arrangement> arrangements_;
  std::vector<std::uint32_t> arrangement_order_;

  std::mutex mutex_;
  std::vector<std::pair<double, std::uint32_t>> leaders_;  // reached by the best divisions so far
  std::atomic<double> threshold_{never};
  std::vector<std::atomic<double>> reached_;  // by candidate
  std::vector<Survivor> survivors_;
  std::atomic<std::int64_t> steps_{0}, family_pairs_{0}, shape_pairs_{0}, solved_{0};
  RankedHardwares answer_;
};

template <class Work>
void HardwareSearcher::in_threads(std::size_t count, Work work) {
  std::atomic<std::size_t> next{0};
  arena_.execute([&] {
    tbb::task_group group;
    for (int t = 0; t < arena_.max_concurrency(); ++t) {
      group.run([&] {
        FreeStep step(space_.divisions.job);
        for (std::size_t i = next++; i < count && !(search_.interrupted && search_.interrupted());
             i = next++) {
          work(i, step);
        }
      });
    }
    group.wait();
  });
}

Parallelism HardwareSearcher::division(const FreeCandidate& each) const {
  Parallelism p = space_.divisions.job.parallelism;
  const GroupSizes& sizes = sizes_[each.sizes];
  p.tensor = sizes.tensor;
  p.context = sizes.context;
  p.pipeline = sizes.pipeline;
  p.expert = sizes.expert;
  p.data = npus_ / (p.tensor * p.context * p.pipeline);
  p.virtual_stages = each.virtual_stages;
  p.schedule = schedule_of(p, each.virtual_stages);
  p.micro_batch = each.micro_batch;
  p.zero = each.zero;
  p.recompute = static_cast<Recomputation>(std::countr_zero(each.recompute));
  p.sequence_parallel = each.sequence_parallel;
  return p;
}

std::vector<FreeCandidate> HardwareSearcher::of_sizes(std::uint32_t sizes, FreeStep& step,
                                                      std::int64_t& valid,
                                                      std::optional<RankedDivision>& smallest) const {
  std::vector<FreeCandidate> found;
  std::vector<std::size_t> passes;  // of those found
  std::vector<Group> groups;
  const FreeBandwidths together = {together_};
  for_each_division(space_.divisions, domains_, sizes_[sizes], npus_, [&](const Parallelism& p) {
    ++valid;
    const double bytes = memory_bill(space_.divisions.job.model, p).total();
    if (bytes > capacity_) {
      if (!smallest || bytes < smallest->memory_bytes) smallest = RankedDivision{p, 0.0, bytes, {}};
      return;
    }
    if (groups.empty()) groups = parallel_groups(flat_, p);
    FreeCandidate one{.sizes = sizes,
                      .micro_batch = static_cast<std::uint32_t>(p.micro_batch),
                      .virtual_stages = static_cast<std::uint16_t>(p.virtual_stages),
                      .zero = static_cast<std::uint8_t>(p.zero),
                      .recompute = static_cast<std::uint8_t>(1U << static_cast<unsigned>(p.recompute)),
                      .sequence_parallel = p.sequence_parallel};
    const std::size_t number = step.passes_of(p, groups);
    // Neighbours differ in recomputation and sequence parallelism alone.
    for (std::size_t i = found.size(); i-- > 0;) {
      FreeCandidate& other = found[i];
      if (other.micro_batch != one.micro_batch || other.virtual_stages != one.virtual_stages ||
          other.zero != one.zero) {
        break;
      }
      if (passes[i] != number || other.sequence_parallel != one.sequence_parallel) continue;
      other.recompute = static_cast<std::uint8_t>(other.recompute | one.recompute);
      return;
    }
    step.take_together(p, groups, classes_, copying_);
    one.bound_ns = search_.use_aggregate ? downward * step.at(std::span(together).first(1)).ns : 0.0;
    found.push_back(one);
    passes.push_back(number);
  });
  return found;
}

void HardwareSearcher::enumerate() {
  answer_.counts.divisions = domains_.combinations();
  sizes_ = group_sizes(space_.divisions, domains_, flat_);
  struct Of {
    std::vector<FreeCandidate> candidates;
    std::int64_t valid = 0;
    std::optional<RankedDivision> smallest;
  };
  std::vector<Of> found(sizes_.size());
  in_threads(sizes_.size(), [&](std::size_t s, FreeStep& step) {
    found[s].candidates = of_sizes(static_cast<std::uint32_t>(s), step, found[s].valid, found[s].smallest);
  });
  by_sizes_.resize(sizes_.size());
  for (std::size_t s = 0; s < found.size(); ++s) {
    answer_.counts.valid += found[s].valid;
    for (const FreeCandidate& each : found[s].candidates) {
      by_sizes_[s].push_back(static_cast<std::uint32_t>(candidates_.size()));
      candidates_.push_back(each);
      answer_.counts.fit += std::popcount(each.recompute);
    }
    std::stable_sort(by_sizes_[s].begin(), by_sizes_[s].end(), [&](std::uint32_t a, std::uint32_t b) {
      return candidates_[a].bound_ns < candidates_[b].bound_ns;
    });
    const bool smaller = found[s].smallest && (!answer_.smallest || found[s].smallest->memory_bytes <
                                                                        answer_.smallest->memory_bytes);
    if (smaller) answer_.smallest = found[s].smallest;
  }
}

void HardwareSearcher::arrange() {
  for (std::size_t s = 0; s < sizes_.size(); ++s) {
    if (by_sizes_[s].empty()) continue;
    const Parallelism p = division(candidates_[by_sizes_[s].front()]);
    std::vector<std::vector<std::string>> orders = {p.placement};
    if (space_.any_placement) orders = placements(p);
    for (std::vector<std::string>& order : orders) {
      arrangements_.push_back({static_cast<std::uint32_t>(s), std::move(order)});
    }
  }
  arrangement_order_.resize(arrangements_.size());
  std::iota(arrangement_order_.begin(), arrangement_order_.end(), 0U);
  std::stable_sort(arrangement_order_.begin(), arrangement_order_.end(),
                   [&](std::uint32_t a, std::uint32_t b) {
                     const auto least = [&](std::uint32_t of) {
                       return candidates_[by_sizes_[arrangements_[of].sizes].front()].bound_ns;
                     };
                     return least(a) < least(b);
                   });
}

// How many algorithms of the catalogue serve an all-reduce over so many NPUs.
double algorithms_for(int npus) {
  double count = 0.0;
  for (const CollectiveAlgorithm& each : collective_algorithms()) {
    if (each.serves(CollectiveKind::AllReduce, npus)) count += 1.0;
  }
  return count;
}

void HardwareSearcher::count() {
  std::map<int, double> serve;
  for (const ShapeFamily& family : space_.families) {
    answer_.counts.shapes += family.shapes();
    for (std::int64_t n = 2; n <= npus_; ++n) {
      if (npus_ % n == 0 && !serve.contains(static_cast<int>(n))) {
        serve[static_cast<int>(n)] = algorithms_for(static_cast<int>(n));
      }
    }
  }
  for (const Arrangement& each : arrangements_) {
    double divisions = 0.0;
    for (const std::uint32_t c : by_sizes_[each.sizes]) divisions += std::popcount(candidates_[c].recompute);
    Parallelism p = division(candidates_[by_sizes_[each.sizes].front()]);
    p.placement = each.placement;
    for (const ShapeFamily& family : space_.families) {
      double algorithms = divisions * family.shapes();
      if (!for_each_part(p, family.npus, [&](int part) { algorithms *= serve[part]; })) continue;
      answer_.counts.points += divisions * family.shapes();
      answer_.counts.algorithms += algorithms;
    }
  }
}

void HardwareSearcher::reach(std::uint32_t candidate, double step_ns) {
  double before = reached_[candidate].load();
  while (step_ns < before && !reached_[candidate].compare_exchange_weak(before, step_ns)) {
  }
  if (step_ns >= threshold_.load()) return;
  const std::scoped_lock lock(mutex_);
  const auto own = std::find_if(leaders_.begin(), leaders_.end(),
                                [&](const auto& leader) { return leader.second == candidate; });
  if (own != leaders_.end()) {
    if (own->first <= step_ns) return;
    leaders_.erase(own);
  }
  leaders_.insert(std::upper_bound(leaders_.begin(), leaders_.end(), std::pair(step_ns, candidate)),
                  {step_ns, candidate});
  if (leaders_.size() > wanted_) leaders_.pop_back();
  if (leaders_.size() == wanted_) threshold_ = leaders_.back().first;
}

// One shape: bounds it by cuts until it is out, or known.
void HardwareSearcher::bound_shape(std::uint32_t candidate, std::uint32_t arrangement,
                                   const ShapeFamily& shape, const CutBound* below, FreeStep& step,
                                   std::vector<Survivor>* survivors) {
  const FreeRegion region = region_of(space_, shape);
  CutBound cuts(region);
  FreeBandwidths at = evenly(region);
  if (below != nullptr) {
    cuts.adopt(*below);
    if (downward * cuts.ns() > limit(candidate)) return;
    at = cuts.gb_per_s();
  }
  ++shape_pairs_;
  const Parallelism p = placed(candidates_[candidate], arrangement);
  const FreeLayout layout = layout_of(space_.hardware, shape, p);
  step.take(p, layout);
  while (search_.use_cuts && !cuts.full()) {
    ++steps_;
    const PathTime time = step.at(std::span(at).first(static_cast<std::size_t>(region.dimensions)));
    if (space_.constraints.empty()) reach(candidate, time.ns);
    cuts.add(time, at);
    if (downward * cuts.ns() > limit(candidate)) return;
    if (time.ns - cuts.ns() <= certified * time.ns) break;
    at = cuts.gb_per_s();
  }
  if (!search_.use_cuts || !space_.constraints.empty()) {
    const Solved solved = solve(p, shape, step);
    reach(candidate, solved.step_ns);
    if (solved.step_ns > limit(candidate)) return;
  }
  if (survivors != nullptr) survivors->push_back({candidate, arrangement, shape, cuts.ns()});
}

// All shapes of a family at once, then each.
void HardwareSearcher::bound(std::uint32_t candidate, std::uint32_t arrangement, const ShapeFamily& family,
                             const FreeLayout& layout, FreeStep& step, FreeBandwidths& from,
                             std::vector<Survivor>* survivors) {
  ++family_pairs_;
  const FreeRegion region = region_of(space_, family);
  CutBound cuts(region);
  if (search_.relax_kinds && search_.use_cuts) {
    constexpr int most_steps = 8;
    const Parallelism p = placed(candidates_[candidate], arrangement);
    step.take(p, layout);
    for (int k = 0; k < most_steps; ++k) {
      ++steps_;
      const PathTime time = step.at(std::span(from).first(static_cast<std::size_t>(region.dimensions)));
      cuts.add(time, from);
      from = cuts.gb_per_s();
      if (downward * cuts.ns() > limit(candidate)) return;
      if (time.ns - cuts.ns() <= 1e-6 * time.ns) break;
    }
  }
  for_each_shape(family, [&](const ShapeFamily& shape) {
    bound_shape(candidate, arrangement, shape, search_.relax_kinds && search_.use_cuts ? &cuts : nullptr,
                step, survivors);
  });
}

void HardwareSearcher::look(std::uint32_t arrangement, FreeStep& step, std::vector<Survivor>& survivors) {
  const std::vector<std::uint32_t>& own = by_sizes_[arrangements_[arrangement].sizes];
  const auto out = [&](std::uint32_t candidate) {
    return candidates_[candidate].bound_ns > limit(candidate);
  };
  if (std::all_of(own.begin(), own.end(), out)) return;
  const Parallelism first = placed(candidates_[own.front()], arrangement);
  for (const ShapeFamily& family : space_.families) {
    if (!lies_over(first, family.npus)) continue;
    FreeLayout layout;
    FreeBandwidths from{};
    for (const std::uint32_t candidate : own) {
      if (candidates_[candidate].bound_ns > threshold_.load() * (1.0 + certified)) break;
      if (out(candidate)) continue;
      if (layout.network.empty()) {
        try {
          layout = layout_of(space_.hardware, family, first);
        } catch (const InputError&) {
          break;  // parts of groups do not lie over it
        }
        from = evenly(region_of(space_, family));
      }
      bound(candidate, arrangement, family, layout, step, from, &survivors);
    }
  }
}

// The most promising divisions on all shapes at once; of these the best few.
void HardwareSearcher::guess() {
  std::vector<std::uint32_t> promising(candidates_.size());
  std::iota(promising.begin(), promising.end(), 0U);
  const std::size_t count = std::min(promising.size(), std::max<std::size_t>(24, 2 * wanted_));
  std::partial_sort(promising.begin(), promising.begin() + static_cast<std::ptrdiff_t>(count),
                    promising.end(), [&](std::uint32_t a, std::uint32_t b) {
                      const double x = candidates_[a].bound_ns;
                      const double y = candidates_[b].bound_ns;
                      return x != y ? x < y : a < b;
                    });
  struct Guess {
    double ns;
    std::uint32_t arrangement;
    std::size_t family;
    bool operator<(const Guess& other) const { return ns < other.ns; }
  };
  in_threads(count, [&](std::size_t i, FreeStep& step) {
    const std::uint32_t candidate = promising[i];
    std::vector<Guess> guesses;
    for (std::uint32_t a = 0; a < arrangements_.size(); ++a) {
      if (arrangements_[a].sizes != candidates_[candidate].sizes) continue;
      const Parallelism p = placed(candidates_[candidate], a);
      for (std::size_t f = 0; f < space_.families.size(); ++f) {
        const ShapeFamily& family = space_.families[f];
        if (!lies_over(p, family.npus)) continue;
        const FreeRegion region = region_of(space_, family);
        const FreeLayout layout = layout_of(space_.hardware, family, p);
        step.take(p, layout);
        CutBound cuts(region);
        FreeBandwidths at = evenly(region);
        for (int k = 0; k < 2; ++k) {
          ++steps_;
          cuts.add(step.at(std::span(at).first(static_cast<std::size_t>(region.dimensions))), at);
          at = cuts.gb_per_s();
        }
        guesses.push_back({cuts.ns(), a, f});
      }
    }
    const std::size_t few = std::min<std::size_t>(guesses.size(), 4);
    std::partial_sort(guesses.begin(), guesses.begin() + static_cast<std::ptrdiff_t>(few), guesses.end());
    for (std::size_t g = 0; g < few; ++g) {
      const ShapeFamily& family = space_.families[guesses[g].family];
      const Parallelism p = placed(candidates_[candidate], guesses[g].arrangement);
      const FreeLayout layout = layout_of(space_.hardware, family, p);
      FreeBandwidths from = evenly(region_of(space_, family));
      bound(candidate, guesses[g].arrangement, family, layout, step, from, nullptr);
    }
  });
}

void HardwareSearcher::search() {
  std::vector<std::vector<Survivor>> found(arrangements_.size());
  in_threads(arrangements_.size(), [&](std::size_t i, FreeStep& step) {
    const std::uint32_t arrangement = arrangement_order_[i];
    look(arrangement, step, found[arrangement]);
  });
  for (std::vector<Survivor>& some : found) {
    std::move(some.begin(), some.end(), std::back_inserter(survivors_));
  }
}

Solved HardwareSearcher::solve(const Parallelism& p, const ShapeFamily& shape, FreeStep& step) {
  ++solved_;
  const FreeRegion region = region_of(space_, shape);
  const FreeLayout layout = layout_of(space_.hardware, shape, p);
  step.take(p, layout);
  Problem problem;
  problem.dimensions = region.dimensions;
  problem.step_times.push_back({1.0, [&](std::span<const double> gb_per_s) {
                                  ++steps_;
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
    dollars.push_back(space_.unit_usd[shape.classes[d]][kind]);
  }
  for (const std::string& text : space_.constraints) {
    if (last_dimension_in(text) > region.dimensions) continue;
    problem.constraints.push_back(parse_constraint(text, region.dimensions, dollars));
  }
  const Summary summary = optimize(problem);
  if (summary.status == Status::Infeasible) return {};
  return {summary.objective, summary.lower_bound, summary.gb_per_s};
}

void HardwareSearcher::finish() {
  std::erase_if(survivors_,
                [&](const Survivor& each) { return each.bound_ns * downward > limit(each.candidate); });
  std::vector<Solved> solved(survivors_.size());
  in_threads(survivors_.size(), [&](std::size_t i, FreeStep& step) {
    const Survivor& each = survivors_[i];
    solved[i] = solve(placed(candidates_[each.candidate], each.arrangement), each.shape, step);
  });
  // The best network of each division; of equals the first in the space.
  std::map<std::uint32_t, std::size_t> best;
  for (std::size_t i = 0; i < survivors_.size(); ++i) {
    if (solved[i].step_ns == never) continue;
    if (search_.longest_step_ns > 0.0 && solved[i].step_ns > search_.longest_step_ns) continue;
    const auto [known, fresh] = best.try_emplace(survivors_[i].candidate, i);
    if (!fresh && solved[i].step_ns < solved[known->second].step_ns * (1.0 - certified)) known->second = i;
  }
  std::vector<std::pair<double, std::uint32_t>> order;
  for (const auto& [candidate, i] : best) reach(candidate, solved[i].step_ns);
  // Of what is beyond the last one wanted not all was solved.
  const double last = threshold_.load() * (1.0 + certified);
  for (const auto& [candidate, i] : best) {
    if (solved[i].step_ns <= last) order.emplace_back(solved[i].step_ns, candidate);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [step_ns, candidate] : order) {
    const std::size_t i = best[candidate];
    const FreeCandidate& of = candidates_[candidate];
    Parallelism p = placed(of, survivors_[i].arrangement);
    std::vector<Parallelism> same;
    for (const Recomputation each : {Recomputation::None, Recomputation::Selective, Recomputation::Full}) {
      if ((of.recompute >> static_cast<unsigned>(each) & 1U) == 0) continue;
      p.recompute = each;
      same.push_back(p);
    }
    const bool ties =
        !answer_.best.empty() && step_ns <= answer_.best.back().step_ns * (1.0 + 2.0 * certified);
    if (ties) {
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
  for (std::uint32_t c = 0; c < candidates_.size(); ++c) {
    if (reached_[c].load() < never) leaders_.emplace_back(reached_[c].load(), c);
  }
  std::sort(leaders_.begin(), leaders_.end());
  if (leaders_.size() > wanted) leaders_.resize(wanted);
  threshold_ = leaders_.size() == wanted ? leaders_.back().first : never;
  survivors_.clear();
  answer_.best.clear();
  if (!stopped()) search();
  if (!stopped()) finish();
}

RankedHardwares HardwareSearcher::run() {
  enumerate();
  reached_ = std::vector<std::atomic<double>>(candidates_.size());
  for (std::atomic<double>& each : reached_) each = never;
  arrange();
  count();
  wanted_ = search_.best;
  if (search_.guess && search_.use_cuts && space_.constraints.empty() && !stopped()) guess();
  // Divisions that tie are one row: where that leaves too few, more are wanted.
  attempt(wanted_);
  while (answer_.best.size() < search_.best && threshold_.load() < never && !stopped()) attempt(2 * wanted_);
  const double last = threshold_.load() * (1.0 + certified);
  answer_.work.left_by_aggregate = std::count_if(candidates_.begin(), candidates_.end(),
                                                 [&](const auto& each) { return each.bound_ns <= last; });
  answer_.work.families = family_pairs_;
  answer_.work.shapes = shape_pairs_;
  answer_.work.steps = steps_;
  answer_.work.solved = solved_;
  return std::move(answer_);
}

}  // namespace

std::vector<std::vector<double>> unit_prices_of(const FreeHardware& hardware, std::int64_t npus,
                                                const PriceList& prices) {
  std::vector<std::vector<double>> all(hardware.classes.size());
  for (std::size_t c = 0; c < all.size(); ++c) {
    for (std::size_t k = 0; k < dimension_kinds().size(); ++k) {
      all[c].push_back(unit_price(hardware, c, k, npus, prices).value_or(never));
    }
  }
  return all;
}

FreeRegion region_of(const HardwareSpace& space, const ShapeFamily& family) {
  FreeRegion region{.dimensions = static_cast<int>(family.npus.size()), .total = space.budget};
  for (std::size_t d = 0; d < family.npus.size(); ++d) {
    region.most[d] = space.hardware.classes[family.classes[d]].most_gb_per_s;
    region.price[d] = space.dollars ? never : 1.0;
    for (std::size_t k = 0; space.dollars && k < dimension_kinds().size(); ++k) {
      if ((family.kinds[d] >> k & 1U) == 0) continue;
      region.price[d] = std::min(region.price[d], space.unit_usd[family.classes[d]][k]);
    }
  }
  return region;
}

// The cheapest first.
double most_together(const HardwareSpace& space) {
  double most = 0.0;
  for (const ShapeFamily& family : space.families) {
    const FreeRegion region = region_of(space, family);
    std::vector<std::size_t> order(static_cast<std::size_t>(region.dimensions));
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return region.price[a] < region.price[b]; });
    double left = region.total;
    double all = 0.0;
    for (const std::size_t d : order) {
      const double bought = std::min(region.most[d], region.price[d] > 0.0 ? left / region.price[d] : never);
      all += bought;
      left -= bought * region.price[d];
    }
    most = std::max(most, all);
  }
  return most;
}

RankedHardwares best_hardware(const HardwareSpace& space, const HardwareSearch& search) {
  return HardwareSearcher(space, search).run();
}

}  // namespace bandwright
