#include "step/issue_order.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/error.h"

namespace bandwright {
namespace {

Time duration(const Operation& operation) { return operation.duration; }

// Ends of the operations of an ordered graph, by longest path.
std::vector<Time> ends(const Step& graph) {
  std::vector<Time> result;
  for (const Operation& operation : graph.operations) {
    Time start;
    for (const OperationId before : graph.dependencies_of(operation)) start = std::max(start, result[before]);
    result.push_back(start + operation.duration);
  }
  return result;
}

// Three operations ready at once on one resource, 10, 20 and 30 ns: priorities 3, 1, 2 make them run 20,
// 30, 10.
TEST(IssueOrder, SmallestPriorityFirst) {
  StepBuilder builder("three", {}, {"a"});
  for (const double ns : {10.0, 20.0, 30.0}) builder.compute({}, nanoseconds(ns), {});
  const Step graph = std::move(builder).finish();
  const std::vector<Issue> issues = {{0, 3}, {0, 1}, {0, 2}};
  EXPECT_EQ(ends(fix_issue_order(graph, issues, duration).graph),
            (std::vector<Time>{nanoseconds(20), nanoseconds(50), nanoseconds(60)}));
}

// Whatever the graph: no two operations of a resource overlap, none waits while its resource is idle, and
// each resource's work is done.
TEST(IssueOrder, ResourcesServeOneAtATime) {
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {
    const auto pick = [&](unsigned low, unsigned high) {
      return std::uniform_int_distribution<unsigned>(low, high)(random);
    };
    StepBuilder builder("random", {}, {"a"});
    std::vector<Issue> issues;
    for (OperationId id = 0; id < 40; ++id) {
      std::vector<OperationId> after;
      for (unsigned k = pick(0, 2); id > 0 && k > 0; --k) after.push_back(pick(0, id - 1));
      builder.compute({.line = static_cast<std::uint16_t>(id % 3)}, nanoseconds(pick(1, 9)), after);
      issues.push_back({id % 3, pick(0, 99)});
    }
    const Step ordered = fix_issue_order(std::move(builder).finish(), issues, duration).graph;
    const std::vector<Time> end = ends(ordered);
    ASSERT_EQ(end.size(), 40U);
    std::map<int, Time> busy_until;
    for (std::size_t k = 0; k < end.size(); ++k) {
      const int resource = ordered.operations[k].line;
      EXPECT_GE(end[k] - ordered.operations[k].duration, busy_until[resource]);
      busy_until[resource] = end[k];
    }
  }
}

// The rule, stated again without events: at the earliest moment at which an operation can start, whatever can
// start then does, on each resource that of the smallest priority, and of equal ones that of the smallest
// number.
std::vector<Time> starts(const Step& graph, const std::vector<Issue>& issues) {
  const std::size_t count = graph.operations.size();
  const Time never = clock_end;
  std::vector<Time> start(count, never);
  std::map<std::uint32_t, Time> free;
  const auto ready = [&](OperationId id) {
    Time at;
    for (const OperationId before : graph.dependencies_of(graph.operations[id])) {
      at = std::max(at, start[before] == never ? never : start[before] + graph.operations[before].duration);
    }
    const std::uint32_t resource = issues[id].resource;
    return resource == Issue::no_resource ? at : std::max(at, free[resource]);
  };
  for (std::size_t started = 0; started < count; ++started) {
    OperationId next = no_operation;
    for (OperationId id = 0; id < count; ++id) {
      if (start[id] != never) continue;
      const auto key = [&](OperationId each) { return std::pair(ready(each), issues[each].priority); };
      if (next == no_operation || key(id) < key(next)) next = id;
    }
    start[next] = ready(next);
    if (issues[next].resource != Issue::no_resource) {
      free[issues[next].resource] = start[next] + graph.operations[next].duration;
    }
  }
  return start;
}

TEST(IssueOrder, IsTheRuleMomentByMoment) {
  std::mt19937 random(11);
  for (int i = 0; i < 200; ++i) {
    const auto pick = [&](unsigned low, unsigned high) {
      return std::uniform_int_distribution<unsigned>(low, high)(random);
    };
    StepBuilder builder("random", {}, {"a"});
    std::vector<Issue> issues;
    for (OperationId id = 0; id < 25; ++id) {
      std::vector<OperationId> after;
      for (unsigned k = pick(0, 2); id > 0 && k > 0; --k) after.push_back(pick(0, id - 1));
      builder.compute({}, nanoseconds(pick(1, 4)), after);
      issues.push_back({pick(0, 3) == 0 ? Issue::no_resource : id % 3, pick(0, 5)});
    }
    const Step graph = std::move(builder).finish();
    const std::vector<Time> expected = starts(graph, issues);
    const IssuedStep issued = fix_issue_order(graph, issues, duration);
    const std::vector<Time> end = ends(issued.graph);
    ASSERT_EQ(issued.order.size(), 25U);
    Time before;
    for (OperationId place = 0; place < 25; ++place) {
      const Time start = end[place] - issued.graph.operations[place].duration;
      EXPECT_EQ(start, expected[issued.order[place]]);
      EXPECT_GE(start, before) << "operations stand in the order of their start";
      before = start;
    }
  }
}

// What can start without a resource does, beside others.
TEST(IssueOrder, NoResourceIsNoOrder) {
  StepBuilder builder("beside", {}, {"a"});
  for (const double ns : {10.0, 20.0, 30.0}) builder.compute({}, nanoseconds(ns), {});
  const IssuedStep issued = fix_issue_order(std::move(builder).finish(), std::vector<Issue>(3), duration);
  EXPECT_TRUE(issued.graph.dependencies.empty());
  EXPECT_EQ(issued.order, (std::vector<OperationId>{0, 1, 2}));
}

// A graph whose operations stand in any order, here the last first, comes out in order with all it says.
TEST(IssueOrder, OperationsMayStandInAnyOrder) {
  Step graph{.name = "backwards", .line_names = {"a", "b"}, .npu_share = {0.5, 0.5}};
  graph.collectives = {{{CollectiveKind::Reduce, Bytes(7)}, 0}};
  graph.groups = {{.name = "all"}};
  graph.operations = {{.line = 1, .duration = nanoseconds(1), .first_dependency = 0, .dependencies = 1},
                      {.line = 0, .duration = nanoseconds(2)}};
  graph.dependencies = {1};
  const IssuedStep issued = fix_issue_order(graph, std::vector<Issue>{{0, 0}, {0, 9}}, duration);
  EXPECT_EQ(issued.order, (std::vector<OperationId>{1, 0}));
  EXPECT_EQ(issued.graph.operations[1].line, 1);
  EXPECT_EQ(issued.graph.dependencies,
            (std::vector<OperationId>{0, 0}));  // of the graph, and of the resource
  EXPECT_EQ(issued.graph.name, graph.name);
  EXPECT_EQ(issued.graph.line_names, graph.line_names);
  EXPECT_EQ(issued.graph.collectives, graph.collectives);
  EXPECT_EQ(issued.graph.groups.size(), 1U);
  EXPECT_EQ(issued.graph.npu_share, graph.npu_share);
}

// a, and b and c that wait for each other: two of three.
TEST(IssueOrder, OperationsThatWaitForEachOtherAreNamed) {
  Step graph{.name = "knot", .line_names = {"a", "b", "c"}};
  graph.operations = {{.line = 0},
                      {.line = 1, .first_dependency = 0, .dependencies = 1},
                      {.line = 2, .first_dependency = 1, .dependencies = 1}};
  graph.dependencies = {2, 1};
  try {
    fix_issue_order(graph, std::vector<Issue>(3), duration);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "knot: 2 of 3 operations can never start, b among them");
  }
}

}  // namespace
}  // namespace bandwright
