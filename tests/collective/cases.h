#pragma once
#include <fmt/format.h>

#include <ostream>
#include <string>
#include <vector>

#include "collective/algorithm.h"

namespace bandwright {

// A phase that an algorithm serves on one dimension of a kind.
struct AlgorithmCase {
  const CollectiveAlgorithm* algorithm = nullptr;
  const DimensionKind* kind = nullptr;
  CollectiveKind phase = CollectiveKind::AllReduce;
  int n = 0;

  [[nodiscard]] std::string name() const {
    return fmt::format("{} by {} on {}({})", collective_name(phase), algorithm->name, kind->name, n);
  }
  [[nodiscard]] Network network() const { return parse_network(fmt::format("{}({})", kind->name, n)); }
  [[nodiscard]] Program program(int chunk = 0) const { return algorithm->program(phase, n, chunk); }
};

// Every collective x algorithm x kind x size from 2 to `largest` that the algorithm serves.
inline std::vector<AlgorithmCase> algorithm_cases(int largest) {
  std::vector<AlgorithmCase> cases;
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    for (const DimensionKind& kind : dimension_kinds()) {
      for (const CollectiveKindInfo& collective : collective_kinds()) {
        for (int n = 2; n <= largest; ++n) {
          if (algorithm.serves(collective.kind, n)) cases.push_back({&algorithm, &kind, collective.kind, n});
        }
      }
    }
  }
  return cases;
}

}  // namespace bandwright
