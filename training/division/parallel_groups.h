#pragma once
#include <cstdint>
#include <vector>

#include "topology/group.h"
#include "training/parallelism.h"

namespace bandwright {

// The groups of the NPUs; indices into the groups of a step. DP are the NPUs that hold the same dense
// parameters (context and expert ranks among them), EDP those that hold the same experts. Where ZeRO divides
// over a part of DP, that part is DP and replicas are the NPUs that hold the same shard. The last two are the
// parts of an expert group in one node (the innermost dimension) and between nodes, where there are any.
enum class Axes : std::uint32_t {
  Tensor,
  Context,
  Expert,
  Data,
  ExpertData,
  Pipeline,
  Replicas,
  ExpertInside,
  ExpertBetween
};
std::vector<Group> parallel_groups(const Network& network, const Parallelism& parallelism);

}  // namespace bandwright
