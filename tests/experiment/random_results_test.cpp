// Random results: cells and options there and back, findings counted again from their definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "core/error.h"
#include "core/stopping.h"
#include "experiment/findings.h"
#include "experiment/packed_results.h"
#include "experiment/points/row.h"

namespace bandwright {
namespace {

class RandomResults {
 public:
  explicit RandomResults(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool coin() { return below(2) == 0; }
  double number() {
    return std::exp(static_cast<double>(below(200)) - 100.0) * (1.0 + static_cast<double>(below(9)) / 7.0);
  }

  // Any text that a column may hold.
  Row any_row() {
    Row row;
    for (const Column& column : columns()) {
      std::visit([&](auto field) { fill(row.*field); }, column.field);
    }
    return row;
  }

  // A sweep of two views, networks and models and three budgets: some rows are missing, some are not ok.
  std::vector<Result> sweep() {
    std::vector<Result> results;
    const auto add = [&](const Row& asked, const char* allocation, const char* source,
                         const std::string& target) {
      if (below(8) == 0) return;
      Row row = asked;
      row.allocation = allocation;
      row.source = source;
      row.target = target;
      row.status = below(10) == 0 ? "infeasible" : "ok";
      if (row.status == "ok") {
        row.step_time_s = 1.0 + static_cast<double>(below(100)) / 50.0;
        row.cost_usd = 10.0 + static_cast<double>(below(100));
      }
      results.push_back({row, {}});
    };
    for (const char* view : {"a", "b"}) {
      for (const char* network : {"N1", "N2"}) {
        for (const char* model : {"M1", "M2"}) {
          for (const double budget : {100.0, 300.0, 500.0}) {
            const Row asked{.view = view, .network = network, .model = model, .budget_gb_per_s = budget};
            add(asked, "EqualBW", "equal", "");
            for (const char* source : {"optimized", "table"}) {
              for (const char* target : {"M1", "M2"}) {
                add(asked, "PerfOptBW", source, target);
                add(asked, "PerfPerCostOptBW", source, target);
              }
            }
          }
        }
      }
    }
    return results;
  }

 private:
  void fill(std::string& text) {
    static const std::string letters = "abc-_=;, .0\"";
    for (std::size_t i = below(9); i > 0; --i) text += letters[below(letters.size())];
  }
  void fill(std::int64_t& whole) { whole = static_cast<std::int64_t>(below(std::size_t{1} << 40)); }
  void fill(double& value) { value = number(); }
  void fill(std::optional<double>& value) {
    if (coin()) value = number();
  }
  void fill(std::vector<double>& values) {
    for (std::size_t i = below(5); i > 0; --i) values.push_back(number());
  }

  std::mt19937_64 random_;
};

TEST(RandomResults, TravelToAnotherRankUnchanged) {
  RandomResults random(7);
  std::vector<Result> results;
  for (int i = 0; i < 200; ++i) {
    Result& result = results.emplace_back(Result{.row = random.any_row()});
    const std::size_t length = random.below(4);
    for (std::size_t k = 0; k < length; ++k) {
      result.trace.push_back({.number = static_cast<int>(k) + 1, .objective = random.number()});
    }
  }
  const std::vector<Result> travelled = unpacked(packed(results));
  ASSERT_EQ(travelled.size(), results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(travelled[i].row, results[i].row) << i;
    ASSERT_EQ(travelled[i].trace.size(), results[i].trace.size());
    for (std::size_t k = 0; k < results[i].trace.size(); ++k) {
      EXPECT_EQ(travelled[i].trace[k].objective, results[i].trace[k].objective);
      EXPECT_EQ(travelled[i].trace[k].lower_bound, results[i].trace[k].lower_bound);
    }
  }
}

TEST(Row, CellsOfAnyRowReadBack) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const Row row = RandomResults(seed).any_row();
    Row read;
    for (const Column& column : columns()) set_cell(read, column, cell_text(row, column));
    EXPECT_EQ(read, row);
  }
}

TEST(Row, CellsOfAnotherKindAreRefused) {
  for (const Column& column : columns()) {
    Row row;
    if (std::holds_alternative<std::string Row::*>(column.field)) continue;
    EXPECT_THROW(set_cell(row, column, "fast"), InputError) << column.name;
    EXPECT_THROW(set_cell(row, column, "1.5x"), InputError) << column.name;
    if (std::holds_alternative<std::int64_t Row::*>(column.field)) {
      EXPECT_THROW(set_cell(row, column, "1.5"), InputError) << column.name;
    }
  }
}

TEST(Row, OptionsReadBack) {
  RandomResults random(7);
  for (int trial = 0; trial < 200; ++trial) {
    OptionWords words;
    for (std::size_t i = random.below(5); i > 0; --i) {
      words.emplace_back("option_" + std::to_string(i), "word" + std::to_string(random.below(100)));
    }
    EXPECT_EQ(split_options(joined_options(words)), words) << joined_options(words);
  }
  EXPECT_EQ(joined_options({{"tp", "8"}, {"pp", "4"}}), "tp=8; pp=4");
  EXPECT_TRUE(split_options("").empty());
}

// The row that answers the same question with another allocation; nothing where it is missing or not ok.
const Row* other(const std::vector<Result>& results, const Row& row, const std::string& allocation,
                 const std::string& source, const std::string& target) {
  for (const auto& [each, trace] : results) {
    if (each.status == "ok" && each.view == row.view && each.network == row.network &&
        each.model == row.model && each.budget_gb_per_s == row.budget_gb_per_s &&
        each.allocation == allocation && each.source == source && each.target == target) {
      return &each;
    }
  }
  return nullptr;
}

double time_times_cost(const Row& row) { return *row.step_time_s * *row.cost_usd; }

TEST(Findings, AggregatesAreMeansOverWhatIsComparable) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const std::vector<Result> results = RandomResults(seed).sweep();
    for (const Aggregates& found : aggregates(results)) {
      std::vector<double> speedups;
      std::vector<double> gains;
      for (const auto& [row, trace] : results) {
        if (row.view != found.view || row.source != found.source || row.target != row.model ||
            row.status != "ok") {
          continue;
        }
        const Row* equal = other(results, row, "EqualBW", "equal", "");
        if (equal == nullptr) continue;
        if (row.allocation == "PerfOptBW") speedups.push_back(*equal->step_time_s / *row.step_time_s);
        if (row.allocation == "PerfPerCostOptBW")
          gains.push_back(time_times_cost(*equal) / time_times_cost(row));
      }
      const auto mean = [](const std::vector<double>& values) {
        double sum = 0.0;
        for (const double value : values) sum += value;
        return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
      };
      EXPECT_EQ(found.points, static_cast<int>(speedups.size()));
      EXPECT_NEAR(found.mean_speedup, mean(speedups), 1e-12);
      EXPECT_NEAR(found.mean_perf_per_cost, mean(gains), 1e-12);
      if (!speedups.empty()) {
        EXPECT_DOUBLE_EQ(found.largest_speedup, *std::max_element(speedups.begin(), speedups.end()));
      }
    }
  }
}

TEST(Findings, OptimaAreComparedWithTheirEqualSplit) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const std::vector<Result> results = RandomResults(seed).sweep();
    std::size_t expected = 0;
    for (const auto& [row, trace] : results) {
      const bool optimum = row.allocation == "PerfOptBW" && row.status == "ok";
      if (optimum && other(results, row, "EqualBW", "equal", "") != nullptr) ++expected;
    }
    const auto pairs = optima(results);
    EXPECT_EQ(pairs.size(), expected);
    for (const auto& [row, equal] : pairs) EXPECT_EQ(equal, other(results, *row, "EqualBW", "equal", ""));
  }
}

// The largest factor of a network made for another model, and of one made for the model that is slower than
// an equal split.
TEST(Findings, WorstCasesAreTheLargest) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const std::vector<Result> results = RandomResults(seed).sweep();
    std::map<std::pair<std::string, std::string>, double> slowest;
    std::map<std::pair<std::string, std::string>, double> backfiring;
    for (const auto& [row, trace] : results) {
      if (row.allocation != "PerfOptBW" || row.status != "ok") continue;
      const Row* own = other(results, row, "PerfOptBW", row.source, row.model);
      if (row.target != row.model && own != nullptr) {
        double& worst = slowest[{row.view, row.source}];
        worst = std::max(worst, *row.step_time_s / *own->step_time_s);
      }
      const Row* equal = other(results, row, "EqualBW", "equal", "");
      if (row.target == row.model && equal != nullptr && *row.step_time_s > *equal->step_time_s) {
        double& worst = backfiring[{row.view, row.source}];
        worst = std::max(worst, *row.step_time_s / *equal->step_time_s);
      }
    }
    for (const Slowdown& found : worst_slowdowns(results, false)) {
      EXPECT_NEAR(found.factor, (slowest[{found.view, found.source}]), 1e-12);
      EXPECT_NE(found.target, found.model);
    }
    const std::vector<Slowdown> found = backfires(results);
    EXPECT_EQ(found.size(), backfiring.size());
    for (const Slowdown& each : found)
      EXPECT_NEAR(each.factor, (backfiring[{each.view, each.source}]), 1e-12);
  }
}

// What a table's shares lose against those optimized at each budget, over its budgets.
TEST(Findings, LossesAreOfTablesOverTheirBudgets) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const std::vector<Result> results = RandomResults(seed).sweep();
    for (const TableLoss& found : table_losses(results)) {
      EXPECT_EQ(found.source, "table");
      std::vector<double> losses;
      for (const auto& [row, trace] : results) {
        const bool asked = row.view == found.view && row.network == found.network &&
                           row.model == found.model && row.source == "table" &&
                           row.allocation == "PerfPerCostOptBW" && row.target == row.model;
        if (!asked || row.status != "ok") continue;
        const Row* best = other(results, row, "PerfPerCostOptBW", "optimized", row.model);
        if (best != nullptr) losses.push_back(time_times_cost(row) / time_times_cost(*best) - 1.0);
      }
      ASSERT_FALSE(losses.empty());
      double sum = 0.0;
      for (const double loss : losses) sum += loss;
      EXPECT_NEAR(found.mean, sum / static_cast<double>(losses.size()), 1e-12);
      EXPECT_NEAR(found.largest, *std::max_element(losses.begin(), losses.end()), 1e-12);
    }
  }
}

// Ctrl-C while a report is made of many results.
TEST(RandomResults, FindingsEndWhenAsked) {
  RandomResults random(7);
  std::vector<Result> results;
  while (results.size() < 1000) {
    const std::vector<Result> more = random.sweep();
    results.insert(results.end(), more.begin(), more.end());
  }
  std::stop_source stop;
  const StopScope scope(stop.get_token());
  static_cast<void>(worst_slowdowns(results, false));
  stop.request_stop();
  EXPECT_THROW(worst_slowdowns(results, false), Stopped);
}

}  // namespace
}  // namespace bandwright
