#pragma once
#include <string>

#include "plan/hardware/proof/hardware_proof.h"
#include "study/plan/hardware_plan.h"

namespace bandwright {

// A proof about a network that is still to be bought, as JSON lines: the question, the divisions listed with
// their networks, what became of each TP, CP, PP and EP, the pairs near the answer; of a front, all that of
// each of its parts.
std::string hardware_proof_text(const HardwareQuestion& question, const HardwareAnswer& answer);

// Whether a file begins as one of these.
bool is_hardware_proof(const std::string& file);

struct CheckedHardwareProof {
  HardwareQuestion question;
  HardwareCounts counts;
  std::size_t subtrees = 0;
  std::int64_t pairs = 0;
  std::string fault;  // "": accepted
};
// Throws InputError for a file that is no proof.
CheckedHardwareProof check_hardware_proof(const std::string& file);

}  // namespace bandwright
