// Axes and tables of experiments: whatever the order and the spelling, the same questions; sums that hold;
// and one line for what cannot be asked.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "core/fields.h"
#include "experiment/points/allocation.h"
#include "experiment/points/grid.h"
#include "study/job/job_options.h"
#include "tests/experiment/support.h"
#include "training/division/parallel_groups.h"

namespace bandwright {
namespace {

std::vector<double> budgets_of(const std::string& text) {
  const YamlValue root = YamlValue::parse(text, "e.yaml");
  return Grid(root, root).budgets();
}

// {from, to, step} has as many values as steps fit, both ends where the last fits exactly: also where the
// step is no binary fraction.
TEST(Axes, RangesHaveTheirEnds) {
  struct Range {
    const char* from;
    const char* to;
    const char* step;
    std::size_t count;
    double last;
  };
  for (const Range& range :
       {Range{"0.1 GB/s", "0.7 GB/s", "0.1 GB/s", 7, 0.7}, Range{"1 GB/s", "1 GB/s", "5 GB/s", 1, 1.0},
        Range{"1 GB/s", "5.9 GB/s", "5 GB/s", 1, 1.0}, Range{"1 GB/s", "6 GB/s", "5 GB/s", 2, 6.0},
        Range{"0.3 GB/s", "3 GB/s", "0.3 GB/s", 10, 3.0}, Range{"100 Mb/s", "1 Gb/s", "100 Mb/s", 10, 0.125},
        Range{"1 GB/s", "1 TB/s", "1 GB/s", 1000, 1000.0},
        Range{"1.1 GB/s", "110 GB/s", "1.1 GB/s", 100, 110.0}}) {
    const std::vector<double> budgets = budgets_of(
        fmt::format("budgets: {{from: {}, to: {}, step: {}}}\n", range.from, range.to, range.step));
    EXPECT_EQ(budgets.size(), range.count) << range.to;
    EXPECT_NEAR(budgets.back(), range.last, 1e-9 * range.last);
    EXPECT_TRUE(std::is_sorted(budgets.begin(), budgets.end()));
  }
}

// Amounts of money grow by the same factor each.
TEST(Axes, AmountsOfMoneyAreEvenFactorsApart) {
  const std::vector<double> amounts = budgets_of("dollars: {from: 1000000, to: 256000000, points: 9}\n");
  ASSERT_EQ(amounts.size(), 9U);
  EXPECT_EQ(amounts.front(), 1e6);
  EXPECT_NEAR(amounts.back(), 256e6, 1.0);
  for (std::size_t i = 1; i < amounts.size(); ++i) EXPECT_NEAR(amounts[i] / amounts[i - 1], 2.0, 1e-12);
  EXPECT_EQ(budgets_of("dollars: 5\n"), std::vector<double>{5.0});
}

// As on the command line: $500k is 500,000 and $2M is 2e6.
TEST(Axes, MoneyHasTheSpellingOfTheCommandLine) {
  EXPECT_EQ(budgets_of("dollars: [$500k, 500000, $2M, '$1.5B']\n"), (std::vector{5e5, 5e5, 2e6, 1.5e9}));
  EXPECT_EQ(budgets_of("dollars: {from: $1M, to: $4M, points: 3}\n"),
            budgets_of("dollars: {from: 1e6, to: 4e6, points: 3}\n"));
}

// One axis has two names; a value under the one would silently replace the other.
TEST(Axes, TwoNamesOfOneAxisAreRefused) {
  const std::string jobs = "name: x\nmodels: llama3-8b\nnpus: 8\n";
  EXPECT_EQ(problem_of([&] { experiment_of(jobs + "machine: dgx-h100\nmachines: dgx-a100\n"); }),
            "test.yaml:5: machines: stands beside machine: one or the other");
  for (const JobOption& option : job_options()) {
    if (option.plural.empty()) continue;
    const std::string both = fmt::format("{}: a\n{}: b\n", option.name, option.plural);
    const YamlValue root = YamlValue::parse(both, "e.yaml");
    EXPECT_EQ(problem_of([&] { static_cast<void>(Grid(root, root).has(option.name)); }),
              fmt::format("e.yaml:2: {}: stands beside {}: one or the other", option.plural, option.name));
  }
  EXPECT_EQ(problem_of([] { budgets_of("dollars: $1M\nbudgets: 5 GB/s\n"); }),
            "e.yaml:1: dollars: stands beside budgets: one or the other");
  EXPECT_EQ(problem_of([&] { experiment_of(jobs + "bandwidth: 300,20\nbudgets: 5 GB/s\n"); }),
            "test.yaml:4: bandwidth: is of each dimension: no budget is left to divide");
}

// What a grid says holds for it, by whichever name the file says otherwise.
TEST(Axes, AGridsOwnNameOfAnAxisComesBeforeTheFiles) {
  const std::string file = "name: x\nmodels: llama3-8b\nnpus: 8\n";
  const auto machine_of = [&](const char* common, const char* own) {
    const Experiment experiment =
        experiment_of(fmt::format("{}{}: dgx-a100\ngrids:\n  - {{{}: dgx-h100}}\n", file, common, own));
    EXPECT_EQ(experiment.points.size(), 1U);
    return experiment.points.front().asked.machine;
  };
  for (const char* common : {"machine", "machines"}) {
    for (const char* own : {"machine", "machines"})
      EXPECT_EQ(machine_of(common, own), load_machine("dgx-h100").name) << common << " " << own;
  }
  const YamlValue common = YamlValue::parse("dollars: $1M\n", "e.yaml");
  const YamlValue own = YamlValue::parse("budgets: 5 GB/s\n", "e.yaml");
  EXPECT_EQ(Grid(own, common).budgets(), std::vector<double>{5.0});
  EXPECT_EQ(Grid(common, own).budgets(), std::vector<double>{1e6});
}

TEST(Axes, BudgetsThatCannotBeAreRefusedAtTheirPlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"budgets: []\n", "e.yaml:1: budgets: an empty list"},
      {"other: 1\n", "e.yaml:1: missing key 'budgets'"},
      {"budgets:\n  - 1 GB/s\n  - -1 GB/s\n", "e.yaml:3: budgets[1]: expected more than 0 GB/s"},
      {"budgets: {from: 1 GB/s, to: 2 GB/s}\n", "e.yaml:1: budgets: missing key 'step'"},
      {"budgets: {from: 1 GB/s, to: 2 GB/s, points: 3}\n",
       "e.yaml:1: budgets: unknown key 'points' (known: from, to, step)"},
      {"budgets: {from: 2 GB/s, to: 1 GB/s, step: 1 GB/s}\n", "e.yaml:1: budgets: `to` is below `from`"},
      {"dollars: {from: 10, to: 5, points: 3}\n",
       "e.yaml:1: dollars.to: '5' is out of range: expected a number from 10 to 1000000000000000"},
      {"dollars: {from: 1, to: 5, points: 1}\n",
       "e.yaml:1: dollars.points: '1' is not a whole number from 2 to 10000"},
      {"dollars: 0\n",
       "e.yaml:1: dollars: '0' is out of range: expected a number from 1 to 1000000000000000"}};
  for (const auto& [text, said] : cases) EXPECT_EQ(problem_of([&] { budgets_of(text); }), said) << text;
}

using Ids = std::multiset<std::string>;
Ids ids_of(const std::string& text) {
  Ids ids;
  for (const Point& point : experiment_of(text).points) ids.insert(point.asked.id);
  return ids;
}

// Keys and values in any order and case, one by one or in grids, with values that stand twice: the same
// points, each once.
TEST(Axes, OrderAndSpellingMakeNoPoints) {
  const Ids plain = ids_of(
      "name: a\nnetworks: [2D, 3D]\nmodels: [17B, 175B]\nloops: [NoOverlap, Overlap]\n"
      "budgets: [100 GB/s, 200 GB/s]\nallocations: [EqualBW, PerfOptBW]\n");
  EXPECT_EQ(plain.size(), 2U * 2 * 2 * 2 * 2);
  for (const char* other :
       {"name: b\nallocations: [perfoptbw, EQUALBW, EqualBW]\nbudgets: [0.2 TB/s, 100 GB/s, 100000 MB/s]\n"
        "loops: [overlap, nooverlap]\nmodels: [175b, 17B]\nnetworks: [3d, 2D, 2d]\n",
        "name: c\nmodels: [17B, 175B]\nbudgets: {from: 100 GB/s, to: 200 GB/s, step: 100 GB/s}\n"
        "allocations: [EqualBW, PerfOptBW]\ngrids:\n  - {networks: 3D, loops: Overlap}\n"
        "  - {networks: 2D, loops: [Overlap, NoOverlap]}\n  - {networks: [2D, 3D], loops: NoOverlap}\n"}) {
    EXPECT_EQ(ids_of(other), plain) << other;
  }
}

// Without one value of an axis there are as many points less as the other axes make.
TEST(Axes, AreMultiplied) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> axes = {
      {"networks", {"2D", "3D", "4D"}},    {"models", {"17B", "175B"}},
      {"loops", {"NoOverlap", "Overlap"}}, {"wiring", {"real", "switches"}},
      {"recompute", {"none", "full"}},     {"engines", {"closed-form", "event-driven"}},
      {"compute_scale", {"1", "0.5"}},     {"budgets", {"10 GB/s", "9 GB/s"}}};
  const auto count = [&](const std::string& short_axis) {
    std::string text = "name: m\nallocations: EqualBW\n";
    for (const auto& [key, values] : axes) {
      const std::size_t taken = key == short_axis ? values.size() - 1 : values.size();
      text += fmt::format("{}: [{}]\n", key,
                          fmt::join(values.begin(), values.begin() + static_cast<int>(taken), ", "));
    }
    return experiment_of(text).points.size();
  };
  std::size_t all = 1;
  for (const auto& [key, values] : axes) all *= values.size();
  EXPECT_EQ(count(""), all);
  for (const auto& [key, values] : axes)
    EXPECT_EQ(count(key), all / values.size() * (values.size() - 1)) << key;
}

ShareTable shares_of(const std::string& rows) {
  return read_share_table(YamlValue::parse("name: s\nshares:\n" + rows, "s.yaml"));
}

// Shares are relative to their sum, in percent or in parts: what they divide adds up to the budget.
TEST(ShareTables, DivideAllOfABudget) {
  const ShareTable parts =
      shares_of("  - {network: N, allocation: PerfOptBW, target: M, shares: [0.5, 0.3, 0.2]}\n");
  const ShareTable percent =
      shares_of("  - {network: N, allocation: PerfOptBW, target: M, shares: [50, 30, 20]}\n");
  for (const double budget : {1e-6, 1.0, 325.0, 1e9}) {
    const std::vector<double> divided = parts.divide(budget, "N", 3, "PerfOptBW", "M");
    EXPECT_NEAR(std::accumulate(divided.begin(), divided.end(), 0.0), budget, 1e-12 * budget);
    EXPECT_NEAR(divided[0], 0.5 * budget, 1e-12 * budget);
    const std::vector<double> other = percent.divide(budget, "N", 3, "PerfOptBW", "M");
    for (std::size_t d = 0; d < 3; ++d) EXPECT_NEAR(other[d], divided[d], 1e-12 * budget);
  }
}

// Rows in any order are the same table, which is written as it is read.
TEST(ShareTables, HaveNoOrder) {
  std::vector<std::string> rows;
  for (const char* network : {"2D", "4D"}) {
    for (const char* rule : {"PerfOptBW", "PerfPerCostOptBW", "DGX-like"}) {
      for (const char* target : {"17B", "1T"}) {
        rows.push_back(fmt::format("  - {{network: {}, allocation: {}, target: {}, shares: [{}, 0.1]}}\n",
                                   network, rule, target, 1.0 / static_cast<double>(rows.size() + 3)));
      }
    }
  }
  const auto joined = [&] { return std::accumulate(rows.begin(), rows.end(), std::string()); };
  const ShareTable plain = shares_of(joined());
  const std::string content = share_table_fields().content(plain);
  EXPECT_EQ(share_table_fields().content(
                read_share_table(YamlValue::parse(share_table_fields().file_text(plain), "again.yaml"))),
            content);
  std::mt19937 random(1);
  for (int trial = 0; trial < 10; ++trial) {
    std::shuffle(rows.begin(), rows.end(), random);
    EXPECT_EQ(share_table_fields().content(shares_of(joined())), content);
  }
}

TEST(ShareTables, WhatIsNotInThemIsNamed) {
  const std::string row = "  - {network: N, allocation: PerfOptBW, target: M, shares: [1, 2]}\n";
  const ShareTable table = shares_of(row);
  const auto said = [&](const char* network, int dimensions, const char* rule, const char* target) {
    return problem_of([&] { static_cast<void>(table.divide(1.0, network, dimensions, rule, target)); });
  };
  EXPECT_EQ(said("N", 2, "PerfOptBW", "M"), "");
  EXPECT_EQ(said("N", 3, "PerfOptBW", "M"),
            "the shares 's' have no row for network N with 3 dimensions, PerfOptBW made for M");
  EXPECT_NE(said("O", 2, "PerfOptBW", "M"), "");
  EXPECT_NE(said("N", 2, "EqualBW", "M"), "");
  EXPECT_EQ(said("N", 2, "PerfOptBW", ""),
            "the shares 's' have no row for network N with 2 dimensions, PerfOptBW");
  EXPECT_EQ(problem_of([&] { shares_of(row + row); }),
            "s.yaml:2: shares: the row of N, PerfOptBW and 'M' stands twice");
  EXPECT_EQ(problem_of([&] { shares_of("  - {network: N, allocation: PerfOptBW, shares: [1, 0]}\n"); }),
            "s.yaml:3: shares[0].shares[1]: '0' is out of range: expected a number from 1e-09 to 1000000000");
  EXPECT_THAT(problem_of([&] { shares_of("  - {network: N, allocation: PerfBW, shares: [1]}\n"); }),
              testing::StartsWith("s.yaml:3: shares[0].allocation: unknown allocation 'PerfBW'"));
}

}  // namespace
}  // namespace bandwright
