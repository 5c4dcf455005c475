#include "experiment/specification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace bandwright {
namespace {

Experiment read(const std::string& text) { return read_experiment(YamlValue::parse(text, "my.yaml")); }

std::string problem(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> ids(const Experiment& experiment) {
  std::vector<std::string> ids;
  for (const Point& point : experiment.points) ids.push_back(point.asked.id);
  return ids;
}

const std::string tiny = "name: tiny\nnetworks: 2D\nmodels: 17B\nbudgets: 100 GB/s\n";

TEST(Specification, APointIsOneValueOfEveryAxis) {
  const Experiment experiment = read(
      "name: grid\nnetworks: [2D, 4D]\nmodels: [17B, 175B]\nloops: [NoOverlap, Overlap]\n"
      "budgets: [100 GB/s, 0.2 TB/s, 325 GB/s]\nallocations: EqualBW\n");
  EXPECT_EQ(experiment.points.size(), 2 * 2 * 2 * 3);
  const Row& first = experiment.points.front().asked;
  EXPECT_EQ(first.network, "2D");
  EXPECT_EQ(first.npus, 1024);
  EXPECT_EQ(first.source, "equal");
  EXPECT_EQ(experiment.points[1].asked.budget_gb_per_s, 200.0);
}

TEST(Specification, ARangeOfBudgetsHasBothEnds) {
  const Experiment experiment = read(
      "name: r\nnetworks: 2D\nmodels: 17B\nallocations: EqualBW\n"
      "budgets: {from: 0.1 TB/s, to: 1000 GB/s, step: 100 GB/s}\n");
  ASSERT_EQ(experiment.points.size(), 10);
  EXPECT_EQ(experiment.points.back().asked.budget_gb_per_s, 1000.0);
}

TEST(Specification, TargetsAreTheModelItselfOrEveryListedOneOrAllTogether) {
  // EqualBW has no target: 2 points. PerfOptBW for each of two targets: 4. GroupOptBW for both together: 2.
  const Experiment experiment = read(
      "name: t\nnetworks: 2D\nmodels: [17B, 1T]\nbudgets: 100 GB/s\ntargets: [17B, 1T]\n"
      "allocations: [EqualBW, PerfOptBW, GroupOptBW]\n");
  std::multiset<std::string> targets;
  for (const Point& point : experiment.points) targets.insert(point.asked.target);
  EXPECT_EQ(experiment.points.size(), 8);
  EXPECT_EQ(targets.count(""), 2);
  EXPECT_EQ(targets.count("17B"), 2);
  EXPECT_EQ(targets.count("17B+1T"), 2);
}

TEST(Specification, PointsOfOneAllocationShareItsKey) {
  const Experiment experiment = read(
      "name: k\nnetworks: 2D\nmodels: [17B, 1T]\nbudgets: 100 GB/s\ntargets: 17B\nallocations: PerfOptBW\n");
  ASSERT_EQ(experiment.points.size(), 2);
  EXPECT_EQ(experiment.points[0].allocation_key, experiment.points[1].allocation_key);
  EXPECT_NE(experiment.points[0].asked.id, experiment.points[1].asked.id);
}

TEST(Specification, AKeyBesideTheGridsHoldsForAllThatDoNotSayOtherwise) {
  const Experiment experiment = read(
      "name: g\nmodels: 17B\nbudgets: 100 GB/s\nallocations: EqualBW\n"
      "grids:\n  - {networks: 2D}\n  - {networks: 3D, budgets: 200 GB/s}\n");
  ASSERT_EQ(experiment.points.size(), 2);
  EXPECT_EQ(experiment.points[0].asked.budget_gb_per_s, 100.0);
  EXPECT_EQ(experiment.points[1].asked.budget_gb_per_s, 200.0);
}

TEST(Specification, EqualQuestionsAreOnePoint) {
  const Experiment experiment = read(
      "name: d\nmodels: 17B\nbudgets: 100 GB/s\nallocations: EqualBW\ngrids:\n  - {networks: 2D}\n  - "
      "{networks: 2d}\n");
  EXPECT_EQ(experiment.points.size(), 1);
}

TEST(Specification, AnIdIsMadeOfWhatDecidesTheResult) {
  const std::vector<std::string> same = ids(read(tiny));
  EXPECT_EQ(ids(read("name: other\nnetworks: [2d]\nmodels: [17b]\nbudgets: {from: 0.1 TB/s, to: 100 GB/s, "
                     "step: 1 GB/s}\n")),
            same);
  for (const std::string change :
       {"loops: Overlap", "wiring: switches", "libraries: astra1", "recompute: full", "compute_scale: 0.26",
        "tables: fused", "prices: ispass", "engines: closed-form"}) {
    const std::vector<std::string> changed = ids(read(tiny + change + "\n"));
    ASSERT_EQ(changed.size(), same.size()) << change;
    for (std::size_t i = 0; i < same.size(); ++i) EXPECT_NE(changed[i], same[i]) << change;
  }
}

TEST(Specification, LibrariesWereCalledSystems) {
  EXPECT_EQ(ids(read(tiny + "systems: astra1\n")), ids(read(tiny + "libraries: astra1\n")));
  EXPECT_THAT(problem(tiny + "systems: [ideal, astra1]\nlibraries: astra1\n"),
              ::testing::EndsWith("systems: stands beside libraries: one or the other"));
  // A grid's own stands before the file's, whatever either calls it.
  const Experiment mixed = read(tiny + "libraries: astra1\ngrids: [{systems: ideal}, {view: all}]\n");
  EXPECT_EQ(mixed.points.front().asked.library, "ideal");
  EXPECT_EQ(mixed.points.back().asked.library, "astra1");
}

TEST(Specification, ErrorsNameThePlaceAndTheChoices) {
  using ::testing::HasSubstr;
  EXPECT_THAT(problem("name: e\nmodels: 17B\nbudgets: 1 GB/s\n"), HasSubstr("networks"));
  EXPECT_THAT(problem(tiny + "allocation: EqualBW\n"), HasSubstr("did you mean 'allocations'"));
  EXPECT_THAT(problem(tiny + "allocations: [EqualBW, PerfBW]\n"), HasSubstr("my.yaml:5"));
  EXPECT_THAT(problem(tiny + "allocations: PerfBW\n"), HasSubstr("PerfOptBW"));
  EXPECT_THAT(problem(tiny + "allocations: DGX-like\n"), HasSubstr("DGX-like needs a table"));
  EXPECT_THAT(problem(tiny + "models: []\n"), HasSubstr("models"));
  EXPECT_THAT(problem("name: e\nnetworks: 2D\nmodels: 17B\nbudgets: 0 GB/s\n"),
              HasSubstr("more than 0 GB/s"));
  EXPECT_THAT(
      problem("name: e\nnetworks: 2D\nmodels: 17B\nbudgets: {from: 9 GB/s, to: 1 GB/s, step: 1 GB/s}\n"),
      HasSubstr("`to` is below `from`"));
  EXPECT_THAT(
      problem("name: e\nnetworks: 2D\nmodels: 17B\nbudgets: {from: 1 GB/s, to: 9 TB/s, step: 1 kB/s}\n"),
      HasSubstr("million"));
}

TEST(Specification, PublishedSharesNeedARowForThePoint) {
  EXPECT_THAT(problem("name: p\nnetworks: 2D\nmodels: GPT-3\nbudgets: 1 GB/s\nsources: published\n"),
              ::testing::HasSubstr("no row for network 2D with 2 dimensions, PerfOptBW made for GPT-3"));
}

TEST(Specification, TheFilesThatComeWithTheProgramAreRead) {
  // The artifact's small evaluation: three allocations at ten budgets and a DGX-like machine, 31 points.
  // Beyond those: two allocations a second time with published shares, EqualBW at the DGX-like machine's
  // budget, and 60 amounts of money.
  EXPECT_EQ(load_experiment("small").points.size(), 31 + 20 + 1 + 60);
  EXPECT_GE(load_experiment("full").points.size(), 796);
}

}  // namespace
}  // namespace bandwright
