#pragma once
#include "memory/graph.h"
#include "memory/tiers.h"
#include "workload/image_model.h"

namespace bandwright {

// One training step of a network on images, forward and backward. Kernels and the tensors kept for them:
//
//   layer               backward kernels (dy: gradient of the output y)
//   conv, deconv, dense relu or norm (y, dy -> dz); weights (x, dz -> weight gradient); data (dz -> dx)
//   relu, norm          (y or x, dy -> dx)        norm-relu (x, y, dy -> dx)
//   max-pool            (x, indices, dy -> dx)    average-pool (dy -> dx)
//   concat              one slice per branch      add: dy itself
//
// and one addition for every further user of an output. Weights, their gradients and the batch stay in fast
// memory. Times by the linear tier model (memory/tiers.h). Throws InputError when a tensor exceeds 1 PiB, and
// for an adversarial pair, which is no single network.
TrainingGraph training_graph(const ImageModel& model, const TierPair& tiers);

}  // namespace bandwright
