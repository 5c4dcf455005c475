// Spaces of divisions as files.
#include "study/plan/space_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/fields.h"
#include "study/job/division_space.h"

namespace bandwright {
namespace {

const std::string start = "bandwright: space\nmodel: llama3-8b\nmachine: dgx-h100\nglobal_batch: 32\n";

PlanQuestion read(const std::string& lines) { return read_space(YamlValue::parse(start + lines, "s.yaml")); }

TEST(SpaceFile, DecisionsAreValuesListsRangesOrAny) {
  const PlanQuestion question = read(
      "npus: [8, 16]\ntp: 2..4\ncp: 1\npp: any\nzero: [0, 1]\nrecompute: [none, full]\n"
      "sequence_parallel: true\nmax_step: 2 s\nbest: 3\nminimize: cost-per-token\n");
  const DivisionSpace space = division_space(question.job);
  EXPECT_EQ(space.npus, (std::vector<std::int64_t>{8, 16}));
  EXPECT_EQ(space.tensor, (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(space.context, (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(space.pipeline.empty());
  EXPECT_TRUE(space.micro_batch.empty());
  EXPECT_EQ(space.zero, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(space.recompute, (std::vector{Recomputation::None, Recomputation::Full}));
  EXPECT_EQ(space.sequence_parallel, std::vector<bool>{true});
  EXPECT_EQ(question.search.longest_step_ns, 2e9);
  EXPECT_EQ(question.search.best, 3U);
  EXPECT_EQ(question.search.objective, PlanObjective::CostPerToken);
}

// The same as the words of a command line.
TEST(SpaceFile, AsksWhatOptionsAsk) {
  const PlanAnswer file = plan(read("npus: 16\ntp: [2, 4]\n"));
  const PlanAnswer options = plan(
      {.job = {
           .model = "llama3-8b", .machine = "dgx-h100", .npus = "16", .tp = "2,4", .global_batch = "32"}});
  ASSERT_EQ(file.best.size(), options.best.size());
  EXPECT_EQ(file.best[0].estimate.step_ns, options.best[0].estimate.step_ns);
  EXPECT_EQ(file.counts.valid, options.counts.valid);
}

TEST(SpaceFile, BadLinesSayWhere) {
  const auto refused = [](const std::string& lines) -> std::string {
    try {
      plan(read(lines));
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refused("npus: 16\ntp: [2, many]\n").substr(0, 14), "s.yaml:6: tp: ");
  EXPECT_EQ(refused("npus: 16\ntp: []\n"), "s.yaml:6: tp: an empty list, expected at least one value");
  EXPECT_EQ(refused("npus: 0\n").substr(0, 16), "s.yaml:5: npus: ");
  EXPECT_EQ(refused("npus: 16\npp: 8..2\n").substr(0, 14), "s.yaml:6: pp: ");
  EXPECT_EQ(refused("npus: 16\nzero: 4\n").substr(0, 16), "s.yaml:6: zero: ");
  EXPECT_EQ(refused("npus: 16\nminimize: pain\n").substr(0, 20), "s.yaml:6: minimize: ");
  EXPECT_EQ(refused("npus: 16\nmax_step: 0\n").substr(0, 20), "s.yaml:6: max_step: ");
  EXPECT_NE(refused("npus: 16\nspeed: 1\n").find("speed"), std::string::npos);
  EXPECT_NE(refused("tp: 2\n").find("npus"), std::string::npos);
}

}  // namespace
}  // namespace bandwright
