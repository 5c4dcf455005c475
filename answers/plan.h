#pragma once
#include <optional>
#include <string>

#include "plan/division_search.h"
#include "report/document.h"

namespace bandwright {

// A division that somebody asks about: the best of those that agree with it.
struct ExplainedDivision {
  std::string asked;  // "tp 8 pp 8"
  RankedDivisions found;
};

// What was typed, for commands that go on from here.
struct PlanWords {
  std::string model;
  std::string machine;
};

// The answer of `plan`: the best divisions, what became of the others, and how to go on.
Document plan_document(const PlanWords& words, const DivisionSpace& space, const DivisionSearch& search,
                       const RankedDivisions& found, const std::optional<ExplainedDivision>& explained);

}  // namespace bandwright
