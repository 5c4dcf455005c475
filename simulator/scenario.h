#pragma once
#include <memory>
#include <span>
#include <vector>

#include "collective/schedule.h"
#include "simulator/result.h"
#include "step/step.h"

namespace bandwright {

struct FlowNetwork;  // simulator/transport/flow_network.h

// What an event-driven engine plays. REQUIRES that what it refers to outlives it.
struct Scenario {
  const Step& graph;
  const Network& network;
  const Library& library;
  std::span<const double> bandwidth;   // per NPU and dimension, in the library's unit
  Time after_collective;               // from a collective's last message until its dependants go on
  const FlowNetwork* built = nullptr;  // what the network's messages really cross; null: the grid itself

  // What collectives reach of a dimension's bandwidth.
  [[nodiscard]] double wire_bandwidth(std::size_t dimension) const {
    const std::vector<double>& share = graph.wire_efficiency;
    return bandwidth[dimension] * (share.empty() ? 1.0 : share[dimension]);
  }
  // The time a collective takes after its last message: the library's, and what the operation itself adds.
  [[nodiscard]] Time after(const Operation& collective) const {
    return after_collective + collective.duration;
  }
};

// A factor of every NPU, as the library's `npus` say: &NpuSpec::compute_time or &NpuSpec::port_speed. Empty
// when it is 1 for all. Throws InputError for NPUs that the network does not have.
std::vector<double> npu_factors(const Scenario& scenario, double NpuSpec::*factor);

// A part of a dimension that a group spans: its NPUs form lines, and each line serves one chunk at a time.
// Groups that span the same part share it; parts that merely overlap do not (only links do).
struct LogicalDimension {
  GroupDimension part;
  int set = 0;        // of the groups that use it
  std::string group;  // the first of them
};

// The collectives of a graph, planned, and the logical dimensions they use.
struct CommunicationPlan {
  struct Call {
    CollectivePlan plan;
    std::vector<std::uint32_t> queues;  // logical dimension of each part of the group
    std::uint32_t group = 0;
    int busiest = -1;  // network dimension on which the collective keeps a line busy longest
  };
  std::vector<Call> calls;  // indexed like Step::collectives
  std::vector<LogicalDimension> queues;
};

// Durations of phases may be left out, where only messages are asked for: on parts of rings, which are not
// even, working them out takes as many as NPUs^2.
enum class PhaseTimes : std::uint8_t { Found, LeftOut };
// Throws InputError.
CommunicationPlan plan_communication(const Scenario& scenario, PhaseTimes times = PhaseTimes::Found);

// Bytes and utilisation of every dimension, and the names of groups; what does not depend on timing but the
// utilisation, which divides by result.step_time.
void describe_traffic(const Scenario& scenario, const CommunicationPlan& plan, StepResult& result);
// The utilisation alone, from the bytes and the step time.
void describe_utilization(std::span<const double> bandwidth, const Library& library, StepResult& result);

// The rank of a collective among those that wait for the same dimension: larger goes first.
class IssueOrder {
 public:
  explicit IssueOrder(CollectiveOrder order) : order_(order) {}
  int next(Role role);
  // Ranks differ from it as they differ from each other.
  [[nodiscard]] int counter() const { return counter_; }

 private:
  CollectiveOrder order_;
  int counter_ = 0;
};

// Throws InputError naming what still waits, if any operation has not ended: a run that stops early is an
// error and never a result. `waits_for` describes one of them.
void require_all_ended(const Step& graph, const std::vector<bool>& ended);

}  // namespace bandwright
