#pragma once
#include <string>
#include <vector>

#include "plan/hardware/hardware_search.h"
#include "plan/hardware/proof/closed_sizes.h"

namespace bandwright {

// No network makes a division better than this, or it is one that is listed: of the last one listed, of its
// own place in the list, and of the longest step that is asked for, less the gap of an optimum.
double proved_limit(const HardwareSpace& space, const HardwareSearch& search, const RankedHardwares& found,
                    const Parallelism& p);

// Written against the final answer: the same for any number of threads and ranks (at each of them). Networks
// are divided by the kinds of one dimension after the other (open_dimension()) until weighted cuts close
// them; of single networks near the answer the weights are the optimizer's multipliers. Throws InputError for
// constraints on what is bought, which bounds leave out, and where too many pairs are near the answer;
// Stopped where the search was asked to stop.
std::vector<ClosedSizes> prove_hardware(const HardwareSpace& space, const HardwareSearch& search,
                                        const RankedHardwares& found);

// Whether they are the same but for the order of their groups.
bool same_division(const Parallelism& a, const Parallelism& b);
// R, F or S for each dimension, or * for several.
std::string kind_letters(const ShapeFamily& shape);

}  // namespace bandwright
