#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/units.h"

namespace bandwright {

// Chunks that wait for one logical dimension, the next to serve first. A binary heap: chunks of one
// collective arrive in order and leave in order, so both operations touch little of it.
class ReadyQueue {
 public:
  struct Entry {
    int rank = 0;               // of the collective: larger first
    Time size;                  // smaller first; equal where the order is by arrival
    std::uint32_t arrival = 0;  // earlier first
    std::uint32_t chunk = 0;

    [[nodiscard]] bool before(const Entry& other) const {
      if (rank != other.rank) return rank > other.rank;
      if (size != other.size) return size < other.size;
      return arrival < other.arrival;
    }
  };

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  // All that wait, the next to serve first.
  [[nodiscard]] std::vector<Entry> sorted() const {
    std::vector<Entry> entries = heap_;
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.before(b); });
    return entries;
  }

  void push(int rank, Time size, std::uint32_t chunk) {
    heap_.push_back({rank, size, arrivals_++, chunk});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  // The chunk to serve next, taken out. REQUIRES !empty().
  std::uint32_t pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const std::uint32_t chunk = heap_.back().chunk;
    heap_.pop_back();
    if (heap_.empty()) arrivals_ = 0;
    return chunk;
  }

 private:
  static bool later(const Entry& a, const Entry& b) { return b.before(a); }

  std::vector<Entry> heap_;
  std::uint32_t arrivals_ = 0;
};

}  // namespace bandwright
