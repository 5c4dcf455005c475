#include "plan/hardware/candidates.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

#include "collective/algorithm.h"
#include "plan/hardware/group_layout.h"
#include "runner/message.h"
#include "training/division/parallel_groups.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double rounded_down = 1.0 - 1e-12;  // sums

}  // namespace

HardwareCandidates::HardwareCandidates(const HardwareSpace& space, const HardwareSearch& search, Crew& crew)
    : space_(space),
      search_(search),
      npus_(space.divisions.npus.front()),
      domains_(domains_of(space.divisions, npus_)),
      capacity_(memory_limit(space.divisions, {.most_memory_bytes = search.most_memory_bytes})),
      together_(all_together(space)),
      flat_(flat_network(npus_)) {
  enumerate(crew);
  arrange();
  count();
}

Parallelism HardwareCandidates::division(const FreeCandidate& each) const {
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

HardwareCandidates::Found HardwareCandidates::of_sizes(std::uint32_t sizes, FreeStep& step) const {
  Found all;
  std::vector<FreeCandidate>& found = all.candidates;
  std::vector<std::size_t> passes;  // of those found
  std::vector<Group> groups;
  for_each_division(space_.divisions, domains_, sizes_[sizes], npus_, [&](const Parallelism& p) {
    ++all.tally.valid;
    FreeCandidate one{.sizes = sizes,
                      .micro_batch = static_cast<std::uint32_t>(p.micro_batch),
                      .virtual_stages = static_cast<std::uint16_t>(p.virtual_stages),
                      .zero = static_cast<std::uint8_t>(p.zero),
                      .recompute = static_cast<std::uint8_t>(1U << static_cast<unsigned>(p.recompute)),
                      .sequence_parallel = p.sequence_parallel};
    const double bytes = memory_bill(space_.divisions.job.model, p).total();
    if (bytes > capacity_) {
      ++all.tally.do_not_fit;
      if (all.smallest && bytes >= all.smallest_bytes) return;
      all.smallest = one;
      all.smallest_bytes = bytes;
      return;
    }
    if (groups.empty()) groups = parallel_groups(flat_, p);
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
    step.take_together(p, groups, together_.classes, together_.copying);
    if (search_.use_aggregate) {
      const BoundWhatever whatever = bound_whatever(
          space_.goal, together_, [&](std::span<const double> gb_per_s) { return step.at(gb_per_s); });
      one.bound = rounded_down * whatever.value;
      one.path = whatever.path;
    }
    found.push_back(one);
    passes.push_back(number);
  });
  return all;
}

std::string HardwareCandidates::packed(const Found& found) {
  std::string bytes;
  put(bytes, found.tally);
  put(bytes, found.smallest);
  put(bytes, found.smallest_bytes);
  for (const FreeCandidate& each : found.candidates) put(bytes, each);
  return bytes;
}

HardwareCandidates::Found HardwareCandidates::unpacked(std::string_view bytes) {
  Found found;
  found.tally = take<Tally>(bytes);
  found.smallest = take<std::optional<FreeCandidate>>(bytes);
  found.smallest_bytes = take<double>(bytes);
  while (!bytes.empty()) found.candidates.push_back(take<FreeCandidate>(bytes));
  return found;
}

void HardwareCandidates::enumerate(Crew& crew) {
  counts_.divisions = domains_.combinations();
  sizes_ = group_sizes(space_.divisions, domains_, flat_);
  std::vector<Found> found(sizes_.size());
  tbb::enumerable_thread_specific<FreeStep> steps([&] { return FreeStep(space_.divisions.job); });
  interrupted_ = !crew.run(
      {.pieces = sizes_.size(),
       .compute = [&](std::size_t s) { found[s] = of_sizes(static_cast<std::uint32_t>(s), steps.local()); },
       .pack = [&](std::size_t s) { return packed(found[s]); },
       .unpack = [&](std::size_t s, std::string_view bytes) { found[s] = unpacked(bytes); },
       .finished = telling(search_.progress, "divisions", sizes_.size()),
       .everywhere = true,
       .stopped = [&] { return search_.asked_to_stop(); }});
  by_sizes_.resize(sizes_.size());
  for (std::size_t s = 0; s < found.size(); ++s) {
    counts_.valid += found[s].tally.valid;
    tallies_.push_back(found[s].tally);
    for (const FreeCandidate& each : found[s].candidates) {
      by_sizes_[s].push_back(static_cast<std::uint32_t>(candidates_.size()));
      candidates_.push_back(each);
      counts_.fit += std::popcount(each.recompute);
    }
    std::stable_sort(by_sizes_[s].begin(), by_sizes_[s].end(), [&](std::uint32_t a, std::uint32_t b) {
      return candidates_[a].bound < candidates_[b].bound;
    });
    const Found& of = found[s];
    if (of.smallest && (!smallest_ || of.smallest_bytes < smallest_->memory_bytes))
      smallest_ = RankedDivision{division(*of.smallest), 0.0, of.smallest_bytes, {}};
  }
}

void HardwareCandidates::arrange() {
  for (std::size_t s = 0; s < sizes_.size(); ++s) {
    if (by_sizes_[s].empty()) continue;
    const Parallelism p = division(candidates_[by_sizes_[s].front()]);
    std::vector<std::vector<std::string>> orders = {p.placement};
    if (space_.any_placement) orders = placements(p);
    for (std::vector<std::string>& order : orders) {
      arrangements_.push_back({static_cast<std::uint32_t>(s), std::move(order)});
    }
  }
}

// How many algorithms of the catalogue serve an all-reduce over so many NPUs.
double algorithms_for(int npus) {
  double count = 0.0;
  for (const CollectiveAlgorithm& each : collective_algorithms()) {
    if (each.serves(CollectiveKind::AllReduce, npus)) count += 1.0;
  }
  return count;
}

void HardwareCandidates::count() {
  std::map<int, double> serve;
  for (const ShapeFamily& family : space_.families) {
    counts_.shapes += family.shapes();
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
      counts_.points += divisions * family.shapes();
      counts_.algorithms += algorithms;
    }
  }
}

}  // namespace bandwright
