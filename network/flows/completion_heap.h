#pragma once
#include <cstdint>
#include <vector>

namespace bandwright {

// Flows by the time at which they end, the earliest first. A flow is in it once and moves when its time
// changes: an indexed heap of four children per node. Among equal times the lower flow comes first.
class CompletionHeap {
 public:
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::int64_t first_time() const { return entries_[0].time; }
  [[nodiscard]] std::uint32_t first() const { return entries_[0].flow; }

  // Puts the flow in, or moves it.
  void set(std::uint32_t flow, std::int64_t time) {
    if (places_.size() <= flow) places_.resize(flow + 1, none);
    std::uint32_t place = places_[flow];
    if (place == none) {
      place = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back({time, flow});
      return rise(place, {time, flow});
    }
    const bool earlier = time < entries_[place].time;
    if (earlier) {
      rise(place, {time, flow});
    } else {
      sink(place, {time, flow});
    }
  }

  // REQUIRES that the flow is in it.
  void erase(std::uint32_t flow) {
    const std::uint32_t place = places_[flow];
    places_[flow] = none;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (last.flow == flow) return;
    if (place > 0 && before(last, entries_[(place - 1) / 4])) {
      rise(place, last);
    } else {
      sink(place, last);
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Entry {
    std::int64_t time;
    std::uint32_t flow;
  };
  static bool before(const Entry& a, const Entry& b) {
    return a.time != b.time ? a.time < b.time : a.flow < b.flow;
  }
  void put(std::uint32_t place, const Entry& entry) {
    entries_[place] = entry;
    places_[entry.flow] = place;
  }
  void rise(std::uint32_t place, const Entry& entry) {
    while (place > 0) {
      const std::uint32_t parent = (place - 1) / 4;
      if (!before(entry, entries_[parent])) break;
      put(place, entries_[parent]);
      place = parent;
    }
    put(place, entry);
  }
  void sink(std::uint32_t place, const Entry& entry) {
    const auto size = static_cast<std::uint32_t>(entries_.size());
    for (;;) {
      const std::uint32_t child = 4 * place + 1;
      if (child >= size) break;
      std::uint32_t least = child;
      const std::uint32_t end = child + 4 < size ? child + 4 : size;
      for (std::uint32_t other = child + 1; other < end; ++other) {
        if (before(entries_[other], entries_[least])) least = other;
      }
      if (!before(entries_[least], entry)) break;
      put(place, entries_[least]);
      place = least;
    }
    put(place, entry);
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> places_;  // by flow
};

}  // namespace bandwright
