#pragma once
#include "topology/dimension_kind.h"

namespace bandwright {

// One non-blocking switch; each NPU has a link up to it (link i) and one down from it (link n + i).
// A message is two hops.
DimensionKind switch_kind();

}  // namespace bandwright
