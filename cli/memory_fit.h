#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "training/estimate.h"

namespace bandwright {

// Whether a real model's job fits into its NPUs' memory, for everyone who asks how fast it is.

// "fits into 80 GiB", or "does not fit into 80 GiB; ..." with what would help.
std::string fit_text(const MemoryFit& fit);
// The same behind what the job needs, where no table says it.
std::string need_text(const MemoryFit& fit);

// memory_gib, memory_capacity_gib, fits and would_fit_with.
nlohmann::ordered_json fit_json(const MemoryFit& fit);

}  // namespace bandwright
