#pragma once
#include <cstdint>
#include <limits>
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

// A collective over one of the step's groups.
struct GroupCollective {
  Collective collective;
  std::uint32_t group = 0;  // index into Step::groups
  friend bool operator==(const GroupCollective&, const GroupCollective&) = default;
};

enum class OperationKind : std::uint8_t {
  Compute,     // on the NPU's compute stream
  Collective,  // on the network
  Overhead,    // of the training loop itself: takes time, is neither compute nor communication
  Host,        // issuing work beside the compute stream: matters where everything else waits for it
};

// What an operation is and which line it belongs to.
struct Label {
  Role role = Role::Other;
  std::uint16_t line = 0;  // index into Step::line_names
};

using OperationId = std::uint32_t;
constexpr OperationId no_operation = ~OperationId{0};

struct Operation {
  OperationKind kind = OperationKind::Compute;
  Role role = Role::Other;
  std::uint16_t line = 0;        // index into Step::line_names
  std::uint32_t collective = 0;  // index into Step::collectives, for a collective
  Time duration;  // of compute and overhead; of a collective what it takes besides the wire (latency)
  std::uint32_t first_dependency = 0;  // into Step::dependencies
  std::uint32_t dependencies = 0;
  bool blocks = false;  // a collective's: the compute stream stands still until it has ended
};

// Operations that are repeated: all of [first, end), `times` times, one round after the other.
struct StepBlock {
  OperationId first = 0;
  OperationId end = 0;
  std::uint32_t times = 1;  // at least 1
  std::uint32_t inner = 0;  // blocks inside this one, which follow it in Step::blocks
};

// One training step of one NPU; by symmetry it stands for every NPU. Operations are written once, in the
// order in which they are issued, and repetition is structure: the layers of a model and the micro-batches of
// a pipeline are blocks in blocks. A step without blocks is a directed acyclic graph as it is.
//
//   repeat 3 { forward, all-reduce }  optimizer
//
//   operations     0 forward      1 all-reduce   2 optimizer         blocks  [0, 2) x 3
//   dependencies   0 <- 1         1 <- 0         2 <- 1
//
//   executed       F  A  F  A  F  A  O
//   waits for         F  A  F  A  F  A
//
// An operation starts when all it depends on have ended. A dependency means *the last execution* of the
// operation it names before this one: of this round where that operation stands before in the block, of the
// round before where it stands behind or is the operation itself, of the last round where its block is over;
// nothing where it has not been executed yet. So a value that enters a loop and is renewed by each round is
// two dependencies, on who wrote it before the loop and on who renews it; the later one counts.
//
// Operations that hold the compute stream (compute, overhead, collectives that block) wait for each other,
// the next for the last, directly or not, in the order in which they are executed.
//
// The order on each serial resource (the compute stream, the network of a group) is part of the dependencies:
// it does not change with bandwidth, which makes the step time a maximum of sums and convex. step/cursor.h
// walks a step execution by execution, step/stream_builder.h writes one down from what runs on which stream.
struct Step {
  std::string name;
  std::vector<Operation> operations;
  std::vector<OperationId> dependencies;
  std::vector<StepBlock> blocks;  // by first operation, outer before inner; they nest or are disjoint
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

// How often each operation is executed.
std::vector<double> executions(const Step& step);
// Multiplies the counts of operations in blocks by the blocks' rounds.
void count_rounds(std::span<const StepBlock> blocks, std::span<double> counts);

// The step written out, without blocks. Throws InputError when it would exceed `limit` operations. `origin`
// gets the operation each comes from. For pictures and tests: evaluators and engines walk blocks as they are.
Step expand(const Step& step, std::size_t limit = 50'000'000, std::vector<OperationId>* origin = nullptr);

// Appends operations to a step without blocks. Each returns the id of the new operation.
class StepBuilder {
 public:
  StepBuilder(std::string name, std::vector<Group> groups, std::vector<std::string> line_names);

  OperationId compute(Label label, Time duration, std::span<const OperationId> after);
  OperationId overhead(Label label, Time duration, std::span<const OperationId> after);
  OperationId collective(Label label, const GroupCollective& call, std::span<const OperationId> after);

  [[nodiscard]] const Group& group(std::uint32_t index) const { return step_.groups[index]; }
  Step finish() && { return std::move(step_); }

 private:
  OperationId append(Operation operation, std::span<const OperationId> after);

  Step step_;
};

// A step that is one collective over the whole network and nothing else.
Step lone_collective(const Network& network, const Collective& collective);

}  // namespace bandwright
