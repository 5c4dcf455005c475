#pragma once
#include <string>

#include "study/plan/plan.h"

namespace bandwright {

// A proof as JSON lines: what was asked, the divisions listed, a line for each closed subtree, the counts.
//
//   {"bandwright": "proof", "version": 1, "job": {"model": "llama3-8b", ...}, "minimize": "time", ...}
//   {"listed": {"npus": 16, "tensor": 2, ...}, "rank": 1, "step_ns": 1.8e9}
//   {"closed": {"npus": 16, "tensor": 1, ...}, "valid": 96, "do_not_fit": 90, "above_bound": 4, ...}
//   {"counts": {"valid": 24000, "fit": 11000, "below_bound": 300}}
//
// Of a front ("pareto": true) what is listed is the best of each NPU count, with "on_front". REQUIRES an
// answer with a proof.
std::string proof_text(const PlanQuestion& question, const PlanAnswer& answer);

struct CheckedProof {
  PlanQuestion question;  // as the file has it
  std::string fault;      // the first; "" where there is none
  std::int64_t subtrees = 0;
  DivisionCounts counts;
};
// Reads a proof and checks it against what the model says today. Throws InputError for a file that is none.
CheckedProof check_proof(const std::string& file);

}  // namespace bandwright
