#pragma once
#include <cstdint>
#include <vector>

#include "network/flows/completion_heap.h"

namespace bandwright {

// Lone flows (flow_engine.h) by the time at which they end: batches of those that were given the same end one
// after the other, so that many alike cost one place in a heap. A flow's end does not change while it is in
// it.
class LoneEnds {
 public:
  [[nodiscard]] bool empty() const { return by_end_.empty(); }
  [[nodiscard]] std::int64_t first_time() const { return by_end_.first_time(); }

  // The batch the flow is in then.
  std::uint32_t add(std::uint32_t flow, std::int64_t end) {
    if (open_ == none || batches_[open_].end != end) open(end);
    ++batches_[open_].members;
    batches_[open_].flows.push_back(flow);
    return open_;
  }
  // Later ones begin batches of their own.
  void close() { open_ = none; }

  // One of a batch's flows leaves it; when it would have ended.
  std::int64_t leave(std::uint32_t index) {
    Batch& batch = batches_[index];
    if (--batch.members == 0) {
      by_end_.erase(index);
      unused_.push_back(index);
    }
    return batch.end;
  }

  // Appends the flows of the first batch, which is no more. `is_in(flow, batch)`: it has not left.
  template <class IsIn>
  void take_first(std::vector<std::uint32_t>& ended, IsIn&& is_in) {
    const std::uint32_t index = by_end_.first();
    Batch& batch = batches_[index];
    by_end_.erase(index);
    unused_.push_back(index);
    if (ended.empty() && batch.members == batch.flows.size()) return ended.swap(batch.flows);
    for (const std::uint32_t flow : batch.flows) {
      if (is_in(flow, index)) ended.push_back(flow);
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Batch {
    std::int64_t end = 0;
    std::uint32_t members = 0;  // of the flows, those that have not left
    std::vector<std::uint32_t> flows;
  };

  void open(std::int64_t end) {
    open_ = static_cast<std::uint32_t>(batches_.size());
    if (unused_.empty()) {
      batches_.emplace_back();
    } else {
      open_ = unused_.back();
      unused_.pop_back();
    }
    batches_[open_].end = end;
    batches_[open_].members = 0;
    batches_[open_].flows.clear();
    by_end_.set(open_, end);
  }

  std::vector<Batch> batches_;
  std::vector<std::uint32_t> unused_;
  CompletionHeap by_end_;
  std::uint32_t open_ = none;
};

}  // namespace bandwright
