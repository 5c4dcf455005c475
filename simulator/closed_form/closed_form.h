#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/cut.h"
#include "simulator/closed_form/reduced_step.h"
#include "simulator/result.h"
#include "simulator/wire_loads.h"

namespace bandwright {

// The step time when every collective runs at wire speed on its slowest dimension:
//
//   collective = its own duration (latency) + max over dimensions d of busy_d / (e_d b_d), e_d: wire
//                efficiency
//   step       = the longest path through the step's executions (simulator/closed_form/longest_path.h)
//
// Every NPU is taken to be like all others. Both are maxima of convex functions of the bandwidths b, hence so
// is the step time; `cut` is its tangent. Chunks, latencies and overheads of a library are the event-driven
// engine's. Source: the LIBRA paper (ISPASS 2024), section IV; busy_d are the bytes of collective/traffic.h,
// by the library's algorithms. A value: copies may be evaluated on different threads.
//
// Cost: O(operations as written + distinct collectives x dimensions), whatever the counts of blocks, and less
// where operations follow each other (simulator/closed_form/reduced_step.h).
class ClosedForm {
 public:
  // Throws InputError for a library whose NPUs or links differ.
  ClosedForm(const Step& step, const Network& network, const Library& library = {});
  // With loads worked out elsewhere, on so many dimensions.
  ClosedForm(const Step& step, int dimensions, WireLoads loads);

  [[nodiscard]] int dimensions() const { return dimensions_; }

  // In ns, at bandwidths in GB/s (one per dimension; a dimension that carries bytes at 0 GB/s takes forever:
  // +inf).
  [[nodiscard]] double step_time_ns(std::span<const double> gb_per_s) const;

  // Time each operation takes once, in ns.
  [[nodiscard]] std::vector<double> durations_ns(std::span<const double> gb_per_s) const;

  // The critical path at these bandwidths: a global lower bound of the step time, exact here.
  [[nodiscard]] Cut cut(std::span<const double> gb_per_s) const;

  // How often each operation lies on the critical path, and how long it takes there. The sum of times * ns is
  // the step time.
  struct Share {
    double times = 0.0;
    double ns = 0.0;  // of one
  };
  [[nodiscard]] std::vector<Share> critical_path(std::span<const double> gb_per_s) const;

  // What each operation takes in all as the compute stream sees it: compute whole, communication where
  // nothing else runs. The sum is the step time.
  [[nodiscard]] std::vector<double> exposed_ns(std::span<const double> gb_per_s) const;

  // Everything. The critical path as a list, and what each operation takes as the compute stream sees it
  // (simulator/closed_form/exposure.h) are of steps without blocks alone. REQUIRES positive bandwidth on each
  // dimension that carries bytes.
  [[nodiscard]] StepResult evaluate(std::span<const double> gb_per_s,
                                    std::vector<Time>* exposed = nullptr) const;

 private:
  using Slowest = WireLoads::Slowest;
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Work {             // an operation
    double fixed_ns = 0.0;  // compute and overhead; a collective's latency
    std::uint32_t collective = none;
    OperationKind kind = OperationKind::Compute;
    bool bubble = false;
  };
  struct Call {  // what a node's operations call
    std::uint32_t node;
    std::uint32_t collective;
    double times;
  };

  [[nodiscard]] double duration(const Work& work, std::span<const Slowest> prices) const {
    return work.fixed_ns + (work.collective == none ? 0.0 : prices[work.collective].ns);
  }
  [[nodiscard]] std::vector<double> node_ns(std::span<const Slowest> prices) const;
  [[nodiscard]] std::vector<double> exposed_ns(std::span<const Slowest> prices) const;
  [[nodiscard]] StepResult evaluate_blocks(std::span<const Slowest> prices) const;
  [[nodiscard]] StepResult evaluate_flat(std::span<const Slowest> prices, std::vector<Time>* exposed) const;
  void describe_traffic(std::span<const double> gb_per_s, StepResult& result) const;

  int dimensions_;
  ReducedStep reduced_;
  std::vector<double> fixed_ns_;  // of each node
  std::vector<Call> calls_;
  std::vector<Work> work_;
  std::vector<StepBlock> blocks_;
  WireLoads wire_;
  std::vector<double> npu_share_;  // by collective: of the NPUs that run it; empty: all
  std::vector<std::string> group_names_;
  Step flat_;  // operations and dependencies of a step without blocks
};

}  // namespace bandwright
