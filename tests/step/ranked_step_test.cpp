#include "step/ranked_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

namespace bandwright {
namespace {

using Lines = std::vector<std::vector<int>>;

std::vector<int> all_npus(const Network& network) {
  std::vector<int> npus(static_cast<std::size_t>(network.npus()));
  std::iota(npus.begin(), npus.end(), 0);
  return npus;
}

// Ring(2)_Ring(3)_Switch(2): ids are positions in mixed radix, so that neighbours of the second dimension are
// 2 apart and those of the third 6.
TEST(RankedStep, LinesOfATeamDifferInOneDimension) {
  const Network network = parse_network("Ring(2)_Ring(3)_Switch(2)");
  const Group whole = whole_network(network);
  const std::vector<int> all = all_npus(network);
  EXPECT_EQ(lines_of(network, whole, 0, all), (Lines{{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}}));
  EXPECT_EQ(lines_of(network, whole, 1, all), (Lines{{0, 2, 4}, {1, 3, 5}, {6, 8, 10}, {7, 9, 11}}));
  EXPECT_EQ(lines_of(network, whole, 2, all), (Lines{{0, 6}, {1, 7}, {2, 8}, {3, 9}, {4, 10}, {5, 11}}));
  // A group of one dimension is one line, whatever its members.
  const Group one = {.name = "one", .dimensions = {{1, 3, 2}}};
  EXPECT_EQ(lines_of(network, one, 0, {1, 5, 9}), (Lines{{1, 5, 9}}));
}

// Whatever the network, the lines of a dimension hold every NPU of the team once, evenly spaced.
TEST(RankedStep, LinesPartTheirTeam) {
  for (const char* shorthand :
       {"Ring(4)_Switch(3)", "Switch(2)_Ring(5)_FullyConnected(3)", "Ring(2)_Ring(2)"}) {
    const Network network = parse_network(shorthand);
    const Group whole = whole_network(network);
    for (std::size_t part = 0; part < whole.dimensions.size(); ++part) {
      std::vector<int> seen;
      for (const std::vector<int>& line : lines_of(network, whole, part, all_npus(network))) {
        EXPECT_EQ(static_cast<int>(line.size()), network.dimensions[part].npus);
        for (std::size_t i = 1; i < line.size(); ++i) {
          EXPECT_EQ(line[i] - line[i - 1], whole.dimensions[part].stride) << shorthand;
        }
        seen.insert(seen.end(), line.begin(), line.end());
      }
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(seen, all_npus(network)) << shorthand;
    }
  }
}

// A random step of two kinds of NPUs, not in order of its issue: what its operations are called is their
// line.
struct RandomRanked {
  RankedStep step;
  std::vector<Issue> issues;

  explicit RandomRanked(unsigned seed) {
    std::mt19937 random(seed);
    const auto draw = [&](unsigned low, unsigned high) {
      return std::uniform_int_distribution<unsigned>(low, high)(random);
    };
    constexpr OperationId count = 30;
    std::vector<std::string> names;
    for (OperationId id = 0; id < count; ++id) names.push_back(std::to_string(id));
    StepBuilder builder("random", {}, names);
    step.kinds.resize(2);
    step.ties.resize(count);
    for (OperationId id = 0; id < count; ++id) {
      std::vector<OperationId> after;
      for (unsigned k = draw(0, 2); id > 1 && k > 0; --k) after.push_back(2 * draw(0, id / 2 - 1) + id % 2);
      builder.compute({.line = static_cast<std::uint16_t>(id)}, nanoseconds(draw(1, 9)), after);
      step.kinds[id % 2].operations.push_back(id);
      issues.push_back({draw(0, 3) == 0 ? Issue::no_resource : id % 4, draw(0, 9)});
      step.ties[id].meeting = id;
      if (draw(0, 3) == 0) step.ties[id].receive = draw(0, count - 1);
    }
    step.graph = std::move(builder).finish();
  }
};

// Nothing but the order changes: each operation keeps its duration, kind, tie and what it waits for, and
// waits for the one before it on its resource, too.
TEST(RankedStep, InOrderIsTheSameStep) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const RandomRanked random(seed);
    const RankedStep& before = random.step;
    const IssuedStep issued =
        fix_issue_order(before.graph, random.issues, [](const Operation& each) { return each.duration; });
    const RankedStep after = in_order(before, random.issues, issued.order);
    std::map<std::uint32_t, OperationId> last;
    for (OperationId place = 0; place < issued.order.size(); ++place) {
      const OperationId old = issued.order[place];
      const Operation& operation = after.graph.operations[place];
      EXPECT_EQ(operation.line, old);
      EXPECT_EQ(operation.duration, before.graph.operations[old].duration);
      EXPECT_EQ(after.ties[place].meeting, before.ties[old].meeting);
      const OperationId receive = before.ties[old].receive;
      if (receive == RankedStep::nothing) {
        EXPECT_EQ(after.ties[place].receive, RankedStep::nothing);
      } else {
        EXPECT_EQ(issued.order[after.ties[place].receive], receive);
      }
      std::vector<OperationId> expected;
      for (const OperationId each : before.graph.dependencies_of(before.graph.operations[old])) {
        expected.push_back(each);
      }
      const std::uint32_t resource = random.issues[old].resource;
      if (resource != Issue::no_resource) {
        if (last.contains(resource)) expected.push_back(last[resource]);
        last[resource] = old;
      }
      std::vector<OperationId> found;
      for (const OperationId each : after.graph.dependencies_of(operation)) {
        EXPECT_LT(each, place);
        found.push_back(issued.order[each]);
      }
      EXPECT_EQ(found, expected) << seed;
    }
    for (std::size_t kind = 0; kind < 2; ++kind) {
      std::vector<OperationId> old;
      for (const OperationId id : after.kinds[kind].operations) old.push_back(issued.order[id]);
      EXPECT_EQ(old, before.kinds[kind].operations);
    }
    // The graph alone, put in order by another function, is the same.
    EXPECT_EQ(after.graph.dependencies, issued.graph.dependencies);
  }
}

// A step of one kind, all NPUs, with one collective over a team.
RankedStep meeting(const Network& network, const Group& group, const std::vector<int>& team) {
  RankedStep step;
  StepBuilder builder("meeting", {group}, {"line"});
  builder.collective({}, {{CollectiveKind::AllReduce, Bytes(100)}, 0}, {});
  step.graph = std::move(builder).finish();
  step.kinds = {{team, {0}}};
  step.kind_of.assign(static_cast<std::size_t>(network.npus()), 0);
  step.ties.resize(1);
  step.teams = {team};
  step.teams_of_group = {std::vector<std::uint32_t>(team.size(), 0)};
  return step;
}

// A step in which all NPUs send to the one `distance` further on.
RankedStep message(const Network& network, std::int64_t distance, const std::vector<int>& senders) {
  RankedStep step = meeting(network, {.dimensions = {{0, 2}}}, senders);
  step.ties[0].receive = 0;
  step.ties[0].distance = distance;
  return step;
}

// Turned by a place, a whole ring is the same ring; of three neighbours on a ring of eight the last is two
// hops from the first. Behind one switch all are alike.
TEST(FoldsExactly, WhereALineTurnsIntoItself) {
  const auto folds = [](std::string_view shorthand, const std::vector<int>& team) {
    const Network network = parse_network(shorthand);
    const Group group = {.dimensions = {{0, static_cast<int>(team.size())}}};
    return folds_exactly(meeting(network, group, team), network);
  };
  EXPECT_TRUE(folds("Ring(8)", {0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(folds("Ring(8)", {0, 2, 4, 6}));
  EXPECT_TRUE(folds("Ring(8)", {2, 5}));
  EXPECT_FALSE(folds("Ring(8)", {0, 1, 2}));
  EXPECT_FALSE(folds("Ring(8)", {1, 2, 4, 6}));
  EXPECT_FALSE(folds("Ring(8)", {0, 2, 4, 5}));
  EXPECT_TRUE(folds("Switch(8)", {1, 2, 5}));
  EXPECT_TRUE(folds("FullyConnected(8)", {1, 2, 5}));
}

// Every line of every team counts: on Ring(2)_Ring(4) those of the second dimension, two each.
TEST(FoldsExactly, WhereEveryLineOfEveryTeamDoes) {
  const Network network = parse_network("Ring(2)_Ring(4)");
  EXPECT_TRUE(folds_exactly(meeting(network, whole_network(network), all_npus(network)), network));
  const Group part = {.dimensions = {{0, 2}, {1, 3, 2}}};
  EXPECT_FALSE(folds_exactly(meeting(network, part, {0, 1, 2, 3, 4, 5}), network));
  RankedStep two = meeting(network, {.dimensions = {{1, 3, 2}}}, {0, 2, 4});
  EXPECT_FALSE(folds_exactly(two, network));
  two = meeting(network, {.dimensions = {{1, 2, 2}}}, {0, 2});
  EXPECT_TRUE(folds_exactly(two, network));
  two.teams.push_back({1, 3, 7});
  two.teams_of_group[0][1] = 1;
  EXPECT_FALSE(folds_exactly(two, network));
}

// Messages one NPU further: all are one hop on a ring, the last one's around the end; on a grid of Ring(4)s
// every fourth crosses into the next ring.
TEST(FoldsExactly, WhereMessagesAreAlike) {
  const Network ring = parse_network("Ring(8)");
  EXPECT_TRUE(folds_exactly(message(ring, 1, all_npus(ring)), ring));
  EXPECT_TRUE(folds_exactly(message(ring, -3, all_npus(ring)), ring));
  const Network grid = parse_network("Ring(4)_Ring(4)");
  EXPECT_FALSE(folds_exactly(message(grid, 1, all_npus(grid)), grid));
  EXPECT_TRUE(folds_exactly(message(grid, 1, {0, 1, 2}), grid));
  EXPECT_TRUE(folds_exactly(message(grid, 4, all_npus(grid)), grid));
  // 5 further: a hop in each dimension, but for those at the end of a ring, which go two rings further. Where
  // the innermost dimension alone counts, that makes no difference.
  EXPECT_FALSE(folds_exactly(message(grid, 5, all_npus(grid)), grid));
  RankedStep innermost = message(grid, 5, all_npus(grid));
  innermost.crossing = Crossing::Innermost;
  EXPECT_TRUE(folds_exactly(innermost, grid));
}

// A collective in which two kinds of NPUs meet is waited for by both.
TEST(FoldsExactly, WhereNoCollectiveTiesKindsTogether) {
  const Network network = parse_network("Switch(4)");
  RankedStep step = meeting(network, whole_network(network), all_npus(network));
  step.graph.operations.push_back(step.graph.operations[0]);
  step.ties.resize(2);
  step.kinds = {{{0, 1}, {0}}, {{2, 3}, {1}}};
  EXPECT_FALSE(folds_exactly(step, network));
  step.ties[1].meeting = 1;
  EXPECT_TRUE(folds_exactly(step, network));
}

}  // namespace
}  // namespace bandwright
