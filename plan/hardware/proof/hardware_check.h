#pragma once
#include "plan/hardware/proof/hardware_proof.h"

namespace bandwright {

// Checks that answer and proof: lists the space by itself, prices memory and bounds of each division, each
// pair's path and every cut, with plan/hardware/proof/matrix_step.h in place of what searched. The first
// fault; "" without.
std::string fault_of_hardware(const HardwareSpace& space, const HardwareSearch& search,
                              const RankedHardwares& found, const std::vector<ClosedSizes>& proof);

}  // namespace bandwright
