#include "memory/allocator.h"

#include "memory/graph.h"

namespace bandwright {

BestFitAllocator::BestFitAllocator(Bytes size) {
  if (size.value() > 0) free_.emplace(0, size.value());
}

std::optional<Bytes> BestFitAllocator::allocate(Bytes size) {
  const std::int64_t needed = whole_pages(size).value();
  if (needed == 0) return bytes(0);
  auto best = free_.end();
  for (auto block = free_.begin(); block != free_.end(); ++block) {
    if (block->second >= needed && (best == free_.end() || block->second < best->second)) best = block;
  }
  if (best == free_.end()) return std::nullopt;
  const auto [offset, available] = *best;
  free_.erase(best);
  if (available > needed) free_.emplace(offset + needed, available - needed);
  return bytes(offset);
}

void BestFitAllocator::free(Bytes offset, Bytes size) {
  const std::int64_t length = whole_pages(size).value();
  if (length == 0) return;
  auto block = free_.emplace(offset.value(), length).first;
  const auto next = std::next(block);
  if (next != free_.end() && block->first + block->second == next->first) {
    block->second += next->second;
    free_.erase(next);
  }
  if (block == free_.begin()) return;
  const auto previous = std::prev(block);
  if (previous->first + previous->second == block->first) {
    previous->second += block->second;
    free_.erase(block);
  }
}

}  // namespace bandwright
