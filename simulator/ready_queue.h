#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/units.h"

namespace bandwright {

// Chunks that wait for one logical dimension, the next to serve first: of the collective of the highest rank,
// the smallest, the first that came. Chunks of one rank and size leave as they come, so that each such lane
// is a list of its own; there are as many lanes as collectives wait, few.
class ReadyQueue {
 public:
  struct Entry {
    int rank = 0;  // of the collective: larger first
    Time size;     // smaller first; equal where the order is by arrival
    std::uint32_t chunk = 0;
  };

  [[nodiscard]] bool empty() const { return lanes_.empty(); }
  // All that wait, the next to serve first.
  [[nodiscard]] std::vector<Entry> sorted() const {
    std::vector<Entry> entries;
    for (std::size_t i = lanes_.size(); i-- > 0;) {
      const Lane& lane = lanes_[i];
      for (std::size_t k = lane.head; k < lane.chunks.size(); ++k)
        entries.push_back({lane.rank, lane.size, lane.chunks[k]});
    }
    return entries;
  }

  void push(int rank, Time size, std::uint32_t chunk) {
    auto lane = lanes_.end();
    if (lanes_.empty() || !(lane - 1)->holds(rank, size)) {
      lane = std::partition_point(lanes_.begin(), lanes_.end(),
                                  [&](const Lane& each) { return each.after(rank, size); });
      if (lane == lanes_.end() || !lane->holds(rank, size))
        lane = lanes_.insert(lane, Lane{rank, size, 0, std::exchange(spare_, {})});
    } else {
      --lane;
    }
    lane->chunks.push_back(chunk);
  }

  // The chunk to serve next, taken out. REQUIRES !empty().
  std::uint32_t pop() {
    Lane& lane = lanes_.back();
    const std::uint32_t chunk = lane.chunks[lane.head++];
    constexpr std::size_t worth_it = 64;
    if (lane.head == lane.chunks.size()) {
      spare_ = std::move(lane.chunks);
      spare_.clear();
      lanes_.pop_back();
    } else if (lane.head >= worth_it && 2 * lane.head >= lane.chunks.size()) {
      lane.chunks.erase(lane.chunks.begin(), lane.chunks.begin() + static_cast<std::ptrdiff_t>(lane.head));
      lane.head = 0;
    }
    return chunk;
  }

 private:
  struct Lane {
    int rank = 0;
    Time size;
    std::size_t head = 0;  // of the chunks, the next
    std::vector<std::uint32_t> chunks;

    [[nodiscard]] bool holds(int other_rank, Time other_size) const {
      return rank == other_rank && size == other_size;
    }
    // Whether it is served after such chunks.
    [[nodiscard]] bool after(int other_rank, Time other_size) const {
      return rank != other_rank ? rank < other_rank : size > other_size;
    }
  };

  std::vector<Lane> lanes_;           // the last is served next
  std::vector<std::uint32_t> spare_;  // memory of a lane that is empty
};

}  // namespace bandwright
