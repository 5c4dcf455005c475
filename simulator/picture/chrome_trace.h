#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "simulator/picture/pipeline_picture.h"
#include "simulator/timeline.h"

namespace bandwright {

// What a timeline of one NPU does not say by itself.
struct TraceContext {
  Pipeline pipeline;              // of one stage: none
  double activation_bytes = 0.0;  // of the stage that holds most micro-batches, at its fullest moment
  double other_bytes = 0.0;       // of memory, the whole step
  // The algorithm of a phase on a logical dimension; none: nothing is said of it.
  std::function<std::string_view(const LogicalDimension& where, CollectiveKind phase)> algorithm = {};
};

// The timeline in the Chrome trace event format, which ui.perfetto.dev opens, an event per line. Processes:
//
//   compute            the NPU's compute stream, as played
//   pipeline bubble    what other stages do meanwhile
//   collectives        a track for each group
//   network            one for each logical dimension, on which chunks nest in their collective; and the GB/s
//                      that the NPU sends on it, as a counter
//   pipeline stages    each stage's passes, all alike, in the time that they took in the step, with arrows to
//                      the stages that take them over; and the memory of the first stage, as a counter
//
// What overlaps on a track goes to another of the same name. Every slice has a category and arguments (layer,
// micro-batch, bytes, GB/s, algorithm). Times are whole ns, written in us as the format asks, so that slices
// that nest in time nest as written. Source: "Trace Event Format", Google, 2016.
std::string chrome_trace(const Timeline& timeline, const Step& graph, const TraceContext& context = {});

}  // namespace bandwright
