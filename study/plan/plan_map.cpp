#include "study/plan/plan_map.h"

#include <algorithm>

namespace bandwright {

std::vector<PlanCell> plan_map(const PlanQuestion& question, const PlanAnswer& answer, const Watch& watch) {
  std::vector<PlanCell> cells;
  if (answer.best.empty()) return cells;
  DivisionSearch search = question.search;
  search.best = 1;
  search.interrupted = [stop = watch.stop] { return stop.stop_requested(); };
  DivisionSpace space = answer.space;
  const std::int64_t npus = answer.best[0].ranked.parallelism.npus();
  const auto at = std::find(space.npus.begin(), space.npus.end(), npus) - space.npus.begin();
  space.weights = {answer.space.weights[static_cast<std::size_t>(at)]};
  space.npus = {npus};
  const DivisionDomains domains = domains_of(space, npus);
  for (const std::int64_t tensor : domains.tensor) {
    for (const std::int64_t pipeline : domains.pipeline) {
      space.tensor = {tensor};
      space.pipeline = {pipeline};
      const RankedDivisions found = best_divisions(space, search);
      if (found.counts.valid == 0) continue;
      PlanCell& cell = cells.emplace_back(PlanCell{tensor, pipeline, {}, {}});
      if (!found.best.empty()) cell.best = found.best[0];
      if (!found.smallest.empty()) cell.smallest = found.smallest[0];
    }
  }
  return cells;
}

}  // namespace bandwright
