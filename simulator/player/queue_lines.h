#pragma once
#include <cstdint>
#include <vector>

#include "simulator/player/seats.h"
#include "simulator/scenario.h"
#include "simulator/transport/invariant_divisor.h"

namespace bandwright {

// The lines of a logical dimension (scenario.h): every NPU is on one of them, and lines of all logical
// dimensions are numbered through.
struct QueueLines {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t stride = 1;
  std::uint32_t npus = 0;  // of a line
  InvariantDivisor by_stride = InvariantDivisor(1);
  InvariantDivisor by_block = InvariantDivisor(1);  // of stride x npus

  QueueLines(const GroupDimension& part, std::int64_t npus, std::uint32_t first);

  // The line of an NPU, from the first on.
  [[nodiscard]] std::uint32_t of(std::uint32_t npu) const {
    return by_block.quotient(npu) * stride + npu - by_stride.quotient(npu) * stride;
  }
  // The line of that number, from the first on.
  [[nodiscard]] SeatLine line(std::uint32_t number, int dimension) const;
};

// From an NPU of a line to the next, by how many the line in the other dimension grows; 0 where that differs.
std::uint32_t lines_apart(const QueueLines& lines, const QueueLines& others);

// Chunks of a collective that begin with the same logical dimension: an NPU comes to all of them when it
// joins, so that they count NPUs together.
struct Entrance {
  std::uint32_t queue = 0;
  std::vector<std::uint32_t> jobs;  // the first of each chunk, from the first of the collective on
};
std::vector<Entrance> entrances_of(const CommunicationPlan::Call& call);

// Chunks that end with the same one: they leave a line together.
struct Exit {
  std::uint32_t queue = 0;
  std::uint32_t chunks = 0;
  std::uint32_t first = 0;  // of its lines among those of all exits
};
std::vector<Exit> exits_of(const CommunicationPlan::Call& call, const std::vector<QueueLines>& lines);

}  // namespace bandwright
