#pragma once
#include <string>

#include "report/document.h"
#include "study/place.h"

namespace bandwright {

// The answer of `place`.
Document placement_document(const PlaceReport& report, bool timing);

// A row's schedule (with addresses if they fit): one line per kernel and copy, in the order they start.
Document schedule_document(const TrainingGraph& graph, const PlacementSummary& summary);
// The same for chrome://tracing or Perfetto; microseconds.
std::string schedule_timeline(const TrainingGraph& graph, const PlacementSummary& summary);

}  // namespace bandwright
