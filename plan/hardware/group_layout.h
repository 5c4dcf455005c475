#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/hardware/free_hardware.h"
#include "plan/hardware/free_step.h"

namespace bandwright {

// The orders in which groups can be laid over dimensions, alike ones once: those that differ in groups of one
// NPU are the same. Each as Parallelism::placement; the first is the given one.
std::vector<std::vector<std::string>> placements(const Parallelism& p);
// Whether the groups can be laid so: each begins where the one inside it ends.
// Visits the parts of dimensions that the groups have, until one does not fit.
bool for_each_part(const Parallelism& p, const std::vector<int>& npus,
                   const std::function<void(int part)>& visit);
bool lies_over(const Parallelism& p, const std::vector<int>& npus);

// Groups of a division over any shape of a family. REQUIRES that they lie over it.
FreeLayout layout_of(const FreeHardware& hardware, const ShapeFamily& family, const Parallelism& p);
// The same; nothing where they, or parts of them, do not.
std::optional<FreeLayout> try_layout(const FreeHardware& hardware, const ShapeFamily& family,
                                     const Parallelism& p);

}  // namespace bandwright
