#pragma once
#include <span>
#include <vector>

#include "core/cut.h"
#include "simulator/reduced_steps.h"
#include "simulator/result.h"
#include "simulator/wire_loads.h"

namespace bandwright {

// The closed form (simulator/closed_form.h) of a step program: the same step time as the expanded graph's
// longest path, without expanding it. A collective takes
//
//   latency + max over dimensions d of busy_d / (e_d b_d)           e_d: the program's wire efficiency
//
// and blocks are played until they repeat (simulator/mark_paths.h), after operations that always follow each
// other have become one (simulator/reduced_steps.h). A value: copies may be evaluated on different threads.
class ProgramForm {
 public:
  ProgramForm(const StepProgram& program, const Network& network, const System& system = {});

  // In ns, at bandwidths in GB/s, one per dimension.
  [[nodiscard]] double step_time_ns(std::span<const double> gb_per_s) const;

  // How often each instruction lies on the critical path, and how long it takes there. The sum of
  // times * ns is the step time.
  struct Share {
    double times = 0.0;
    double ns = 0.0;  // of one
  };
  [[nodiscard]] std::vector<Share> critical_path(std::span<const double> gb_per_s) const;

  // What each instruction takes in all as the compute stream sees it (simulator/mark_waits.h): compute whole,
  // communication where nothing else runs. The sum is the step time.
  [[nodiscard]] std::vector<double> exposed_ns(std::span<const double> gb_per_s) const;

  // The critical path as a supporting function: a global lower bound of the step time, exact here.
  [[nodiscard]] Cut cut(std::span<const double> gb_per_s) const;

  // The exposed times by group and dimension. REQUIRES positive bandwidth on each dimension that carries
  // bytes.
  [[nodiscard]] StepResult evaluate(std::span<const double> gb_per_s) const;

  // Time each instruction takes once, in ns; 0 for the head of a block.
  [[nodiscard]] std::vector<double> durations_ns(std::span<const double> gb_per_s) const;
  // How often each instruction is executed.
  [[nodiscard]] std::vector<double> executions() const;

  [[nodiscard]] int dimensions() const { return dimensions_; }

 private:
  struct Work {  // of a step
    double fixed_ns = 0.0;
    std::uint32_t collective = none;
    Role role = Role::Other;
    OperationKind kind = OperationKind::Overhead;
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  [[nodiscard]] std::vector<double> durations_ns(std::span<const WireLoads::Slowest> prices) const;

  int dimensions_;
  std::vector<MarkStep> steps_;
  ReducedSteps reduced_;
  std::vector<Work> work_;  // of each step
  WireLoads wire_;
  std::vector<std::string> group_names_;
};

}  // namespace bandwright
