#include "plan/division_search.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/catalogue.h"
#include "core/error.h"
#include "plan/division_bound.h"
#include "simulator/closed_form/closed_form.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

struct ObjectiveRow {
  PlanObjective objective;
  std::string_view name;
  std::string_view help;
};
constexpr std::array objectives = {
    ObjectiveRow{PlanObjective::StepTime, "time", "the time of a step"},
    ObjectiveRow{PlanObjective::CostPerToken, "cost-per-token", "NPU hours of a token"},
    ObjectiveRow{PlanObjective::PerfPerCost, "perf-per-cost", "step time x cost of the network"},
    ObjectiveRow{PlanObjective::NetworkCost, "network-cost", "cost of the network"}};

// A valid division that fits, without what is no decision: there can be hundreds of thousands.
struct Candidate {
  GroupSizes sizes;
  std::int64_t npus = 0;
  std::int64_t virtual_stages = 1;
  std::int64_t micro_batch = 1;
  int zero = 0;
  Recomputation recompute = Recomputation::None;
  bool sequence_parallel = false;
  double memory_bytes = 0.0;
  double bound_ns = 0.0;
  double weight = 1.0;

  static Candidate of(const Parallelism& p) {
    return {{p.tensor, p.context, p.pipeline, p.expert},
            p.npus(),
            p.virtual_stages,
            p.micro_batch,
            p.zero,
            p.recompute,
            p.sequence_parallel};
  }
  void set(Parallelism& p) const {
    p.tensor = sizes.tensor;
    p.context = sizes.context;
    p.pipeline = sizes.pipeline;
    p.expert = sizes.expert;
    fill_data_parallel(p, npus);
    p.virtual_stages = virtual_stages;
    p.schedule = schedule_of(p, virtual_stages);
    p.micro_batch = micro_batch;
    p.zero = zero;
    p.recompute = recompute;
    p.sequence_parallel = sequence_parallel;
  }
};

// One NPU count: its network and what there is to divide over it.
struct Part {
  std::int64_t npus;
  Network network;
  std::vector<double> gb_per_s;
  double weight;
};

// By what divisions are ranked: the first number, then the second.
struct Merit {
  double first = 0.0;
  double step_ps = 0.0;
  friend auto operator<=>(const Merit&, const Merit&) = default;
};
constexpr double forever = std::numeric_limits<double>::infinity();

class Search {
 public:
  Search(const DivisionSpace& space, const DivisionSearch& search) : space_(space), search_(search) {}

  RankedDivisions run() {
    for (std::size_t i = 0; i < space_.npus.size(); ++i) {
      enumerate(space_.npus[i], space_.weights.empty() ? 1.0 : space_.weights[i]);
    }
    order();
    evaluate();
    return std::move(answer_);
  }

 private:
  [[nodiscard]] bool stopped() {
    answer_.interrupted = answer_.interrupted || (search_.interrupted && search_.interrupted());
    return answer_.interrupted;
  }
  [[nodiscard]] Merit merit(double weight, double step_ps) const {
    const bool costs_only = search_.objective == PlanObjective::NetworkCost;
    return {costs_only ? weight : weight * step_ps, step_ps};
  }
  // No division with this bound ranks before it; steps are rounded to whole picoseconds.
  [[nodiscard]] Merit bound(const Candidate& each) const {
    return merit(each.weight, search_.use_bound ? std::floor(each.bound_ns * 1e3) : 0.0);
  }

  void enumerate(std::int64_t npus, double weight);
  void order();
  void evaluate();
  void list();
  [[nodiscard]] double step_ns(TrainingJob& job, const Candidate& candidate) const;
  void rank(std::size_t index, double step_ns);
  [[nodiscard]] Merit last_listed() const;

  struct Ranked {
    Merit merit;
    std::size_t index;  // into candidates_
    friend auto operator<=>(const Ranked&, const Ranked&) = default;
  };

  const DivisionSpace& space_;
  const DivisionSearch& search_;
  std::vector<Part> parts_;
  std::vector<Candidate> candidates_;  // in the order of the space
  std::vector<std::size_t> by_bound_;
  std::vector<Ranked> ranked_;
  std::size_t different_ = 0;  // merits in ranked_
  RankedDivisions answer_;
};

void Search::enumerate(std::int64_t npus, double weight) {
  const DivisionDomains domains = domains_of(space_, npus);
  answer_.counts.combinations += domains.combinations();
  try {
    parts_.push_back({npus, space_.job.machine.network(npus), {}, weight});
  } catch (const InputError& error) {
    answer_.obstacles.emplace_back(error.what());
    return;
  }
  Part& part = parts_.back();
  part.gb_per_s = space_.job.machine.gb_per_s(part.network);
  const double capacity = memory_limit(space_, search_);
  DivisionBound bound(space_.job);
  for (const GroupSizes& sizes : group_sizes(space_, domains, part.network)) {
    if (stopped()) return;
    for_each_division(space_, domains, sizes, npus, [&](const Parallelism& p) {
      ++answer_.counts.valid;
      const double bytes = memory_bill(space_.job.model, p).total();
      if (bytes <= capacity) {
        Candidate& candidate = candidates_.emplace_back(Candidate::of(p));
        candidate.memory_bytes = bytes;
        candidate.bound_ns = bound(p);
        candidate.weight = weight;
      } else if (answer_.smallest.empty() || bytes < answer_.smallest[0].memory_bytes) {
        answer_.smallest.assign(1, {p, 0.0, bytes, {}});
      }
    });
  }
  answer_.counts.fit = static_cast<std::int64_t>(candidates_.size());
}

void Search::order() {
  by_bound_.resize(candidates_.size());
  for (std::size_t i = 0; i < by_bound_.size(); ++i) by_bound_[i] = i;
  std::sort(by_bound_.begin(), by_bound_.end(), [&](std::size_t a, std::size_t b) {
    const Merit x = bound(candidates_[a]);
    const Merit y = bound(candidates_[b]);
    return x != y ? x < y : a < b;
  });
}

double Search::step_ns(TrainingJob& job, const Candidate& candidate) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(),
                                 [&](const Part& each) { return each.npus == candidate.npus; });
  candidate.set(job.parallelism);
  return ClosedForm(training_step(job, part->network), part->network).step_time_ns(part->gb_per_s);
}

Merit Search::last_listed() const {
  return different_ < search_.best ? Merit{forever, forever} : ranked_.back().merit;
}

void Search::rank(std::size_t index, double step_ns) {
  const double step_ps = std::round(step_ns * 1e3);
  if (search_.longest_step_ns > 0.0 && step_ps > std::round(search_.longest_step_ns * 1e3)) return;
  const Ranked one{merit(candidates_[index].weight, step_ps), index};
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
  constexpr std::size_t batch = 512;
  tbb::task_arena arena(search_.threads > 0 ? search_.threads : tbb::task_arena::automatic);
  std::vector<double> steps(batch);
  for (std::size_t first = 0; first < by_bound_.size() && !stopped(); first += batch) {
    if (bound(candidates_[by_bound_[first]]) > last_listed()) break;
    const std::size_t count = std::min(batch, by_bound_.size() - first);
    arena.execute([&] {
      tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, 16), [&](const auto& range) {
        TrainingJob job = space_.job;
        for (std::size_t i = range.begin(); i != range.end(); ++i) {
          steps[i] = step_ns(job, candidates_[by_bound_[first + i]]);
        }
      });
    });
    for (std::size_t i = 0; i < count; ++i) rank(by_bound_[first + i], steps[i]);
    answer_.evaluated += static_cast<std::int64_t>(count);
  }
  list();
}

void Search::list() {
  const Merit last = last_listed();
  answer_.counts.below = std::count_if(candidates_.begin(), candidates_.end(),
                                       [&](const Candidate& each) { return bound(each) <= last; });
  const Merit* before = nullptr;
  for (const Ranked& one : ranked_) {
    Parallelism p = space_.job.parallelism;
    candidates_[one.index].set(p);
    if (before != nullptr && *before == one.merit) {
      answer_.best.back().ties.push_back(p);
      continue;
    }
    before = &one.merit;
    answer_.best.push_back({p, one.merit.step_ps * 1e-3, candidates_[one.index].memory_bytes, {}});
  }
}

}  // namespace

PlanObjective plan_objective(std::string_view name) {
  return find_in_catalogue(std::span<const ObjectiveRow>(objectives), name, "objective").objective;
}
std::string_view plan_objective_name(PlanObjective objective) {
  return objectives[static_cast<std::size_t>(objective)].name;
}

bool needs_prices(PlanObjective objective) {
  return objective == PlanObjective::PerfPerCost || objective == PlanObjective::NetworkCost;
}

double memory_limit(const DivisionSpace& space, const DivisionSearch& search) {
  const double has = space.job.machine.npu.memory_bytes + space.job.slow_memory_bytes;
  return search.most_memory_bytes > 0.0 ? std::min(has, search.most_memory_bytes) : has;
}

RankedDivisions best_divisions(const DivisionSpace& space, const DivisionSearch& search) {
  return Search(space, search).run();
}

}  // namespace bandwright
