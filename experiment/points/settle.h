#pragma once
#include "experiment/inputs.h"
#include "experiment/specification.h"

namespace bandwright {

// What the words of a point stand for: the columns of its row, and the reason where there is no such step.

// Of a model on a machine.
void settle_on_machine(Point& point, ExperimentInputs& inputs);
// Of a layer table, other tools' files or a collective on a network, all of whose axes are read.
void settle_on_network(Point& point, ExperimentInputs& inputs);

}  // namespace bandwright
