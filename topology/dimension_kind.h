#pragma once
#include <span>
#include <string_view>
#include <vector>

namespace bandwright {

// How the NPUs of one dimension are wired. `n` is the number of NPUs along it; positions are 0 .. n-1.
// Bandwidth is always given per NPU and dimension: what one NPU can send into the dimension.
struct DimensionKind {
  std::string_view name;
  std::string_view help;
  // The collective algorithm that loads every link of such a dimension evenly (a name of
  // collective/algorithm.h).
  std::string_view natural_algorithm;

  // Links a message crosses between two different positions.
  int (*hops)(int n, int from, int to);
  // The share of the NPU's bandwidth that one message gets when it travels alone.
  double (*message_share)(int n);
  // The share of the dimension's bandwidth that is between `members` of its NPUs: what the links among them
  // carry.
  double (*group_share)(int n, int members);
  // Directed links of the dimension, numbered from 0, and those a message takes, in order.
  int (*link_count)(int n);
  void (*route)(int n, int from, int to, std::vector<int>& links);

  // What is bought: a cable between two NPUs serves both, a cable to a switch serves one and needs a port.
  bool switched;
};

// Ring, FullyConnected, Switch: the catalogue of kinds.
std::span<const DimensionKind> dimension_kinds();

// The kind called `name`, in any case. Throws InputError naming the choices.
const DimensionKind& dimension_kind(std::string_view name);

}  // namespace bandwright
