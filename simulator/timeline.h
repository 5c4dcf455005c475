#pragma once
#include <cstdint>
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
  struct Sent {  // what a phase of one chunk sends on average
    std::uint32_t queue = 0;
    CollectiveKind kind = CollectiveKind::AllReduce;
    double bytes = 0.0;
  };
  std::vector<LogicalDimension> queues;
  std::vector<Span> operations;
  std::vector<Chunk> chunks;
  std::vector<std::vector<std::vector<Sent>>> sent;  // by collective of the step and by chunk

  // Of a chunk; 0 where it is not known.
  [[nodiscard]] double bytes_of(const Step& graph, const Chunk& chunk) const;
};

// What the phases of a plan's collectives send, for Timeline::sent.
std::vector<std::vector<std::vector<Timeline::Sent>>> sent_by(const CommunicationPlan& plan);

}  // namespace bandwright
