#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "step/step.h"

namespace bandwright {

// How an operation of a graph without a fixed order is issued.
struct Issue {
  static constexpr std::uint32_t no_resource = ~std::uint32_t{0};

  std::uint32_t resource = no_resource;  // serves one operation at a time; none: starts when it can
  std::uint64_t priority = 0;            // of those that can start, the smallest first
};

struct IssuedStep {
  Step graph;
  std::vector<OperationId> order;  // what the operations of `graph` were called before
};

// Fixes the order on every serial resource: plays the graph once with the given durations, an idle resource
// taking the operation of smallest priority among those whose dependencies have ended, and returns the graph
// with the order it saw as further dependencies, operations in order of their start. One `issue` per
// operation; the graph's own operations may stand in any order. Throws InputError when some operations can
// never start, naming one.
//
// Cost: O((operations + dependencies) log operations).
IssuedStep fix_issue_order(const Step& graph, std::span<const Issue> issues,
                           const std::function<Time(const Operation&)>& duration);

}  // namespace bandwright
