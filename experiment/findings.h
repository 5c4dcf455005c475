#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiment/store.h"

namespace bandwright {

// What an experiment's results say in few numbers. Each is computed per view (a way of looking at a step) and
// source of allocations (optimized, or a table of shares), over the points whose allocation was made for the
// very model that is trained.
struct Aggregates {
  std::string view;
  std::string source;
  int points = 0;             // with PerfOptBW
  double mean_speedup = 0.0;  // of PerfOptBW over EqualBW of the same network and budget
  double largest_speedup = 0.0;
  double mean_perf_per_cost = 0.0;  // of PerfPerCostOptBW, likewise
};
std::vector<Aggregates> aggregates(const std::vector<Result>& results);

// Each row with PerfOptBW, and the row with EqualBW that differs in nothing else that was asked. They live as
// long as the results.
std::vector<std::pair<const Row*, const Row*>> optima(const std::vector<Result>& results);

// A model trained on a network that was made for another: step time over that on its own network.
struct Slowdown {
  std::string view;
  std::string source;
  std::string network;
  std::string model;
  std::string target;  // several names joined by + for GroupOptBW
  double budget_gb_per_s = 0.0;
  double factor = 1.0;
};
// The largest of each view and source; of GroupOptBW when `group`, of PerfOptBW else.
std::vector<Slowdown> worst_slowdowns(const std::vector<Result>& results, bool group);

// Where PerfOptBW, made for the very model, is slower than EqualBW: the largest factor of each view and
// source that has such points. Shares made for a network of switches do that on real wiring.
std::vector<Slowdown> backfires(const std::vector<Result>& results);

// What is lost with a table's PerfPerCostOptBW: its step time x cost over that of the optimized allocation,
// minus 1, over the budgets of one network and model in one view.
struct TableLoss {
  std::string view;
  std::string source;
  std::string network;
  std::string model;
  double mean = 0.0;
  double largest = 0.0;
};
std::vector<TableLoss> table_losses(const std::vector<Result>& results);

// The largest difference in step time, relative, between two views of equal allocations (equal up to 1e-9);
// nothing when no point is in both.
std::optional<double> largest_difference(const std::vector<Result>& results, const std::string& view,
                                         const std::string& other);

}  // namespace bandwright
