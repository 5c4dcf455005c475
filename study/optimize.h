#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "study/design.h"
#include "study/job/bandwidths.h"
#include "study/job/job.h"
#include "study/job/offload.h"
#include "study/watch.h"
#include "training/estimate.h"

namespace bandwright {

// With which bandwidths are one job's steps, or those of a group on the same network, fastest or cheapest?
struct OptimizeQuestion {
  std::vector<Job> jobs;  // at least one
  Budget budget = Bandwidth();
  Target target = Target::Perf;
  std::vector<double> weights;  // one per job; empty: all 1
  bool normalize = false;
  std::vector<std::string> constraints;
  const Solver* solver = nullptr;                        // nothing: the default
  double step_gb_per_s = 0.0;                            // 0: no allocation in steps
  RoutingOptions routing = {.routing = Routing::Spray};  // over a network as it is built
};

// What stands in a loop's place of a real model and of a lone collective, which have none.
constexpr std::string_view step_without_loop = "training step";

// Whether a transformer of the group fits into its NPUs' memory.
struct NamedFit {
  std::string model;
  MemoryFit fit;
};

// A solved design with the words it was asked in.
struct DesignAnswer {
  Design design;
  std::string machine;  // of real models; "" on a bare network
  std::string solver;
  double step_gb_per_s = 0.0;        // 0: no allocation in steps
  std::string holds_for;             // what the proof takes as given; "" without
  std::vector<NamedFit> memory;      // of each transformer
  std::vector<Offload> offloads;     // of each with --tiers
  std::vector<std::string> ignored;  // what files say and nothing here uses
  std::vector<std::string> notes;    // what to know of the steps
  DesignSummary summary;             // infeasible: the reason is its conflict
};

// The design, not solved yet. Throws InputError.
DesignAnswer design_of(const OptimizeQuestion& question, const Watch& watch = {});
// Solves it; stops early, with the best so far, when `watch` says so.
void solve_design(DesignAnswer& answer, const OptimizeQuestion& question, const Watch& watch = {},
                  const std::function<void(const Iteration&)>& on_iteration = {});
DesignAnswer optimize(const OptimizeQuestion& question, const Watch& watch = {});

// One job for each of its models: "17B,175B" are two.
std::vector<Job> members_of(const Job& job);

}  // namespace bandwright
