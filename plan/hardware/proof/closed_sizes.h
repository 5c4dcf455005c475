#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/division_space.h"

namespace bandwright {

// Why a division on networks of the same sizes is not better than what is listed: weights of cuts, each the
// step at bandwidths (plan/hardware/cut_bound.h), and what they prove.
struct ClosedPair {
  struct Cut {
    double weight = 0.0;
    std::vector<double> gb_per_s;
  };
  std::int64_t virtual_stages = 1;
  std::int64_t micro_batch = 1;
  int zero = 0;
  Recomputation recompute = Recomputation::None;
  bool sequence_parallel = false;
  std::string groups;     // their order, "TP,CP,EP,DP,PP"
  std::vector<int> npus;  // of each dimension
  std::string kinds;      // R, F or S for each dimension, or * for all it may be of
  std::vector<Cut> cuts;
  double bound = 0.0;  // of the goal; infinite where no bandwidths are fast enough
};

// What became of all divisions with the same TP, CP, PP and EP.
struct ClosedSizes {
  GroupSizes sizes;
  std::int64_t valid = 0;
  std::int64_t do_not_fit = 0;
  std::int64_t above_bound = 0;  // whatever the network
  std::optional<double> least_bound;
  std::int64_t by_path = 0;       // orders of groups on families that the bound's path excludes
  std::vector<ClosedPair> pairs;  // that it does not
};

// As bytes for other ranks (runner/message.h).
std::string packed(const ClosedSizes& line);
ClosedSizes unpacked_closed_sizes(std::string_view bytes);

}  // namespace bandwright
