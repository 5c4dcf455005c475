#pragma once
#include "topology/network.h"
#include "training/training_step.h"

namespace bandwright {

// A division's step time the other way: a step is a product of max-plus matrices, one per operation, over the
// times of its streams; a block is a power of what its round is. Nothing is shared between divisions, nothing
// leapt over. For the check of proofs, where plan/step_evaluator.h is what is checked. REQUIRES a valid job.
//
// Source: Baccelli et al., Synchronization and Linearity (1992), chapter 3. Cost: 0.2 ms.
double max_plus_step_ns(const TrainingJob& job, const Network& network);

// The same operation by operation, round by round (step/cursor.h). Cost: 1 to 10 ms and more.
double walked_step_ns(const TrainingJob& job, const Network& network);

}  // namespace bandwright
