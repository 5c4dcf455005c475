#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace bandwright {

// A dimension as a figure says it.
struct DimensionWords {
  std::string name;             // "Ring(8)"
  double limit_gb_per_s = 0.0;  // what links of its class reach today (inputs/link_limits.csv)
};

// Of a network of `count` dimensions, the innermost first: as its file says where it is an input or a
// shorthand, else numbers and the usual classes. `network` may have more behind a comma: "2D, dear".
std::vector<DimensionWords> dimension_words(const std::string& network, std::size_t count);

}  // namespace bandwright
