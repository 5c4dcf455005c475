#pragma once
#include "topology/dimension_kind.h"

namespace bandwright {

// A link between every two NPUs: each NPU's bandwidth is divided over n-1 links, and a message has the one
// that leads to its destination. Link from * n + to; those with from == to are unused.
DimensionKind fully_connected_kind();

}  // namespace bandwright
