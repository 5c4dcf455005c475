#include "simulator/player/queue_lines.h"

#include <algorithm>

namespace bandwright {

QueueLines::QueueLines(const GroupDimension& part, std::int64_t all_npus, std::uint32_t first_line)
    : first(first_line),
      count(static_cast<std::uint32_t>(all_npus / part.npus)),
      stride(static_cast<std::uint32_t>(part.stride)),
      npus(static_cast<std::uint32_t>(part.npus)),
      by_stride(stride),
      by_block(stride * npus) {}

SeatLine QueueLines::line(std::uint32_t number, int dimension) const {
  const std::int64_t block = number / stride;
  return {.first = block * stride * npus + number % stride,
          .stride = stride,
          .npus = static_cast<int>(npus),
          .dimension = dimension};
}

// NPUs of a line that are all inside one block of the other's lines, or a whole number of such blocks apart.
std::uint32_t lines_apart(const QueueLines& lines, const QueueLines& others) {
  if (others.stride % (lines.stride * lines.npus) == 0) return lines.stride;
  const std::uint32_t block = others.stride * others.npus;
  return lines.stride % block == 0 ? lines.stride / block * others.stride : 0;
}

std::vector<Entrance> entrances_of(const CommunicationPlan::Call& call) {
  std::vector<Entrance> entrances;
  std::uint32_t job = 0;
  for (const std::uint32_t index : call.plan.plan_of_chunk) {
    const ChunkPlan& plan = call.plan.plans[index];
    if (plan.empty()) continue;
    const std::uint32_t queue = call.queues[plan.front().part];
    const auto known = std::find_if(entrances.begin(), entrances.end(),
                                    [&](const Entrance& each) { return each.queue == queue; });
    if (known == entrances.end()) {
      entrances.push_back({queue, {job}});
    } else {
      known->jobs.push_back(job);
    }
    job += static_cast<std::uint32_t>(plan.size());
  }
  return entrances;
}

std::vector<Exit> exits_of(const CommunicationPlan::Call& call, const std::vector<QueueLines>& lines) {
  std::vector<Exit> exits;
  std::uint32_t first = 0;
  for (const std::uint32_t index : call.plan.plan_of_chunk) {
    const ChunkPlan& plan = call.plan.plans[index];
    if (plan.empty()) continue;
    const std::uint32_t queue = call.queues[plan.back().part];
    const auto known =
        std::find_if(exits.begin(), exits.end(), [&](const Exit& each) { return each.queue == queue; });
    if (known != exits.end()) {
      ++known->chunks;
      continue;
    }
    exits.push_back({queue, 1, first});
    first += lines[queue].count;
  }
  return exits;
}

}  // namespace bandwright
