#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "memory/placement.h"
#include "study/job/job.h"
#include "study/watch.h"

namespace bandwright {

inline constexpr std::string_view sweep_ratios = "1:0,32:1,16:1,8:1,4:1,2:1,1:1,1:2,0:1";

// Where each tensor of a job's step should live, by several policies and sizes of fast memory.
struct PlaceQuestion {
  Job job;              // --fast, --tiers and a model; a transformer on a machine, images with --global-batch
  std::string kernels;  // a CSV of measured kernels, in place of a model
  std::string ratios;   // "8:1,4:1": slow to fast bytes, in place of --fast
  std::string policies = "first-touch,static,synchronous";
  std::optional<double> gap;  // nothing: 1e-4, 1e-3 of a transformer
  double time_limit_seconds = 60.0;
  std::optional<int> window;
  bool one_schedule = false;  // exactly one policy and size are wanted
};

// One policy at one size of fast memory.
struct PlaceRow {
  std::string ratio;  // slow:fast
  Bytes fast_limit;
  PlacementSummary summary;
  double slowdown = 0.0;       // against all-fast; 0 when there is no such time
  Money memory_cost;           // of memory for the graph's peak, in both tiers
  double relative_cost = 0.0;  // of all of it in the fast tier; 0 when that is free
  bool pareto = false;         // no other row is both cheaper and faster
};

struct PlaceReport {
  PlacementProblem problem;  // without a limit
  Bytes peak_live;
  double linear_error = 0.0;  // median, of the linear tier model; of the measured kernels when there are any
  std::vector<PlaceRow> rows;

  // Whether every policy found a schedule that the replay confirms.
  [[nodiscard]] bool answered() const;
};

// Throws InputError.
PlaceReport place(const PlaceQuestion& question, const Watch& watch = {});

}  // namespace bandwright
