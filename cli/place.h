#pragma once
#include <string>

#include "cli/output.h"
#include "study/place.h"

namespace bandwright {

std::string place_text(const PlaceReport& report);
std::string place_json(const PlaceReport& report);
TextTable place_csv(const PlaceReport& report);

// A row's schedule (with addresses if they fit): one line per kernel and copy, in the order they start.
TextTable schedule_csv(const TrainingGraph& graph, const PlacementSummary& summary);
// The same for chrome://tracing or Perfetto; microseconds.
std::string schedule_timeline(const TrainingGraph& graph, const PlacementSummary& summary);

}  // namespace bandwright
