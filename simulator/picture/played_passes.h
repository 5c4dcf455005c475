#pragma once
#include <cstdint>
#include <vector>

#include "simulator/picture/pipeline_picture.h"
#include "simulator/timeline.h"

namespace bandwright {

// On which micro-batch the stage that was played works when, and how long all of them take there each way.
struct PlayedPasses {
  std::vector<std::int64_t> micro_batch;  // by place in the spans
  Time forward;
  Time backward;
  Time end;  // of the last pass, of another stage where those are the last
};

// A pass back that is followed by one forward ends a chunk's micro-batch. REQUIRES spans in the order of
// their starts.
PlayedPasses played_passes(const std::vector<Timeline::Span>& spans, const Step& graph,
                           const Pipeline& pipeline);

}  // namespace bandwright
