#pragma once
#include <string>

#include "report/document.h"
#include "study/proof_file.h"

namespace bandwright {

// What was typed, for commands that go on from here.
struct PlanWords {
  std::string model;
  std::string machine;
  std::string launcher;  // whose arguments people want to read as well; "": nobody's
};

// The answer of `plan`: the best divisions, what became of the others, and how to go on.
Document plan_document(const PlanWords& words, const PlanAnswer& answer);

// The answer of `verify`.
Document proof_document(const CheckedProof& checked);

}  // namespace bandwright
