#pragma once
#include <string>
#include <vector>

#include "memory/placement.h"
#include "report/document.h"

namespace bandwright {

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
};

// The answer of `place`.
Document placement_document(const PlaceReport& report, bool timing);

// A row's schedule (with addresses if they fit): one line per kernel and copy, in the order they start.
Document schedule_document(const TrainingGraph& graph, const PlacementSummary& summary);
// The same for chrome://tracing or Perfetto; microseconds.
std::string schedule_timeline(const TrainingGraph& graph, const PlacementSummary& summary);

}  // namespace bandwright
