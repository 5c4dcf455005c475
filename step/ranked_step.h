#pragma once
#include <vector>

#include "step/issue_order.h"
#include "topology/route.h"

namespace bandwright {

// A step whose NPUs do not all do the same, as traces have it: NPU by NPU what runs there and with whom. NPUs
// of one kind run the same operations. What an operation depends on runs on the same NPU; messages and
// collectives tie NPUs together.
//
//   kind 0: NPUs 0, 1    compute -> all-reduce {0, 1} -> send        (to the NPU 2 further)
//   kind 1: NPUs 2, 3                                    receive -> compute -> all-reduce {2, 3}
struct RankedStep {
  static constexpr OperationId nothing = ~OperationId{0};

  struct Kind {
    std::vector<int> npus;  // ascending
    std::vector<OperationId> operations;
  };
  // What an operation has to do with other NPUs.
  struct Tie {
    OperationId receive = nothing;  // of a send: what its message lets go, on the receiver
    std::int64_t distance = 0;      // of a send: receiver's id - sender's, modulo the number of NPUs
    std::uint32_t meeting = 0;      // of a collective: equal for those that take part in it together
    bool receives = false;          // waits for a message too
  };

  Step graph;  // dependencies are of one NPU; in order, its order of issue included
  std::vector<Kind> kinds;
  std::vector<std::uint32_t> kind_of;  // by NPU
  std::vector<Tie> ties;               // by operation
  // NPUs that communicate, ascending, and by group of the graph the team of each NPU of the kind that uses
  // it, in the kind's order.
  std::vector<std::vector<int>> teams;
  std::vector<std::vector<std::uint32_t>> teams_of_group;
  Crossing crossing = Crossing::All;
};

// The lines of a team along one dimension of its group: for a group of one dimension the team itself, else
// the members that differ in that dimension of the network alone. Ascending ids.
std::vector<std::vector<int>> lines_of(const Network& network, const Group& group, std::size_t part,
                                       const std::vector<int>& team);

// The step in the order in which fix_issue_order saw its operations start: `order` holds the operations, and
// each waits for the one before it on its resource.
RankedStep in_order(const RankedStep& step, std::span<const Issue> issues,
                    std::span<const OperationId> order);

// Whether one NPU can stand for all of its kind without changing a time: each message of an operation takes
// as long whichever NPU sends it, and no collective ties NPUs of different kinds.
bool folds_exactly(const RankedStep& step, const Network& network);

}  // namespace bandwright
