#pragma once
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/units.h"

namespace bandwright {

// The future of a simulation: events by time, and by the order they were pushed among equal times.
//
// A radix heap. Time never runs backwards, so an event at time t can be filed under the highest bit in which
// t differs from now: slot 0 holds the events of this very moment in order, slot k those that differ first in
// bit k-1. When slot 0 is used up, the first slot that is not empty holds the nearest events; its earliest
// time becomes now and its events move to lower slots, in order. Equal times always share a slot, so order
// needs no sequence number. An event moves at most 63 times and in practice a few; moves are sequential
// copies. Slots keep their memory: no allocation in steady state.
// Source: Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path problem" (JACM 1990).
template <class Event>
class EventQueue {
  static_assert(std::is_trivially_copyable_v<Event>);

 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Time now() const { return Time(now_); }
  // Whether another event happens at this very moment.
  [[nodiscard]] bool more_now() const { return next_ < slots_[0].size(); }

  // When the next event happens, which does not come closer by that. REQUIRES !empty().
  [[nodiscard]] Time next_time() const {
    if (more_now()) return now();
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    const int nearest = std::countr_zero(occupied_ & ~std::uint64_t{1});
    for (const Entry& entry : slots_[static_cast<std::size_t>(nearest)])
      earliest = entry.time < earliest ? entry.time : earliest;
    return Time(earliest);
  }

  // REQUIRES time >= now(). Throws InputError beyond the clock of 100 days: the one check of every engine.
  void push(Time time, Event event) {
    assert(time.value() >= now_);
    on_clock(time);
    const int slot = slot_of(time.value());
    slots_[static_cast<std::size_t>(slot)].push_back({time.value(), event});
    occupied_ |= std::uint64_t{1} << slot;
    ++size_;
  }

  // Moves now() to the next event and returns it. REQUIRES !empty().
  Event pop() {
    assert(!empty());
    if (!more_now()) advance();
    --size_;
    return slots_[0][next_++].event;
  }

 private:
  struct Entry {
    std::int64_t time;
    Event event;
  };

  [[nodiscard]] int slot_of(std::int64_t time) const {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(time ^ now_)));
  }

  void advance() {
    slots_[0].clear();
    next_ = 0;
    occupied_ &= ~std::uint64_t{1};
    const int nearest = std::countr_zero(occupied_);
    std::vector<Entry>& source = slots_[static_cast<std::size_t>(nearest)];
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    for (const Entry& entry : source) earliest = entry.time < earliest ? entry.time : earliest;
    now_ = earliest;
    for (const Entry& entry : source) {
      const int slot = slot_of(entry.time);
      slots_[static_cast<std::size_t>(slot)].push_back(entry);
      occupied_ |= std::uint64_t{1} << slot;
    }
    source.clear();
    occupied_ &= ~(std::uint64_t{1} << nearest);
  }

  std::array<std::vector<Entry>, 64> slots_;
  std::uint64_t occupied_ = 0;  // bit k: slot k is not empty
  std::size_t next_ = 0;        // into slot 0
  std::size_t size_ = 0;
  std::int64_t now_ = 0;
};

}  // namespace bandwright
