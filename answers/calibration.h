#pragma once
#include "report/document.h"
#include "validation/own_machine.h"

namespace bandwright {

// What was fitted from what, before and after.
Document calibration_document(const OwnMachine& own, const OwnMeasurements& measured);

}  // namespace bandwright
