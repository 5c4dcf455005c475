#pragma once
#include <span>
#include <string>
#include <vector>

#include "report/document.h"
#include "study/plan/plan_map.h"
#include "study/plan/proof_file.h"

namespace bandwright {

// What was typed, for commands that go on from here.
struct PlanWords {
  std::string model;
  std::string machine;
  std::string launcher;  // whose arguments people want to read as well; "": nobody's
};

// "TP 8 SP, PP 4 x 2, DP 16, micro-batch 2, ZeRO 1": what is not 1 or none.
std::string division_words(const Parallelism& p);
// What of a division that ties is other than in the one listed: "recompute selective"; all of it where the
// groups differ.
std::string division_difference(const Parallelism& listed, const Parallelism& tie);
// Notes which rows have ties, of each the words: one sentence for all with the same.
void add_tie_notes(const std::vector<std::vector<std::string>>& ties, Document& document);
// What of a job stands after its model and machine.
std::string division_options(const Parallelism& p);
// The members of `division` in JSON, and their values.
std::span<const char* const> division_keys();
std::vector<Value> division_values(const Parallelism& p);

// The answer of `plan`: the best divisions, what became of the others, and how to go on; for pages with a map
// of the space, where it was made.
Document plan_document(const PlanWords& words, const PlanAnswer& answer,
                       const std::vector<PlanCell>& map = {});

// The answer of `verify`.
Document proof_document(const CheckedProof& checked);

}  // namespace bandwright
