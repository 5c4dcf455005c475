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

TEST(IssueOrder, OperationsThatWaitForEachOtherAreNamed) {
  Step graph{.name = "knot", .line_names = {"a"}};
  graph.operations = {{.first_dependency = 0, .dependencies = 1}, {.first_dependency = 1, .dependencies = 1}};
  graph.dependencies = {1, 0};
  EXPECT_THROW(fix_issue_order(graph, std::vector<Issue>(2), duration), InputError);
}

}  // namespace
}  // namespace bandwright
