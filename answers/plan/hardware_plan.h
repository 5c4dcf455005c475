#pragma once
#include <string>

#include "report/document.h"
#include "study/plan/hardware_proof_file.h"

namespace bandwright {

// The answer of `plan --npu`: the best divisions, each with the network to buy for it, and what became of the
// others. `model` as it was typed; `machine_file`, where the best machine was written to: for commands.
Document hardware_plan_document(const std::string& model, const std::string& machine_file,
                                const HardwareAnswer& answer);

// The answer of `verify` for a proof of that.
Document hardware_proof_document(const CheckedHardwareProof& checked);

}  // namespace bandwright
