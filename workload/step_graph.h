#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collective/collective.h"
#include "topology/group.h"

namespace bandwright {

// What an operation does for the training step; for reports and timelines only.
enum class Role : std::uint8_t {
  Forward,
  Recompute,
  InputGradient,
  WeightGradient,
  Other,
  Optimizer,
  Bubble,  // other pipeline stages work while this one has nothing to do
};
std::string_view role_name(Role role);

// A collective over one of the graph's groups.
struct GroupCollective {
  Collective collective;
  std::uint32_t group = 0;  // index into StepGraph::groups
  friend bool operator==(const GroupCollective&, const GroupCollective&) = default;
};

enum class OperationKind : std::uint8_t {
  Compute,     // on the NPU's compute stream
  Collective,  // on the network
  Overhead,    // of the training loop itself: takes time, is neither compute nor communication
  Host,        // issuing work beside the compute stream: matters where everything else waits for it
};

using OperationId = std::uint32_t;

struct Operation {
  OperationKind kind = OperationKind::Compute;
  Role role = Role::Other;
  std::uint16_t line = 0;        // index into StepGraph::line_names
  std::uint32_t collective = 0;  // index into StepGraph::collectives, for a collective
  Time duration;  // of compute and overhead; of a collective what it takes besides the wire (latency)
  std::uint32_t first_dependency = 0;  // into StepGraph::dependencies
  std::uint32_t dependencies = 0;
};

// One training step of one NPU as a directed acyclic graph; by symmetry it stands for every NPU. An operation
// starts when all it depends on have ended. Operations stand in topological order, and the order on each
// serial resource (the compute stream, the network of a group) is part of the graph: it does not change with
// bandwidth, which makes the closed-form step time convex in bandwidth.
struct StepGraph {
  std::string name;
  std::vector<Operation> operations;
  std::vector<OperationId> dependencies;
  std::vector<GroupCollective> collectives;  // each different one once
  std::vector<Group> groups;
  std::vector<std::string> line_names;
  // The share of each dimension's bandwidth that collectives reach; empty: all of it.
  std::vector<double> wire_efficiency;
  std::vector<double> npu_share;  // of the NPUs that are in groups of each set; empty: all are alike

  // What part of all NPUs runs a collective of the group.
  [[nodiscard]] double share_of(const Group& group) const {
    return npu_share.empty() ? 1.0 : npu_share[static_cast<std::size_t>(group.set)];
  }
  [[nodiscard]] std::span<const OperationId> dependencies_of(const Operation& operation) const {
    return std::span(dependencies).subspan(operation.first_dependency, operation.dependencies);
  }
};

// Appends operations to a graph. Each returns the id of the new operation, or the dependencies merged into
// nothing when there is nothing to do.
class StepGraphBuilder {
 public:
  StepGraphBuilder(std::string name, std::vector<Group> groups, std::vector<std::string> line_names);

  // What an operation is and which line it belongs to.
  struct Label {
    Role role = Role::Other;
    std::uint16_t line = 0;
  };

  OperationId compute(Label label, Time duration, std::span<const OperationId> after);
  OperationId overhead(Label label, Time duration, std::span<const OperationId> after);
  OperationId collective(Label label, const GroupCollective& call, std::span<const OperationId> after);

  [[nodiscard]] const Group& group(std::uint32_t index) const { return graph_.groups[index]; }
  StepGraph finish() && { return std::move(graph_); }

 private:
  OperationId append(Operation operation, std::span<const OperationId> after);

  StepGraph graph_;
};

// A step that is one collective over the whole network and nothing else.
StepGraph lone_collective(const Network& network, const Collective& collective);

}  // namespace bandwright
