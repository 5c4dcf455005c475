#include "plan/division_search.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_sort.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <span>

#include "core/error.h"
#include "plan/division_bound.h"
#include "plan/merit.h"
#include "plan/step_evaluator.h"
#include "runner/message.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

// A valid division that fits, without what it shares with others: there can be hundreds of thousands.
struct Candidate {
  double bound_ns = 0.0;
  std::uint32_t sizes = 0;  // into Part::sizes
  std::uint32_t micro_batch = 1;
  std::uint16_t virtual_stages = 1;
  std::uint16_t part = 0;
  std::uint8_t zero = 0;
  Recomputation recompute = Recomputation::None;
  bool sequence_parallel = false;
};

// One NPU count: its network and what there is to divide over it.
struct Part {
  std::int64_t npus;
  Network network;
  double weight;
  DivisionDomains domains;
  std::vector<GroupSizes> sizes;
};

constexpr double forever = std::numeric_limits<double>::infinity();

// What became of some group sizes.
struct Found {
  std::vector<Candidate> candidates;
  std::int64_t valid = 0;
  std::optional<Candidate> smallest;  // bill that does not fit
  double smallest_bytes = 0.0;

  void take_smallest(const Candidate& candidate, double bytes) {
    if (smallest && bytes >= smallest_bytes) return;
    smallest = candidate;
    smallest_bytes = bytes;
  }
};

std::string packed(const Found& found) {
  std::string bytes;
  put(bytes, found.valid);
  put(bytes, found.smallest);
  put(bytes, found.smallest_bytes);
  for (const Candidate& each : found.candidates) put(bytes, each);
  return bytes;
}

Found unpacked_found(std::string_view bytes) {
  Found found;
  found.valid = take<std::int64_t>(bytes);
  found.smallest = take<std::optional<Candidate>>(bytes);
  found.smallest_bytes = take<double>(bytes);
  while (!bytes.empty()) found.candidates.push_back(take<Candidate>(bytes));
  return found;
}

class Search {
 public:
  Search(const DivisionSpace& space, const DivisionSearch& search)
      : space_(space),
        search_(search),
        capacity_(memory_limit(space, search)),
        own_crew_(search.crew == nullptr ? std::make_unique<Crew>(search.threads) : nullptr),
        crew_(search.crew == nullptr ? *own_crew_ : *search.crew) {}

  RankedDivisions run() {
    for (std::size_t i = 0; i < space_.npus.size(); ++i) {
      add_part(space_.npus[i], space_.weights.empty() ? 1.0 : space_.weights[i]);
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) enumerate(static_cast<std::uint16_t>(i));
    if (answer_.counts.fit > 0) answer_.smallest.clear();
    if (!answer_.interrupted) order();
    evaluate();
    list();
    return std::move(answer_);
  }

 private:
  using Evaluators = std::vector<std::unique_ptr<StepEvaluator>>;  // by part; of one thread

  [[nodiscard]] bool asked_to_stop() const { return search_.interrupted && search_.interrupted(); }
  // Every rank needs what all have found; whether it was interrupted is the same at all.
  void run(NumberedWork work) {
    work.everywhere = true;
    work.stopped = [this] { return asked_to_stop(); };
    if (!crew_.run(work)) answer_.interrupted = true;
  }
  [[nodiscard]] Merit merit(double weight, double step_ps) const {
    return merit_of(search_.objective, weight, step_ps);
  }
  // No division with this bound ranks before it.
  [[nodiscard]] Merit bound(const Candidate& each) const {
    return bound_merit(search_.objective, parts_[each.part].weight, search_.use_bound ? each.bound_ns : 0.0);
  }
  [[nodiscard]] Parallelism division(const Candidate& each) const;

  void add_part(std::int64_t npus, double weight);
  void enumerate(std::uint16_t part);
  [[nodiscard]] Found of_sizes(std::uint16_t part, std::size_t first, std::size_t end) const;
  void take(Found& found);
  void order();
  void evaluate();
  void list();
  double step_ns(Evaluators& evaluators, const Candidate& candidate) const;
  void rank(std::uint32_t index, double step_ns);
  [[nodiscard]] Merit last_listed() const;

  struct Ranked {
    Merit merit;
    std::uint32_t index;  // into candidates_
    friend auto operator<=>(const Ranked&, const Ranked&) = default;
  };

  const DivisionSpace& space_;
  const DivisionSearch& search_;
  const double capacity_;
  const std::unique_ptr<Crew> own_crew_;
  Crew& crew_;
  std::vector<Part> parts_;
  std::vector<Candidate> candidates_;  // in the order of the space
  std::vector<std::uint32_t> by_bound_;
  std::vector<Ranked> ranked_;
  std::size_t different_ = 0;  // merits in ranked_
  RankedDivisions answer_;
};

Parallelism Search::division(const Candidate& each) const {
  Parallelism p = space_.job.parallelism;
  const Part& part = parts_[each.part];
  const GroupSizes& sizes = part.sizes[each.sizes];
  p.tensor = sizes.tensor;
  p.context = sizes.context;
  p.pipeline = sizes.pipeline;
  p.expert = sizes.expert;
  p.data = part.npus / (p.tensor * p.context * p.pipeline);
  p.virtual_stages = each.virtual_stages;
  p.schedule = schedule_of(p, each.virtual_stages);
  p.micro_batch = each.micro_batch;
  p.zero = each.zero;
  p.recompute = each.recompute;
  p.sequence_parallel = each.sequence_parallel;
  return p;
}

void Search::add_part(std::int64_t npus, double weight) {
  DivisionDomains domains = domains_of(space_, npus);
  answer_.counts.combinations += domains.combinations();
  try {
    Network network = space_.job.machine.network(npus);
    std::vector<GroupSizes> sizes = group_sizes(space_, domains, network);
    parts_.push_back({npus, std::move(network), weight, std::move(domains), std::move(sizes)});
  } catch (const InputError& error) {
    answer_.obstacles.emplace_back(error.what());
  }
}

Found Search::of_sizes(std::uint16_t index, std::size_t first, std::size_t end) const {
  const Part& part = parts_[index];
  Found found;
  DivisionBound bound(space_.job);
  for (std::size_t s = first; s < end; ++s) {
    for_each_division(space_, part.domains, part.sizes[s], part.npus, [&](const Parallelism& p) {
      ++found.valid;
      Candidate candidate{.sizes = static_cast<std::uint32_t>(s),
                          .micro_batch = static_cast<std::uint32_t>(p.micro_batch),
                          .virtual_stages = static_cast<std::uint16_t>(p.virtual_stages),
                          .part = index,
                          .zero = static_cast<std::uint8_t>(p.zero),
                          .recompute = p.recompute,
                          .sequence_parallel = p.sequence_parallel};
      const double bytes = memory_bill(space_.job.model, p).total();
      if (bytes > capacity_) return found.take_smallest(candidate, bytes);
      candidate.bound_ns = bound(p);
      found.candidates.push_back(candidate);
    });
  }
  return found;
}

void Search::take(Found& found) {
  answer_.counts.valid += found.valid;
  candidates_.insert(candidates_.end(), found.candidates.begin(), found.candidates.end());
  if (!found.smallest) return;
  std::vector<RankedDivision>& smallest = answer_.smallest;
  if (smallest.empty() || found.smallest_bytes < smallest[0].memory_bytes) {
    smallest.assign(1, RankedDivision{division(*found.smallest), 0.0, found.smallest_bytes, {}});
  }
}

// Sizes with the same TP and CP together, which have kernels in common.
void Search::enumerate(std::uint16_t index) {
  const std::vector<GroupSizes>& sizes = parts_[index].sizes;
  std::vector<std::size_t> begins;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    const bool first =
        s == 0 || sizes[s].tensor != sizes[s - 1].tensor || sizes[s].context != sizes[s - 1].context;
    if (first) begins.push_back(s);
  }
  begins.push_back(sizes.size());
  const std::size_t count = begins.size() - 1;
  std::vector<Found> found(count);
  for (std::size_t first = 0; first < count && !answer_.interrupted; first += 64) {
    const std::size_t end = std::min(count, first + 64);
    run({.pieces = end - first,
         .compute =
             [&](std::size_t i) {
               found[first + i] = of_sizes(index, begins[first + i], begins[first + i + 1]);
             },
         .pack = [&](std::size_t i) { return packed(found[first + i]); },
         .unpack = [&](std::size_t i, std::string_view bytes) { found[first + i] = unpacked_found(bytes); },
         .finished = telling(search_.progress, "divisions", count, first)});
    for (std::size_t i = first; i < end; ++i) take(found[i]);
  }
  answer_.counts.fit = static_cast<std::int64_t>(candidates_.size());
}

void Search::order() {
  by_bound_.resize(candidates_.size());
  std::iota(by_bound_.begin(), by_bound_.end(), 0U);
  crew_.in_threads([&] {
    tbb::parallel_sort(by_bound_.begin(), by_bound_.end(), [&](std::uint32_t a, std::uint32_t b) {
      const Merit x = bound(candidates_[a]);
      const Merit y = bound(candidates_[b]);
      return x != y ? x < y : a < b;
    });
  });
}

double Search::step_ns(Evaluators& evaluators, const Candidate& candidate) const {
  evaluators.resize(parts_.size());
  std::unique_ptr<StepEvaluator>& evaluator = evaluators[candidate.part];
  if (!evaluator) evaluator = std::make_unique<StepEvaluator>(space_.job, parts_[candidate.part].network);
  return evaluator->step_ns(division(candidate));
}

Merit Search::last_listed() const {
  return different_ < search_.best ? Merit{forever, forever} : ranked_.back().merit;
}

void Search::rank(std::uint32_t index, double step_ns) {
  const double step_ps = std::round(step_ns * 1e3);
  if (step_ps == forever) return;
  if (search_.longest_step_ns > 0.0 && step_ps > std::round(search_.longest_step_ns * 1e3)) return;
  const Ranked one{merit(parts_[candidates_[index].part].weight, step_ps), index};
  if (one.merit > last_listed()) return;
  const auto next = std::upper_bound(ranked_.begin(), ranked_.end(), one);
  const bool ties = (next != ranked_.begin() && std::prev(next)->merit == one.merit) ||
                    (next != ranked_.end() && next->merit == one.merit);
  ranked_.insert(next, one);
  if (ties || ++different_ <= search_.best) return;
  const Merit last = ranked_.back().merit;
  while (ranked_.back().merit == last) ranked_.pop_back();
  --different_;
}

// Batches of bounds that may still win, each evaluated in parallel; only the answer so far decides which.
void Search::evaluate() {
  constexpr std::size_t batch = 2048;
  constexpr std::size_t grain = 32;
  tbb::enumerable_thread_specific<Evaluators> evaluators;
  std::vector<double> steps(batch);
  for (std::size_t first = 0; first < by_bound_.size() && !answer_.interrupted; first += batch) {
    if (bound(candidates_[by_bound_[first]]) > last_listed()) break;
    const std::size_t count = std::min(batch, by_bound_.size() - first);
    steps.assign(batch, forever);  // those that an interruption leaves out
    const auto of_piece = [&](std::size_t piece) {
      return std::span(steps).subspan(piece * grain, std::min(grain, count - piece * grain));
    };
    run({.pieces = (count + grain - 1) / grain,
         .compute =
             [&](std::size_t piece) {
               Evaluators& own = evaluators.local();
               std::size_t index = first + piece * grain;
               for (double& step : of_piece(piece)) step = step_ns(own, candidates_[by_bound_[index++]]);
             },
         .pack =
             [&](std::size_t piece) {
               std::string bytes;
               for (const double step : of_piece(piece)) put(bytes, step);
               return bytes;
             },
         .unpack =
             [&](std::size_t piece, std::string_view bytes) {
               for (double& step : of_piece(piece)) step = bandwright::take<double>(bytes);
             }});
    for (std::size_t i = 0; i < count; ++i) rank(by_bound_[first + i], steps[i]);
    answer_.evaluated += static_cast<std::int64_t>(count);
  }
}

void Search::list() {
  const Merit last = last_listed();
  answer_.counts.below = std::count_if(candidates_.begin(), candidates_.end(),
                                       [&](const Candidate& each) { return bound(each) <= last; });
  const Merit* before = nullptr;
  for (const Ranked& one : ranked_) {
    const Parallelism p = division(candidates_[one.index]);
    if (before != nullptr && *before == one.merit) {
      answer_.best.back().ties.push_back(p);
      continue;
    }
    before = &one.merit;
    answer_.best.push_back({p, one.merit.step_ps * 1e-3, memory_bill(space_.job.model, p).total(), {}});
  }
}

}  // namespace

double memory_limit(const DivisionSpace& space, const DivisionSearch& search) {
  const double has = space.job.machine.npu.memory_bytes + space.job.slow_memory_bytes;
  return search.most_memory_bytes > 0.0 ? std::min(has, search.most_memory_bytes) : has;
}

RankedDivisions best_divisions(const DivisionSpace& space, const DivisionSearch& search) {
  return Search(space, search).run();
}

}  // namespace bandwright
