#pragma once
#include <cstdint>
#include <vector>

#include "topology/network.h"

namespace bandwright {

// What a message crosses between two NPUs that differ in several dimensions.
enum class Crossing : std::uint8_t {
  Innermost,  // the innermost of them only, as ASTRA-sim 2 has it
  All,        // all of them; the outermost decides
};

// A message on one dimension: from one position along it to another.
struct Hop {
  int dimension = 0;
  std::int64_t stride = 1;  // of the dimension's neighbours, in NPU ids
  int from = 0;
  int to = 0;
};

// The dimensions in which two NPUs differ, innermost first. An NPU's id is its positions in mixed radix, the
// innermost dimension fastest.
std::vector<Hop> hops_between(const Network& network, std::int64_t from, std::int64_t to);

// The one dimension that prices a message between two different NPUs of a ring of members.
Hop deciding_hop(const Network& network, std::int64_t from, std::int64_t to, Crossing crossing);

}  // namespace bandwright
