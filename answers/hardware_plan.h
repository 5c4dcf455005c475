#pragma once
#include <string>

#include "report/document.h"
#include "study/hardware_plan.h"

namespace bandwright {

// The answer of `plan --npu`: the best divisions, each with the network to buy for it, and what became of the
// others. `model` as it was typed; `machine_file`, where the best machine was written to: for commands.
Document hardware_plan_document(const std::string& model, const std::string& machine_file,
                                const HardwareAnswer& answer);

}  // namespace bandwright
