#pragma once
#include <string>
#include <vector>

#include "simulator/scenario.h"

namespace bandwright {

// What happened when, for people to look at.
struct Timeline {
  struct Chunk {  // one phase of one chunk on one logical dimension
    OperationId operation = 0;
    std::uint32_t queue = 0;
    std::uint32_t chunk = 0;
    CollectiveKind kind = CollectiveKind::AllReduce;
    Time start;
    Time end;
  };
  struct Span {  // one operation
    OperationId operation = 0;
    Time start;
    Time end;
  };
  std::vector<LogicalDimension> queues;
  std::vector<Span> operations;
  std::vector<Chunk> chunks;
};

// The timeline in the Chrome trace event format, which Perfetto and chrome://tracing open: a track for the
// compute stream, one for what other pipeline stages do meanwhile (the bubble), one for each group's
// collectives, and one for each logical dimension, on which chunks nest in their collective. What overlaps on
// a track goes to another of the same name. Times are in us. Source: "Trace Event Format", Google, 2016.
std::string chrome_trace(const Timeline& timeline, const Step& graph);

}  // namespace bandwright
