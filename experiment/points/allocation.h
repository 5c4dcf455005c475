#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// How an experiment divides a bandwidth budget over the dimensions of a network.
enum class Goal {
  Equal,        // the same for every dimension
  Perf,         // the shortest step of one model
  PerfPerCost,  // the smallest step time x network cost of one model
  GroupPerf,    // the smallest sum of the step times of all models
  Given,        // no goal: only a table of shares knows it
  Own,          // nothing to divide: a machine has its bandwidths
};

struct AllocationRule {
  std::string_view name;
  std::string_view help;
  Goal goal;
};
std::span<const AllocationRule> allocation_rules();
const AllocationRule& allocation_rule(std::string_view name);  // throws InputError naming the choices

// Shares of the budget that a rule gives the dimensions of a network, relative to their sum; `target` is
// empty where the rule has none.
struct ShareRow {
  std::string network;
  const AllocationRule* allocation = nullptr;
  std::string target;
  std::vector<double> shares;
};

// Such shares as published somewhere; a file of inputs/allocations:
//
//   name: published
//   shares:
//     - {network: 2D, allocation: PerfOptBW, target: 17B, shares: [0.8758, 0.1242]}
struct ShareTable {
  std::string name;
  std::string help;
  std::vector<ShareRow> rows;  // sorted by network, rule and target

  // The bandwidths in GB/s that share `budget_gb_per_s`. Throws InputError when the table lacks the row, or
  // it has another number of dimensions.
  [[nodiscard]] std::vector<double> divide(double budget_gb_per_s, std::string_view network, int dimensions,
                                           std::string_view rule, std::string_view target) const;
};
const Fields<ShareTable>& share_table_fields();
// Throws InputError.
ShareTable read_share_table(const YamlValue& root);

}  // namespace bandwright
