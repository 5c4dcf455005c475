#include "plan/proof_check.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <tuple>

#include "core/error.h"
#include "core/stopping.h"
#include "plan/max_plus_step.h"
#include "plan/merit.h"
#include "plan/plain_loops.h"
#include "training/division/dealing.h"
#include "training/layers/layer_cost.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double rounding = 1e-12;

bool differ(double a, double b) {
  return std::abs(a - b) > rounding * std::max(std::abs(a), std::abs(b)) + 2e-3;
}
bool differ(const std::optional<double>& a, const std::optional<double>& b) {
  return a.has_value() != b.has_value() || (a && differ(*a, *b));
}

// Which division: everything that is decided.
using Decisions = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                             std::int64_t, std::int64_t, int, Recomputation, bool>;
Decisions decisions_of(const Parallelism& p) {
  return {p.npus(),         p.tensor,      p.context, p.pipeline,  p.expert,
          p.virtual_stages, p.micro_batch, p.zero,    p.recompute, p.sequence_parallel};
}

std::string words(const Parallelism& p) {
  return fmt::format("TP {} CP {} PP {} x {} EP {} DP {} micro-batch {} ZeRO {} recompute {}{}", p.tensor,
                     p.context, p.pipeline, p.virtual_stages, p.expert, p.data, p.micro_batch, p.zero,
                     recomputation_name(p.recompute), p.sequence_parallel ? " SP" : "");
}

std::string words(const ClosedSubtree& line) {
  return fmt::format("{} NPUs TP {} CP {} PP {} EP {}", line.npus, line.sizes.tensor, line.sizes.context,
                     line.sizes.pipeline, line.sizes.expert);
}

// What the slowest stage computes (plan/division_bound.h has the formula), priced for this division alone.
double computed_ns(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  const TransformerArchitecture& m = job.model;
  const double again = p.recompute == Recomputation::Full ? 2.0 : 1.0;
  const auto passes = [](const BlockPasses& block, double forwards) {
    return forwards * block.forward.ns() + block.input_gradient.ns() + block.weight_gradient.ns();
  };
  const auto layer = [&](const LayerCost& cost) {
    return passes(cost.attention, again) + passes(cost.ffn, again);
  };
  const double dense = layer(dense_layer_cost(m, p, job.machine.npu));
  const double sparse = m.sparse() ? layer(sparse_layer_cost(m, p, job.machine.npu)) : 0.0;
  const double head = passes(head_cost(m, p, job.machine.npu), 1.0);
  const auto rounds = static_cast<double>(p.micro_batches());
  const auto count = [](std::int64_t n) { return static_cast<double>(n); };
  if (p.pipeline == 1) {
    const double routed = m.sparse() ? count(m.sparse_layers()) : 0.0;
    const double embedding = passes(embedding_cost(m, p, job.machine.npu), 1.0);
    return rounds * ((count(m.layers) - routed) * dense + routed * sparse + head + embedding);
  }
  const Dealing dealt = dealing(m, p);
  const double each = m.sparse() ? sparse : dense;
  return rounds * std::min(count(dealt.stage) * each, count(dealt.last_stage) * each + head) +
         count(dealt.fill) * each;
}

DivisionCounts counts_of(std::span<const ClosedSubtree> proof) {
  DivisionCounts counts;
  for (const ClosedSubtree& line : proof) {
    counts.valid += line.valid;
    counts.fit += line.valid - line.do_not_fit;
    counts.below += line.evaluated;
  }
  return counts;
}

bool same_counts(const DivisionCounts& a, const DivisionCounts& b) {
  return a.valid == b.valid && a.fit == b.fit && a.below == b.below;
}

class Checker {
 public:
  Checker(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found)
      : space_(space), search_(search), found_(found), last_(last_merit(space, search, found)) {
    for (const RankedDivision& row : found.best) {
      list(row.parallelism, row.step_ns);
      for (const Parallelism& tie : row.ties) list(tie, row.step_ns);
    }
  }

  std::string run(const std::vector<ClosedSubtree>& proof);

 private:
  using Listed = std::map<Decisions, double>;
  void list(const Parallelism& p, double step_ns) { listed_[decisions_of(p)] = step_ns; }

  [[nodiscard]] std::string check_rows() const;
  [[nodiscard]] std::string check_row(const Parallelism& p, const RankedDivision& row) const;
  [[nodiscard]] std::string check_subtree(const ClosedSubtree& line) const;
  [[nodiscard]] std::string check_evaluated(const Parallelism& p, double weight, double step_ns) const;
  [[nodiscard]] double weight_of(std::int64_t npus) const {
    for (std::size_t i = 0; i < space_.weights.size(); ++i) {
      if (space_.npus[i] == npus) return space_.weights[i];
    }
    return 1.0;
  }

  const DivisionSpace& space_;
  const DivisionSearch& search_;
  const RankedDivisions& found_;
  const Merit last_;
  Listed listed_;
};

std::string Checker::check_row(const Parallelism& p, const RankedDivision& row) const {
  TrainingJob job = space_.job;
  job.parallelism = p;
  if (std::find(space_.npus.begin(), space_.npus.end(), p.npus()) == space_.npus.end()) {
    return fmt::format("{}: {} NPUs are not in the space", words(p), p.npus());
  }
  const Network network = job.machine.network(p.npus());
  if (!runs(job.model, network, p)) return words(p) + ": cannot be run";
  if (memory_bill(job.model, p).total() > memory_limit(space_, search_)) return words(p) + ": does not fit";
  const double step = walked_step_ns(job, network);
  if (differ(step, row.step_ns)) {
    return fmt::format("{}: a step of {:.17g} ns, not {:.17g}", words(p), step, row.step_ns);
  }
  if (search_.longest_step_ns > 0.0 && step > search_.longest_step_ns + 1e-3)
    return words(p) + ": takes too long";
  return "";
}

std::string Checker::check_rows() const {
  Merit before{-1.0, -1.0};
  for (const RankedDivision& row : found_.best) {
    const Merit merit =
        merit_of(search_.objective, weight_of(row.parallelism.npus()), std::round(row.step_ns * 1e3));
    if (merit <= before) return words(row.parallelism) + ": out of order";
    before = merit;
    if (std::string fault = check_row(row.parallelism, row); !fault.empty()) return fault;
    for (const Parallelism& tie : row.ties) {
      if (std::string fault = check_row(tie, row); !fault.empty()) return fault;
    }
  }
  return found_.best.size() > search_.best ? "more divisions are listed than were wanted" : "";
}

// Of a division whose bound does not exclude it.
std::string Checker::check_evaluated(const Parallelism& p, double weight, double step_ns) const {
  const auto listed = listed_.find(decisions_of(p));
  if (listed != listed_.end()) {
    return differ(listed->second, step_ns)
               ? fmt::format("{}: a step of {:.17g} ns, not {:.17g}", words(p), step_ns, listed->second)
               : "";
  }
  if (search_.longest_step_ns > 0.0 && step_ns > search_.longest_step_ns) return "";
  const double least = step_ns * (1.0 + rounding) + 2e-3;  // it ranks behind, or ties within rounding
  if (std::isinf(step_ns) || merit_of(search_.objective, weight, std::round(least * 1e3)) >= last_) return "";
  return fmt::format("{}: a step of {:.17g} ns, better than the last one listed", words(p), step_ns);
}

std::string Checker::check_subtree(const ClosedSubtree& line) const {
  const double weight = weight_of(line.npus);
  const double capacity = memory_limit(space_, search_);
  const Network network = space_.job.machine.network(line.npus);
  TrainingJob job = space_.job;
  ClosedSubtree own{.npus = line.npus, .sizes = line.sizes};
  std::string fault;
  const auto lower = [](std::optional<double>& least, double value) {
    least = least ? std::min(*least, value) : value;
  };
  for_each_in_loops(space_, line, network, [&](const Parallelism& p) {
    if (!fault.empty()) return;
    ++own.valid;
    if (memory_bill(job.model, p).total() > capacity) {
      ++own.do_not_fit;
      return;
    }
    job.parallelism = p;
    const double bound = computed_ns(job) * (1.0 - 1e-9);
    if (bound_merit(search_.objective, weight, bound) > last_) {
      ++own.above_bound;
      lower(own.least_bound_ns, bound);
      return;
    }
    ++own.evaluated;
    const double step = max_plus_step_ns(job, network);
    lower(own.least_step_ns, step);
    fault = check_evaluated(p, weight, step);
  });
  if (!fault.empty()) return fault;
  const auto wrong = [&](std::string_view what, const auto& here, const auto& there) {
    return fmt::format("{}: {} {} in the proof, {} by the space", words(line), there, what, here);
  };
  if (own.valid != line.valid) return wrong("valid", own.valid, line.valid);
  if (own.do_not_fit != line.do_not_fit) return wrong("do not fit", own.do_not_fit, line.do_not_fit);
  if (own.above_bound != line.above_bound)
    return wrong("above their bound", own.above_bound, line.above_bound);
  if (own.evaluated != line.evaluated) return wrong("evaluated", own.evaluated, line.evaluated);
  if (differ(own.least_bound_ns, line.least_bound_ns)) return words(line) + ": another least bound";
  if (differ(own.least_step_ns, line.least_step_ns)) return words(line) + ": another least step";
  return "";
}

std::string Checker::run(const std::vector<ClosedSubtree>& proof) {
  if (std::string fault = check_rows(); !fault.empty()) return fault;
  const std::vector<ClosedSubtree> expected = subtrees_in_loops(space_);
  for (std::size_t i = 0; i < std::max(expected.size(), proof.size()); ++i) {
    if (i == proof.size()) return words(expected[i]) + ": no line says why it is closed";
    const bool same =
        i < expected.size() && expected[i].npus == proof[i].npus && expected[i].sizes == proof[i].sizes;
    if (!same) return words(proof[i]) + ": not the next subtree of the space";
  }
  std::vector<std::string> faults(proof.size());
  tbb::task_arena arena(search_.threads > 0 ? search_.threads : tbb::task_arena::automatic);
  const StopCheck stop;
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, proof.size(), [&](std::size_t i) {
      stop.look();
      faults[i] = check_subtree(proof[i]);
    });
  });
  for (std::string& fault : faults) {
    if (!fault.empty()) return std::move(fault);
  }
  return same_counts(counts_of(proof), found_.counts) ? "" : "the counts are not those of the lines";
}

}  // namespace

std::string fault_of(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found,
                     const std::vector<ClosedSubtree>& proof) {
  return Checker(space, search, found).run(proof);
}

namespace {

// Of a listed division: what it is compared in beside its step time.
double beside_step(const DivisionSpace& space, PlanObjective objective, const RankedDivision& row) {
  const std::int64_t npus = row.parallelism.npus();
  if (objective == PlanObjective::StepTime) return static_cast<double>(npus);
  double weight = 1.0;
  for (std::size_t i = 0; i < space.weights.size(); ++i) {
    if (space.npus[i] == npus) weight = space.weights[i];
  }
  return objective == PlanObjective::NetworkCost ? weight : weight * row.step_ns;
}

std::string fault_of_marks(const DivisionSpace& space, PlanObjective objective, const ListedFront& front) {
  for (std::size_t i = 0; i < front.of_counts.size(); ++i) {
    const RankedDivision& row = front.of_counts[i];
    const double beside = beside_step(space, objective, row);
    bool beaten = false;
    for (const RankedDivision& other : front.of_counts) {
      const double others = beside_step(space, objective, other);
      const bool no_worse = other.step_ns <= row.step_ns && others <= beside;
      beaten = beaten || (no_worse && (other.step_ns < row.step_ns || others < beside));
    }
    if (beaten == front.on_front[i]) {
      return fmt::format("{} NPUs: {} the front", row.parallelism.npus(), beaten ? "not on" : "on");
    }
  }
  return "";
}

}  // namespace

std::string fault_of_front(const DivisionSpace& space, const DivisionSearch& search, const ListedFront& front,
                           const std::vector<ClosedSubtree>& proof) {
  DivisionSearch one = search;
  one.best = 1;
  std::size_t rows = 0;
  std::size_t lines = 0;
  for (std::size_t i = 0; i < space.npus.size(); ++i) {
    DivisionSpace each = space;
    each.npus = {space.npus[i]};
    each.weights = {space.weights[i]};
    RankedDivisions found;
    if (rows < front.of_counts.size() && front.of_counts[rows].parallelism.npus() == space.npus[i])
      found.best.push_back(front.of_counts[rows++]);
    std::vector<ClosedSubtree> own;
    while (lines < proof.size() && proof[lines].npus == space.npus[i]) own.push_back(proof[lines++]);
    found.counts = counts_of(own);
    if (std::string fault = fault_of(each, one, found, own); !fault.empty()) return fault;
  }
  if (rows < front.of_counts.size()) return words(front.of_counts[rows].parallelism) + ": out of order";
  if (lines < proof.size()) return words(proof[lines]) + ": not the next subtree of the space";
  if (!same_counts(counts_of(proof), front.counts)) return "the counts are not those of the lines";
  return fault_of_marks(space, search.objective, front);
}

}  // namespace bandwright
