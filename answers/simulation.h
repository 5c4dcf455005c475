#pragma once
#include "report/document.h"
#include "study/simulate.h"

namespace bandwright {

// The answer of `simulate`.
Document simulation_document(const SimulationAnswer& answer, bool timing);

}  // namespace bandwright
