#include "memory/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "core/catalogue.h"
#include "memory/cache.h"
#include "memory/first_touch.h"
#include "memory/programs/programs.h"

namespace bandwright {
namespace {

// Every tensor in one memory, whatever the limit: the bounds of what any policy can do.
PlacementSummary all_in(const PlacementProblem& problem, bool fast) {
  PlacementSummary summary;
  for (const Kernel& kernel : problem.graph.kernels) {
    const std::size_t arguments = kernel.arguments.size();
    const std::uint32_t all = arguments >= 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << arguments) - 1;
    double ns = kernel.fast_ns;
    if (!fast && !kernel.measured.empty()) ns = kernel.ns(all);
    if (!fast && kernel.measured.empty()) {
      for (const double slow_ns : kernel.slow_ns) ns += slow_ns;
    }
    if (ns == never) {
      summary.reason = fmt::format("kernel '{}' has no time measured with every tensor in {} memory",
                                   kernel.name, fast ? "fast" : "slow");
      return summary;
    }
    summary.bound_ns += ns;
  }
  summary.status = PlacementStatus::Optimal;
  summary.ns = summary.bound_ns;
  summary.schedule.born_fast.assign(problem.graph.tensors.size(), fast);
  return summary;
}
PlacementSummary all_fast(const PlacementProblem& problem, const PlacementOptions&) {
  return all_in(problem, true);
}
PlacementSummary all_slow(const PlacementProblem& problem, const PlacementOptions&) {
  return all_in(problem, false);
}

constexpr std::array catalogue = {
    Policy{"all-fast", "every tensor in fast memory, whatever the limit: the least time", false, all_fast},
    Policy{"all-slow", "every tensor in slow memory", false, all_slow},
    Policy{"first-touch", "fast memory as long as a block is free when a tensor is written, as NUMA does",
           true, first_touch},
    Policy{"static", "one memory per tensor for its life: integer program", true, static_program},
    Policy{"synchronous", "copies between kernels while the processor waits: integer program", true,
           synchronous_program},
    Policy{"asynchronous", "besides, copies beside kernels: integer program", true, asynchronous_program},
    Policy{"cache", "fast memory as a direct-mapped cache of slow memory: an idealised model", true,
           cache_model},
};

Bytes least_fast_bytes(const TrainingGraph& graph, const Kernel& kernel) {
  if (kernel.measured.empty()) return bytes(0);
  Bytes least = bytes(std::numeric_limits<std::int64_t>::max());
  for (const Configuration& configuration : kernel.measured) {
    Bytes fast;
    for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
      if ((configuration.slow >> a & 1U) == 0) fast += whole_pages(graph.tensors[kernel.arguments[a]].bytes);
    }
    least = std::min(least, fast);
  }
  return least;
}

}  // namespace

std::string_view status_name(PlacementStatus status) {
  switch (status) {
    case PlacementStatus::Optimal:
      return "optimal";
    case PlacementStatus::TimeLimit:
      return "time limit";
    case PlacementStatus::Interrupted:
      return "interrupted";
    case PlacementStatus::Infeasible:
      return "infeasible";
  }
  return "";
}

double PlacementSummary::gap() const {
  const double relative = ns > 0.0 ? (ns - bound_ns) / ns : 0.0;
  return relative > 1e-12 ? relative : 0.0;  // less is rounding
}

std::span<const Policy> policies() { return catalogue; }

const Policy& find_policy(std::string_view name) { return find_in_catalogue(policies(), name, "policy"); }

void check(const PlacementProblem& problem) {
  for (const Kernel& kernel : problem.graph.kernels) {
    const Bytes least = least_fast_bytes(problem.graph, kernel);
    if (least <= problem.fast_limit) continue;
    throw InputError(fmt::format(
        "kernel '{}' needs {} of fast memory, more than the {} allowed, and has no time measured with less",
        kernel.name, format_bytes(least), format_bytes(problem.fast_limit)));
  }
}

PlacementSummary place(const PlacementProblem& problem, const Policy& policy,
                       const PlacementOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  PlacementSummary summary = policy.run(problem, options);
  summary.policy = policy.name;
  if (summary.found() && !summary.schedule.born_fast.empty()) {
    const Bytes limit = policy.limited ? problem.fast_limit : bytes(std::numeric_limits<std::int64_t>::max());
    summary.replay = replay(problem.graph, problem.tiers, summary.schedule, limit);
    summary.to_slow = summary.replay->to_slow;
    summary.to_fast = summary.replay->to_fast;
    summary.peak_fast = summary.replay->peak_fast;
  }
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

}  // namespace bandwright
