#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "memory/addresses.h"
#include "memory/graph.h"
#include "memory/programs/schedule.h"
#include "memory/replay.h"
#include "memory/tiers.h"

namespace bandwright {

// Where each tensor of a training step should live, with at most `fast_limit` bytes of the graph's tensors in
// fast memory at any kernel.
struct PlacementProblem {
  TrainingGraph graph;
  TierPair tiers;
  Bytes fast_limit;
};

struct PlacementSummary;

struct PlacementOptions {
  double gap = 1e-4;                 // relative, of a program's solution
  double time_limit_seconds = 60.0;  // of a policy; a program gives its best so far
  std::optional<int> window;         // asynchronous copies: kernels around a user; 15, fewer on large graphs
  std::stop_token stop;              // a program gives its best so far
  // What other policies found for the same problem: a program starts from that of the one with less freedom.
  std::vector<std::shared_ptr<const PlacementSummary>> found;
  std::function<void(std::string_view stage)> on_stage;  // "static", "synchronous" ... as each begins
};

enum class PlacementStatus {
  Optimal,      // within the gap; a policy without a program: its rule was followed
  TimeLimit,    // the best found in time, if any
  Interrupted,  // the best found so far, if any; by the user, or the solver gave up
  Infeasible,   // proved: see `reason`
};
std::string_view status_name(PlacementStatus status);

// A schedule with an address for every stay in fast memory.
struct PlacedSchedule {
  Schedule schedule;
  AddressPlan addresses;
  Replay replay;
  int rounds = 0;  // solved again with tighter limits, because fragments overflowed
};

struct PlacementSummary {
  std::string_view policy;
  PlacementStatus status = PlacementStatus::Infeasible;
  std::string reason;                                   // why none was found
  double ns = std::numeric_limits<double>::infinity();  // the objective
  double bound_ns = 0.0;                                // of this policy, proved
  Bytes to_slow;
  Bytes to_fast;
  Bytes peak_fast;
  Schedule schedule;
  std::optional<Replay> replay;  // of `schedule`; not of the cache model, which has none
  std::optional<PlacedSchedule> placed;
  int binaries = 0;  // size of the program
  int rows = 0;
  int window = 0;  // asynchronous: kernels around a user
  double seconds = 0.0;

  [[nodiscard]] bool found() const { return ns < std::numeric_limits<double>::infinity(); }
  [[nodiscard]] double gap() const;  // (ns - bound_ns) / ns
};

// A placement policy. `run` never throws for a problem that passed check().
struct Policy {
  std::string_view name;
  std::string_view help;
  bool limited = true;  // heeds the fast limit, so that a ratio means something
  PlacementSummary (*run)(const PlacementProblem& problem, const PlacementOptions& options) = nullptr;
};
std::span<const Policy> policies();
const Policy& find_policy(std::string_view name);  // throws InputError naming the choices

// Throws InputError when a kernel does not run within the limit in any of its configurations.
void check(const PlacementProblem& problem);

// Runs a policy, replays its schedule and records the time it took.
PlacementSummary place(const PlacementProblem& problem, const Policy& policy,
                       const PlacementOptions& options);

}  // namespace bandwright
