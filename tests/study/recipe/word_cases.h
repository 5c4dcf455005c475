#pragma once
#include <string>
#include <vector>

#include "study/job/job.h"

namespace bandwright {

// What one word of a job becomes by a recipe's arguments.
struct WordCase {
  std::string arguments;
  std::string Job::*word;
  std::string expected;  // "" where it is the usual one, or not said
};

// The same cases, each with these arguments before its own.
inline std::vector<WordCase> with_start(const std::string& start, std::vector<WordCase> cases) {
  for (WordCase& each : cases) each.arguments = start + each.arguments;
  return cases;
}

}  // namespace bandwright
