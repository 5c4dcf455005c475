#pragma once
#include <span>
#include <vector>

#include "core/cut.h"
#include "simulator/exposure.h"
#include "simulator/wire_loads.h"
#include "step/step.h"

namespace bandwright {

// The step time of a graph when every collective runs at wire speed on its slowest dimension:
//
//   collective = its own duration (latency) + max over dimensions d of bytes_d / (e_d b_d), e_d: wire
//                efficiency
//   step       = the longest path through the graph
//
// Both are maxima of convex functions of the bandwidths b, hence so is the step time; `cut` is its tangent.
// Chunks, latencies and overheads of a system are the event-driven engine's. Source: the LIBRA paper (ISPASS
// 2024), section IV; bytes_d are collective/collective.h's. A value: copies may be evaluated on different
// threads.
//
// Cost: time O(operations + distinct collectives x dimensions), no memory beyond one time per operation.
class ClosedForm {
 public:
  ClosedForm(const Step& graph, int dimensions);

  [[nodiscard]] int dimensions() const { return dimensions_; }

  // In ns, at bandwidths in GB/s (one per dimension; a dimension that carries bytes at 0 GB/s takes forever:
  // +inf).
  [[nodiscard]] double step_time_ns(std::span<const double> gb_per_s) const;

  // Time each operation takes, in ns.
  [[nodiscard]] std::vector<double> durations_ns(std::span<const double> gb_per_s) const;

  // The critical path at these bandwidths: a global lower bound of the step time, exact here.
  [[nodiscard]] Cut cut(std::span<const double> gb_per_s) const;

  // Everything, and what each operation takes as the compute stream sees it (simulator/exposure.h); REQUIRES
  // positive bandwidth on each dimension that carries bytes.
  [[nodiscard]] StepResult evaluate(std::span<const double> gb_per_s,
                                    std::vector<Time>* exposed = nullptr) const;

 private:
  struct Node {             // an operation, stripped to what timing needs
    double fixed_ns = 0.0;  // compute and overhead; a collective's latency
    std::uint32_t collective = none;
    std::uint32_t first_dependency = 0;
    std::uint32_t dependencies = 0;
  };
  using Slowest = WireLoads::Slowest;
  struct Schedule {  // start and end of each node
    std::vector<double> end;
    std::vector<std::uint32_t> last;  // the dependency that ended last, `none` for a source
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  [[nodiscard]] Schedule schedule(std::span<const Slowest> prices) const;
  [[nodiscard]] double duration(const Node& node, std::span<const Slowest> prices) const;
  [[nodiscard]] std::vector<OperationSpan> spans(const Schedule& times,
                                                 std::span<const Slowest> prices) const;

  int dimensions_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> dependencies_;
  std::vector<OperationKind> kinds_;
  std::vector<bool> bubble_;
  WireLoads wire_;
  std::vector<double> npu_share_;  // by collective: of the NPUs that run it
  std::vector<std::string> group_names_;
};

}  // namespace bandwright
