#pragma once
#include <optional>

namespace bandwright {

// Bytes of memory that a program can still get on this machine: what the system says is available, within the
// limit of its control group (a container). Nothing where neither is known.
std::optional<double> available_memory();

}  // namespace bandwright
