#pragma once
#include <span>
#include <vector>

#include "simulator/mark_paths.h"

namespace bandwright {

// The steps of a program, fewer of them, with the same times. A mark that only ever passes together with the
// compute mark, and that nobody waits for without it, never leads and is left out; operations that then
// follow each other on the compute mark alone become one; a repeated one becomes one that takes as much
// longer:
//
//   core, streaming, projections, [all-reduce], join   ->  one operation per pass without overlap
//   repeat 12 { one operation }                        ->  one operation, 12 times as long
//
class ReducedSteps {
 public:
  // REQUIRES that each operation waits for the marks it sets.
  explicit ReducedSteps(std::span<const MarkStep> steps);

  // As play_marks(), critical_counts() and exposed_ns() of the steps given; `ns` are their durations.
  [[nodiscard]] double play(std::span<const double> ns) const;
  [[nodiscard]] std::vector<double> critical_counts(std::span<const double> ns) const;
  [[nodiscard]] std::vector<double> exposed_ns(std::span<const double> ns) const;

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  void reduce(std::span<const MarkStep> steps, std::size_t begin, std::size_t end, MarkSet leading);
  [[nodiscard]] std::vector<double> reduced(std::span<const double> ns) const;

  struct Place {  // of a given step among the reduced ones
    std::uint32_t step = none;
    double times = 1.0;
  };
  std::vector<MarkStep> steps_;
  std::vector<Place> places_;
};

}  // namespace bandwright
