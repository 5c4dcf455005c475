#pragma once
#include <span>
#include <vector>

#include "simulator/result.h"

namespace bandwright {

// One operation of a step as it happened.
struct OperationSpan {
  OperationKind kind = OperationKind::Compute;
  bool bubble = false;  // of other pipeline stages
  Time start;
  Time end;
  OperationId last = no_operation;  // the dependency that ended last
  std::uint32_t group = 0;          // of a collective
  int dimension = -1;               // its busiest one; -1 when it moved nothing
  static constexpr OperationId no_operation = ~OperationId{0};
};

// Splits the step into compute, bubble and waiting, and the waiting among groups and dimensions: each moment
// without compute is charged to the bubble if other stages work, else to the loop's overhead if that runs,
// else to the collective issued first of those that run and have ended when compute goes on, as a program
// that waits for its collectives in order sees it; one that goes on beside compute is not what held it up.
// Where nothing of these runs, the host is waited for: overhead, or the bubble where it is another stage's.
// `spans` are indexed by operation; result.groups and result.dimensions have their names and sizes already.
// Also fills the critical path, and what each operation is charged: its share of compute, or of the waiting
// for groups.
//
//   compute  ###   ####                    Two collectives A and B, issued in this order: the compute stream
//   A           AAAAAAAAAA                 waits for A until A ends, then for B.
//   B            BBBBBBBBBBBBB
//   waits    ...AAA....AAABBBB
void attribute_waiting(std::span<const OperationSpan> spans, StepResult& result,
                       std::vector<Time>* of_operations = nullptr);

}  // namespace bandwright
