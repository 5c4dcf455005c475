#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cost_model/bill.h"
#include "optimizer/ranges.h"
#include "optimizer/solver.h"
#include "optimizer/steps.h"
#include "simulator/closed_form/closed_form.h"
#include "study/built/graph_design.h"
#include "workload/training_loop.h"

namespace bandwright {

struct TargetInfo {
  Target target;
  std::string_view name;
  std::string_view help;
};
std::span<const TargetInfo> targets();

// The question of an architect: how should a network's dimensions share a budget so that training steps of
// one model, or of a group of models, are fastest (Perf) or cheapest (PerfPerCost)?
//
//   T(b) = sum over models of weight * step time        normalize: weight / the model's equal-split step time
//   Perf: minimise T(b)                                 PerfPerCost: minimise T(b) * cost(b)
//
// Source: the LIBRA paper (ISPASS 2024), sections IV and V; its group objective is the plain sum.
struct Design {
  Network network;                   // whose dimensions share the budget
  std::optional<GraphDesign> built;  // whose classes of links do, in place of these
  Library library;                   // the algorithms of its collectives
  std::vector<Model> models;         // at least one
  std::vector<Step> steps;           // of the models, one each; empty: built by the training loop
  std::vector<double> weights;       // one per model, positive; empty: all 1
  bool normalize = false;
  const TrainingLoop* loop = nullptr;
  LoopOptions loop_options;
  bool own_links = false;  // groups use only the links among their NPUs (topology/group.h)
  PriceList prices;
  Target target = Target::Perf;
  // Per NPU, spent exactly; or dollars for the whole network, spent at most. Within given dollars the best
  // performance is the best performance per cost, so that PerfPerCost is then solved as Perf.
  std::variant<Bandwidth, Money> budget;
  std::vector<std::string> constraints;  // texts of optimizer/constraint_text.h
};

struct DesignOptions {
  Options solver_options;
  const Solver* solver = nullptr;  // nothing: the default
  double step_gb_per_s = 0.0;      // 0: no allocation in steps
  bool ranges = true;              // find how freely each bandwidth may be chosen
  bool play = false;               // play the optimum and the equal split event by event
};

// One way to divide the budget, and what it does.
struct Allocation {
  std::vector<double> gb_per_s;
  std::vector<double> step_ns;  // of each model
  double step_time = 0.0;       // T(b) above, in ns; a plain number when normalised
  double weighted_ns = 0.0;     // the same, never normalised
  std::optional<Money> cost;    // nothing when a price is missing

  // Steps per second for each million dollars; a group's step is `weight` steps of each of its models.
  [[nodiscard]] std::optional<double> perf_per_cost() const;
};

// A group whose own links carry less than the dimension it is given.
struct NarrowGroup {
  std::string name;
  GroupDimension part;  // with the share of those links
};

// A design in the optimizer's terms.
struct BoundDesign {
  Problem problem;
  std::vector<ClosedForm> step_times;  // of each model
  std::vector<double> weights;         // of each model, not normalised
  std::vector<double> equal_split;     // the budget spent on the same bandwidth for each dimension
  std::vector<NarrowGroup> narrow;
  std::vector<ClosedForm> any_routes;  // of a network as it is built: step times that no routes go below
};

// Step times of each model as the event-driven engine plays them, in ns: chunk by chunk, each group on its
// own links, messages between NPUs that are not neighbours passed on.
struct Played {
  std::vector<double> optimum_ns;
  std::vector<double> equal_ns;
};

struct DesignSummary {
  Problem problem;
  Summary solution;  // as the solver returned it; infeasible: nothing else is filled in
  Allocation optimum;
  Allocation equal;  // the baseline; it may violate constraints:
  std::vector<std::string> equal_violates;
  std::vector<StepResult> steps;  // of each model at the optimum
  std::optional<Bill> bill;       // of the optimum
  std::vector<Range> ranges;      // within 1 % of the optimum
  std::optional<SteppedSummary> stepped;
  std::optional<Allocation> in_steps;  // its allocation
  // PerfPerCost of a GB/s budget without further constraints: the optimum's shares at 100 GB/s scaled to this
  // budget, as the LIBRA artifact does for each of its published allocations.
  std::optional<Allocation> scaled;
  std::vector<NarrowGroup> narrow;
  std::optional<Played> played;  // nothing for real models, and for steps that take long to play
  // Of a network as it is built: what no division with any routes goes below, as an objective; and it as it
  // is, whatever it costs.
  std::optional<double> any_routes_bound;
  std::optional<Allocation> as_built;
  double solve_ms = 0.0;  // wall clock, of the solver alone

  [[nodiscard]] double speedup() const { return equal.step_time / optimum.step_time; }
  // How much larger T cost is for `scaled` than at the optimum. REQUIRES scaled.
  [[nodiscard]] double scaling_loss() const;
};

// Throws InputError for numbers out of range, constraints that cannot be read, prices that are needed and
// missing, and models that do not fit the network.
BoundDesign bind_design(const Design& design);
// How many bandwidths a design has.
std::size_t size_of(const Design& design);
Allocation evaluate(const BoundDesign& bound, const std::vector<double>& gb_per_s);

DesignSummary solve(const Design& design, const DesignOptions& options = {});

}  // namespace bandwright
