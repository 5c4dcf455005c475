#pragma once
#include <string_view>
#include <vector>

#include "memory/graph.h"

namespace bandwright {

// What happens to a tensor while it lives. A copy in slow memory stays valid once made: nothing writes a
// tensor twice. So a tensor leaves fast memory by a WriteBack followed by a Drop, or by a Drop alone when the
// slow copy exists already.
enum class Move {
  Fetch,      // copied to fast memory; the slow copy stays
  WriteBack,  // copied to slow memory; the fast copy stays
  Drop,       // the fast copy is given up
};
std::string_view move_name(Move move);

// A fetch happens before its kernel starts, a write-back or drop after it has ended. An overlapped copy runs
// beside the kernel, holds its fast memory throughout, and ends before the next kernel starts.
struct Action {
  int kernel = 0;
  int tensor = 0;
  Move move = Move::Fetch;
  bool overlapped = false;
  friend bool operator==(const Action&, const Action&) = default;
};

// Where every tensor lies at every kernel.
struct Schedule {
  std::vector<bool> born_fast;  // per tensor: the memory its producer writes it to
  std::vector<Action> actions;  // by kernel; of one tensor in the order they happen
};

// A tensor's stay in fast memory, from the start of kernel `first` to the end of kernel `last`.
struct Residency {
  int tensor = 0;
  int first = 0;
  int last = 0;
  friend bool operator==(const Residency&, const Residency&) = default;
};
std::vector<Residency> residencies(const TrainingGraph& graph, const Schedule& schedule);

}  // namespace bandwright
