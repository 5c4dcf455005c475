#include "study/plan/plan.h"

#include <algorithm>

#include "core/stopping.h"
#include "cost_model/bill.h"
#include "formats/load.h"
#include "study/job/division_space.h"
#include "study/job/job_options.h"
#include "study/simulate.h"

namespace bandwright {
namespace {

class Planner {
 public:
  Planner(const PlanQuestion& question, const Watch& watch) : question_(question), search_(question.search) {
    search_.interrupted = [stop = watch.stop] { return stop.stop_requested(); };
    search_.progress = watch.on_search;
    WeighedSpace weighed = weighed_space(question.job, search_.objective);
    answer_.space = std::move(weighed.space);
    network_usd_ = std::move(weighed.network_usd);
    answer_.objective = search_.objective;
    answer_.pareto = question.pareto;
    answer_.memory_limit = memory_limit(answer_.space, search_);
  }

  PlanAnswer run() {
    if (question_.pareto) {
      front();
    } else {
      const RankedDivisions found = best_divisions(answer_.space, search_);
      take(found);
      add_proof(answer_.space, search_, found);
    }
    if (answer_.obstacles.size() == answer_.space.npus.size()) {
      throw InputError("--npus: " + answer_.obstacles.front());
    }
    if (answer_.counts.valid == 0 && !answer_.interrupted) refuse_undivided(answer_.space);
    if (answer_.counts.fit > 0) answer_.smallest.reset();  // of a front: of counts where nothing does
    if (!question_.explain.empty()) explain();
    return std::move(answer_);
  }

 private:
  void add_proof(const DivisionSpace& space, const DivisionSearch& search, const RankedDivisions& found) {
    if (!question_.prove || answer_.interrupted) return;
    try {
      const std::vector<ClosedSubtree> lines = prove(space, search, found);
      answer_.proof.insert(answer_.proof.end(), lines.begin(), lines.end());
    } catch (const Stopped&) {
      answer_.interrupted = true;
    }
  }

  [[nodiscard]] std::optional<double> usd(std::int64_t npus) const {
    const std::vector<std::int64_t>& counts = answer_.space.npus;
    const auto at = std::find(counts.begin(), counts.end(), npus) - counts.begin();
    return network_usd_[static_cast<std::size_t>(at)];
  }

  [[nodiscard]] PlannedDivision planned(const RankedDivision& ranked) const {
    TrainingJob job = answer_.space.job;
    job.parallelism = ranked.parallelism;
    return {ranked, estimate(job), usd(ranked.parallelism.npus())};
  }

  void take(const RankedDivisions& found) {
    for (const RankedDivision& each : found.best) answer_.best.push_back(planned(each));
    answer_.counts.combinations += found.counts.combinations;
    answer_.counts.valid += found.counts.valid;
    answer_.counts.fit += found.counts.fit;
    answer_.counts.below += found.counts.below;
    const bool smaller = !found.smallest.empty() && (!answer_.smallest || found.smallest[0].memory_bytes <
                                                                              answer_.smallest->memory_bytes);
    if (smaller) answer_.smallest = found.smallest[0];
    answer_.obstacles.insert(answer_.obstacles.end(), found.obstacles.begin(), found.obstacles.end());
    answer_.interrupted = answer_.interrupted || found.interrupted;
    if (answer_.best.empty() && found.counts.fit > 0 && !found.interrupted) take_fastest();
  }

  void take_fastest() {
    DivisionSearch any = search_;
    any.longest_step_ns = 0.0;
    any.best = 1;
    any.objective = PlanObjective::StepTime;
    const RankedDivisions found = best_divisions(answer_.space, any);
    if (!found.best.empty()) answer_.fastest = found.best[0];
  }

  // Everything but the step time follows from the NPU count, so that the best of each count is all that a
  // front can have.
  void front() {
    DivisionSearch one = search_;
    one.best = 1;
    for (std::size_t i = 0; i < answer_.space.npus.size(); ++i) {
      DivisionSpace each = answer_.space;
      each.npus = {answer_.space.npus[i]};
      each.weights = {answer_.space.weights[i]};
      const RankedDivisions found = best_divisions(each, one);
      take(found);
      answer_.of_counts.insert(answer_.of_counts.end(), found.best.begin(), found.best.end());
      add_proof(each, one, found);
    }
    const auto value = [&](const PlannedDivision& d) {
      const double step = d.ranked.step_ns;
      switch (search_.objective) {
        case PlanObjective::StepTime:
          return static_cast<double>(d.ranked.parallelism.npus());
        case PlanObjective::CostPerToken:
          return step * static_cast<double>(d.ranked.parallelism.npus());
        case PlanObjective::PerfPerCost:
          return step * d.network_usd.value_or(1.0);
        default:
          return d.network_usd.value_or(1.0);
      }
    };
    const std::vector<PlannedDivision> all = answer_.best;
    std::erase_if(answer_.best, [&](const PlannedDivision& d) {
      return std::any_of(all.begin(), all.end(), [&](const PlannedDivision& other) {
        const bool no_worse = other.ranked.step_ns <= d.ranked.step_ns && value(other) <= value(d);
        return no_worse && (other.ranked.step_ns < d.ranked.step_ns || value(other) < value(d));
      });
    });
    std::stable_sort(answer_.best.begin(), answer_.best.end(),
                     [](const auto& a, const auto& b) { return a.ranked.step_ns < b.ranked.step_ns; });
  }

  void explain() {
    DivisionSpace asked = answer_.space;
    narrow(asked, "--explain", question_.explain);
    DivisionSearch one = search_;
    one.best = 1;
    const RankedDivisions found = best_divisions(asked, one);
    PlanAnswer::Explained& told = answer_.explained.emplace();
    told.asked = question_.explain;
    if (!found.best.empty()) told.best = planned(found.best[0]);
    if (!found.smallest.empty()) told.smallest = found.smallest[0];
  }

  const PlanQuestion& question_;
  DivisionSearch search_;
  std::vector<std::optional<double>> network_usd_;  // of each NPU count
  PlanAnswer answer_;
};

std::optional<double> network_usd_of(const Machine& machine, const PriceList& prices, std::int64_t npus) {
  try {
    const Network network = machine.network(npus);
    return make_bill(network, prices, machine.gb_per_s(network)).total().value();
  } catch (const InputError&) {
    if (!missing_prices(machine.network(npus), prices).empty()) throw;
    return std::nullopt;
  }
}

}  // namespace

WeighedSpace weighed_space(const Job& job, PlanObjective objective) {
  WeighedSpace weighed{division_space(job), {}};
  DivisionSpace& space = weighed.space;
  if (space.npus.empty()) throw InputError("--npus: expected a number of NPUs, or a list of them");
  std::optional<PriceList> prices;
  if (needs_prices(objective)) prices = load_any_prices(word_of(job, &Job::prices));
  for (const std::int64_t npus : space.npus) {
    const auto count = static_cast<double>(npus);
    const std::optional<double> usd =
        prices ? network_usd_of(space.job.machine, *prices, npus) : std::nullopt;
    weighed.network_usd.push_back(usd);
    space.weights.push_back(objective == PlanObjective::StepTime       ? 1.0
                            : objective == PlanObjective::CostPerToken ? count
                                                                       : usd.value_or(count));
  }
  return weighed;
}

PlanAnswer plan(const PlanQuestion& question, const Watch& watch) { return Planner(question, watch).run(); }

}  // namespace bandwright
