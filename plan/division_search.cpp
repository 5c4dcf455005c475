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
    ObjectiveRow{PlanObjective::CostPerToken, "cost-per-token", "NPU hours of a token"}};

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
  double bound = 0.0;  // of the objective

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
};

class Search {
 public:
  Search(const DivisionSpace& space, const DivisionSearch& search) : space_(space), search_(search) {}

  RankedDivisions run() {
    for (const std::int64_t npus : space_.npus) enumerate(npus);
    order();
    evaluate();
    return std::move(answer_);
  }

 private:
  [[nodiscard]] bool stopped() {
    answer_.interrupted = answer_.interrupted || (search_.interrupted && search_.interrupted());
    return answer_.interrupted;
  }
  [[nodiscard]] double factor(std::int64_t npus) const {
    return search_.objective == PlanObjective::StepTime ? 1.0 : static_cast<double>(npus);
  }

  void enumerate(std::int64_t npus);
  void order();
  void evaluate();
  [[nodiscard]] double step_ns(TrainingJob& job, const Candidate& candidate) const;
  void rank(std::size_t index, double step_ns);
  [[nodiscard]] double last_listed() const;

  struct Ranked {
    double value;
    std::size_t index;  // into candidates_
    double step_ns;
    friend bool operator<(const Ranked& a, const Ranked& b) {
      return a.value != b.value ? a.value < b.value : a.index < b.index;
    }
  };

  const DivisionSpace& space_;
  const DivisionSearch& search_;
  std::vector<Part> parts_;
  std::vector<Candidate> candidates_;  // in the order of the space
  std::vector<std::size_t> by_bound_;
  std::vector<Ranked> ranked_;
  RankedDivisions answer_;
};

void Search::enumerate(std::int64_t npus) {
  const DivisionDomains domains = domains_of(space_, npus);
  answer_.counts.combinations += domains.combinations();
  try {
    parts_.push_back({npus, space_.job.machine.network(npus), {}});
  } catch (const InputError& error) {
    answer_.obstacles.emplace_back(error.what());
    return;
  }
  Part& part = parts_.back();
  part.gb_per_s = space_.job.machine.gb_per_s(part.network);
  const double capacity = space_.job.machine.npu.memory_bytes + space_.job.slow_memory_bytes;
  DivisionBound bound(space_.job);
  for (const GroupSizes& sizes : group_sizes(space_, domains, part.network)) {
    if (stopped()) return;
    for_each_division(space_, domains, sizes, npus, [&](const Parallelism& p) {
      ++answer_.counts.valid;
      const double bytes = memory_bill(space_.job.model, p).total();
      if (bytes <= capacity) {
        Candidate& candidate = candidates_.emplace_back(Candidate::of(p));
        candidate.memory_bytes = bytes;
        candidate.bound = factor(npus) * bound(p);
      } else if (answer_.smallest.empty() || bytes < answer_.smallest[0].memory_bytes) {
        answer_.smallest.assign(1, {p, 0.0, bytes});
      }
    });
  }
  answer_.counts.fit = static_cast<std::int64_t>(candidates_.size());
}

void Search::order() {
  by_bound_.resize(candidates_.size());
  for (std::size_t i = 0; i < by_bound_.size(); ++i) by_bound_[i] = i;
  std::sort(by_bound_.begin(), by_bound_.end(), [&](std::size_t a, std::size_t b) {
    const double x = candidates_[a].bound;
    const double y = candidates_[b].bound;
    return x != y ? x < y : a < b;
  });
}

double Search::step_ns(TrainingJob& job, const Candidate& candidate) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(),
                                 [&](const Part& each) { return each.npus == candidate.npus; });
  candidate.set(job.parallelism);
  return ClosedForm(training_step(job, part->network), part->network).step_time_ns(part->gb_per_s);
}

double Search::last_listed() const {
  return ranked_.size() < search_.best ? std::numeric_limits<double>::infinity() : ranked_.back().value;
}

void Search::rank(std::size_t index, double step_ns) {
  if (search_.longest_step_ns > 0.0 && step_ns > search_.longest_step_ns) return;
  const Ranked one{factor(candidates_[index].npus) * step_ns, index, step_ns};
  ranked_.insert(std::upper_bound(ranked_.begin(), ranked_.end(), one), one);
  if (ranked_.size() > search_.best) ranked_.pop_back();
}

// Batches of bounds that may still win, each evaluated in parallel; only the answer so far decides which.
void Search::evaluate() {
  constexpr std::size_t batch = 512;
  tbb::task_arena arena(search_.threads > 0 ? search_.threads : tbb::task_arena::automatic);
  std::vector<double> steps(batch);
  for (std::size_t first = 0; first < by_bound_.size() && !stopped(); first += batch) {
    if (candidates_[by_bound_[first]].bound > last_listed()) break;
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
  }
  const double last = last_listed();
  answer_.counts.below = std::count_if(candidates_.begin(), candidates_.end(),
                                       [&](const Candidate& each) { return each.bound <= last; });
  for (const Ranked& one : ranked_) {
    const Candidate& candidate = candidates_[one.index];
    answer_.best.push_back({space_.job.parallelism, one.step_ns, candidate.memory_bytes});
    candidate.set(answer_.best.back().parallelism);
  }
}

}  // namespace

PlanObjective plan_objective(std::string_view name) {
  return find_in_catalogue(std::span<const ObjectiveRow>(objectives), name, "objective").objective;
}
std::string_view plan_objective_name(PlanObjective objective) {
  return objectives[static_cast<std::size_t>(objective)].name;
}

RankedDivisions best_divisions(const DivisionSpace& space, const DivisionSearch& search) {
  return Search(space, search).run();
}

}  // namespace bandwright
