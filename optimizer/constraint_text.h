#pragma once
#include <span>
#include <string_view>

#include "optimizer/problem.h"

namespace bandwright {

// Linear constraints as people write them, in the form of the LIBRA paper (ISPASS 2024, section V):
//
//   b1 >= b2      b3 + b4 = 200      b1 <= 0.7 TB/s      2 b1 - b2 <= 10 GB/s      cost <= $15M
//
// b1 ... bN are the bandwidths per NPU of the dimensions, innermost first; `total` is their sum and `cost`
// what they cost. A plain number is in GB/s. < and > mean <= and >=.
//
// `prices` are the dollars per GB/s of each dimension; empty when unknown. The constraint is named by its
// text. Throws InputError that quotes the text and says what is wrong with it.
Constraint parse_constraint(std::string_view text, int dimensions, std::span<const double> prices);

}  // namespace bandwright
