#pragma once
#include <span>
#include <vector>

#include "core/cut.h"
#include "simulator/result.h"
#include "workload/step_program.h"

namespace bandwright {

// The closed form (simulator/closed_form.h) of a step program: the same step time as the expanded graph's
// longest path, without expanding it. A collective takes
//
//   latency + max over dimensions d of bytes_d / (e_d b_d)          e_d: the program's wire efficiency
//
// A block is a linear map A of the marks in max-plus algebra, so a repeated one has seen enough when two
// successive rounds both move every mark it sets by the same time: then the marks are an eigenvector of A and
// every later round repeats the last. (In one such round a mark the block does not set may still bind; in the
// second it cannot.) Until then rounds are played. Source: Baccelli et al. (1992), theorem 3.23.
//
// Cost: O(instructions x rounds until they repeat), 3 rounds for most blocks, whatever the counts.
// A value: copies may be evaluated on different threads.
class ProgramForm {
 public:
  ProgramForm(const StepProgram& program, int dimensions);

  // In ns, at bandwidths in GB/s, one per dimension.
  [[nodiscard]] double step_time_ns(std::span<const double> gb_per_s) const;

  // How often each instruction lies on the critical path, and how long it takes there. The sum of
  // times * ns is the step time.
  struct Share {
    double times = 0.0;
    double ns = 0.0;  // of one
  };
  [[nodiscard]] std::vector<Share> critical_path(std::span<const double> gb_per_s) const;

  // The critical path as a supporting function: a global lower bound of the step time, exact here.
  [[nodiscard]] Cut cut(std::span<const double> gb_per_s) const;

  // The critical path by group and dimension. Time that other pipeline stages work counts as overhead.
  // REQUIRES positive bandwidth on each dimension that carries bytes.
  [[nodiscard]] StepResult evaluate(std::span<const double> gb_per_s) const;

  // Time each instruction takes once, in ns; 0 for the head of a block.
  [[nodiscard]] std::vector<double> durations_ns(std::span<const double> gb_per_s) const;
  // How often each instruction is executed.
  [[nodiscard]] std::vector<double> executions() const;

  [[nodiscard]] int dimensions() const { return dimensions_; }

 private:
  struct Step {  // an instruction, stripped to what timing needs
    std::uint32_t times = 0;
    std::uint32_t length = 0;
    MarkSet waits = 0;
    MarkSet sets = 0;
    std::uint32_t collective = none;
    double fixed_ns = 0.0;
    bool computes = false;  // for this stage
  };
  struct CollectiveLoads {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t group = 0;
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  [[nodiscard]] std::vector<double> wire_ns(std::span<const double> gb_per_s) const;

  int dimensions_;
  std::vector<Step> steps_;
  std::vector<CollectiveLoads> collectives_;
  std::vector<Traffic> loads_;  // bytes over efficiency
  std::vector<double> efficiency_;
  std::vector<std::string> group_names_;
};

}  // namespace bandwright
