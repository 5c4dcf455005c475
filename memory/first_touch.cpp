#include "memory/first_touch.h"

#include <fmt/format.h>

#include "memory/allocator.h"

namespace bandwright {
namespace {

struct Touched {
  Schedule schedule;
  AddressPlan addresses;
};

// Tensors that are `barred` go to slow memory whatever is free.
Touched touch(const TrainingGraph& graph, Bytes limit, const std::vector<bool>& barred) {
  const Users uses = users(graph);
  Touched result;
  result.schedule.born_fast.assign(graph.tensors.size(), false);
  std::vector<Bytes> offset(graph.tensors.size());
  BestFitAllocator allocator(bytes(limit.value() / page.value() * page.value()));
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    const Kernel& kernel = graph.kernels[k];
    for (std::size_t a = kernel.outputs_from; a < kernel.arguments.size(); ++a) {
      const int tensor = kernel.arguments[a];
      if (barred[tensor]) continue;
      const auto block = allocator.allocate(graph.tensors[tensor].bytes);
      if (!block) continue;
      result.schedule.born_fast[tensor] = true;
      offset[tensor] = *block;
      result.addresses.blocks.push_back({{tensor, uses[tensor].front(), uses[tensor].back()}, *block});
      const Bytes end = *block + whole_pages(graph.tensors[tensor].bytes);
      result.addresses.high_water = std::max(result.addresses.high_water, end);
    }
    for (const int tensor : kernel.arguments) {
      const bool last = uses[tensor].back() == static_cast<int>(k);
      if (last && result.schedule.born_fast[tensor])
        allocator.free(offset[tensor], graph.tensors[tensor].bytes);
    }
  }
  return result;
}

// A kept tensor that does not find room at either end lives in slow memory at both: tried until it holds.
Touched touch_kept(const TrainingGraph& graph, Bytes limit) {
  std::vector<bool> barred(graph.tensors.size(), false);
  while (true) {
    Touched touched = touch(graph, limit, barred);
    const std::vector<bool>& fast = touched.schedule.born_fast;
    bool holds = true;
    for (const TrainingGraph::Kept& kept : graph.kept) {
      if (fast[kept.first] == fast[kept.last]) continue;
      barred[kept.first] = barred[kept.last] = true;
      holds = false;
    }
    if (holds) return touched;
  }
}

}  // namespace

PlacementSummary first_touch(const PlacementProblem& problem, const PlacementOptions&) {
  Touched touched = touch_kept(problem.graph, problem.fast_limit);
  Replay played = replay(problem.graph, problem.tiers, touched.schedule, problem.fast_limit);
  PlacementSummary summary;
  if (!played.fault.empty()) {
    summary.reason = fmt::format("first-touch: {}", played.fault);
    return summary;
  }
  summary.status = PlacementStatus::Optimal;
  summary.ns = summary.bound_ns = to_ns(played.total);
  summary.schedule = touched.schedule;
  summary.placed =
      PlacedSchedule{std::move(touched.schedule), std::move(touched.addresses), std::move(played), 0};
  return summary;
}

}  // namespace bandwright
