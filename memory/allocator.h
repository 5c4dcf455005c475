#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "core/units.h"

namespace bandwright {

// Addresses 0 to `size` handed out in whole pages: the smallest free block that is large enough, the lowest
// of equal ones; what is freed joins free neighbours.
class BestFitAllocator {
 public:
  explicit BestFitAllocator(Bytes size);

  // The offset of a block, or nothing when none is large enough. A block of 0 bytes takes no room.
  std::optional<Bytes> allocate(Bytes size);
  // REQUIRES a block that allocate() returned, with the size it was asked for.
  void free(Bytes offset, Bytes size);

 private:
  std::map<std::int64_t, std::int64_t> free_;  // offset to size; no two blocks touch
};

}  // namespace bandwright
