#pragma once
#include <random>

#include "step/step.h"

namespace bandwright {

// Steps of random operations in random blocks, whose dependencies name any operation, before or behind; those
// that hold the compute stream wait for each other, too.
// Collectives are over the groups TP and DP of Ring(4)_Switch(8).
Step random_step(std::mt19937& random);

}  // namespace bandwright
