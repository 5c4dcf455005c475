#pragma once
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace bandwright {

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

// Shares of the budget by network, rule and target, as published somewhere; a file of inputs/allocations:
//
//   name: published
//   shares:
//     - {network: 2D, allocation: PerfOptBW, target: 17B, shares: [0.8758, 0.1242]}
//
// Shares are relative to their sum; `target` is empty where the rule has none.
class ShareTable {
 public:
  // Throws InputError.
  static ShareTable load(const std::filesystem::path& file);

  [[nodiscard]] const std::string& name() const { return name_; }
  // The bandwidths in GB/s that share `budget_gb_per_s`. Throws InputError when the table lacks the row, or
  // it has another number of dimensions.
  [[nodiscard]] std::vector<double> divide(double budget_gb_per_s, std::string_view network, int dimensions,
                                           std::string_view rule, std::string_view target) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // network, rule, target
  std::string name_;
  std::map<Key, std::vector<double>> shares_;  // that add up to 1
};

}  // namespace bandwright
