#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plan/hardware/hardware_search.h"

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

// No network makes a division better than this, or it is one that is listed: of the last one listed, of its
// own place in the list, and of the longest step that is asked for, less the gap of an optimum.
double proved_limit(const HardwareSpace& space, const HardwareSearch& search, const RankedHardwares& found,
                    const Parallelism& p);

// Written against the final answer: the same bytes for any number of threads. Networks are divided by the
// kinds of one dimension after the other (open_dimension()) until weighted cuts close them; of single
// networks near the answer the weights are the optimizer's multipliers. Throws InputError for constraints on
// what is bought, which bounds leave out, and where too many pairs are near the answer.
std::vector<ClosedSizes> prove_hardware(const HardwareSpace& space, const HardwareSearch& search,
                                        const RankedHardwares& found);

// R, F or S for each dimension, or * for several.
// Whether they are the same but for the order of their groups.
bool same_division(const Parallelism& a, const Parallelism& b);
std::string kind_letters(const ShapeFamily& shape);

}  // namespace bandwright
