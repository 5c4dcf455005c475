#pragma once
#include <string>

#include "training/parallelism.h"
#include "workload/architecture.h"

namespace bandwright {

// What would make a bill fit into `capacity` bytes, as options typed after the job's own; empty when it fits
// already or nothing tried is enough. Tried in order of their cost in time: EP, sequence parallelism, ZeRO 1,
// selective recomputation, a smaller micro-batch, full recomputation, ZeRO 3, then the smallest number of
// NPUs with more TP and PP. What is not needed in the end is taken back.
std::string remedy(const TransformerArchitecture& model, const Parallelism& parallelism, double capacity);

}  // namespace bandwright
