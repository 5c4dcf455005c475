#pragma once
#include "formats/chakra/trace_set.h"

namespace bandwright {

// Splits classes until all NPUs of a class communicate with NPUs of the same classes (colour refinement), so
// that one can stand for all. REQUIRES that a class's NPUs have the same nodes.
//
//   NPU 0 sends to 1, 2 sends to 3, and 1 and 3 go on differently: 0 and 2 are no longer of one class.
void split_by_partners(TraceSet& set);

}  // namespace bandwright
