// Traces as layer tables: who communicates, in which order lines stand, and which traces are no table.
#include "formats/chakra/trace_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TraceNode computing(std::uint64_t id, double ns, std::vector<std::uint64_t> after = {}) {
  return {.id = id,
          .name = "c" + std::to_string(id),
          .dependencies = std::move(after),
          .duration = nanoseconds(ns)};
}
TraceNode reducing(std::uint64_t id, std::string group, std::vector<std::uint64_t> after = {}) {
  return {.id = id,
          .kind = TraceNodeKind::Collective,
          .name = "r" + std::to_string(id),
          .dependencies = std::move(after),
          .collective = {CollectiveKind::AllReduce, Bytes(1000 * static_cast<std::int64_t>(id))},
          .group = std::move(group)};
}

// Eight NPUs that do the same: "tp" are four neighbours, "dp" two across, "odd" neither.
TraceSet traces_of(std::vector<TraceNode> nodes) {
  TraceSet traces{.name = "t", .npus = 8};
  traces.classes.push_back({.nodes = std::move(nodes), .npus = {0, 1, 2, 3, 4, 5, 6, 7}});
  traces.groups = {{"tp", {0, 1, 2, 3}},
                   {"tp2", {4, 5, 6, 7}},
                   {"dp", {0, 4}},
                   {"all", {0, 1, 2, 3, 4, 5, 6, 7}},
                   {"odd", {0, 3, 5}}};
  return traces;
}
Model model_of(const TraceSet& traces) {
  std::vector<std::string> notes;
  return trace_model(traces, notes);
}

// Compute is a line of its own; a collective is of the line before it, or of one of its own after another.
TEST(TraceModels, LinesAreComputeAndWhatFollowsIt) {
  const Model model = model_of(traces_of({computing(1, 100), reducing(2, "tp"), reducing(3, "dp"),
                                          computing(4, 50), reducing(5, ""), reducing(6, "all")}));
  EXPECT_EQ(model.name, "t");
  EXPECT_EQ(model.tensor_parallel, 4);
  std::vector<std::string> names;
  for (const Line& line : model.lines) names.push_back(line.name);
  EXPECT_THAT(names, ElementsAre("c1", "r3", "c4", "r6"));
  EXPECT_EQ(model.lines[0].forward.compute, nanoseconds(100));
  EXPECT_EQ(model.lines[1].forward.compute, Time(0));
  const auto axis = [&](std::size_t line) { return model.lines[line].forward.communication->axis; };
  EXPECT_EQ(axis(0), Axis::Tensor);
  EXPECT_EQ(axis(1), Axis::Data);
  EXPECT_EQ(axis(2), Axis::World);
  EXPECT_EQ(axis(3), Axis::World);
  EXPECT_EQ(model.lines[0].forward.communication->collective,
            (Collective{CollectiveKind::AllReduce, Bytes(2000)}));
  for (const Line& line : model.lines) {
    EXPECT_FALSE(line.input_gradient.communication || line.weight_gradient.communication);
  }
}

// Without groups of neighbours all NPUs are data parallel.
TEST(TraceModels, WithoutNeighboursAllAreDataParallel) {
  TraceSet traces = traces_of({computing(1, 1), reducing(2, "")});
  traces.groups.clear();
  const Model model = model_of(traces);
  EXPECT_EQ(model.tensor_parallel, 1);
  EXPECT_EQ(model.lines[0].forward.communication->axis, Axis::Data);
}

// By id as far as dependencies allow, whatever the order in the file.
TEST(TraceModels, NodesStandInTheOrderOfTheirIds) {
  const Model model = model_of(traces_of(
      {computing(9, 9), computing(2, 2, {9}), computing(5, 5), computing(1, 1, {2, 5}), computing(7, 7)}));
  std::vector<std::string> names;
  for (const Line& line : model.lines) names.push_back(line.name);
  EXPECT_THAT(names, ElementsAre("c5", "c7", "c9", "c2", "c1"));
}

// Nothing is lost: compute adds up, and every collective with bytes has a line.
TEST(TraceModels, TimesAndBytesAddUp) {
  std::vector<TraceNode> nodes;
  double ns = 0.0;
  std::int64_t bytes_sent = 0;
  for (std::uint64_t id = 1; id <= 40; ++id) {
    std::vector<std::uint64_t> after;
    if (id > 2) after = {id / 2};
    if (id % 3 == 0) {
      nodes.push_back(reducing(id, id % 2 == 0 ? "tp" : "dp", after));
      bytes_sent += nodes.back().collective.bytes.value();
    } else {
      nodes.push_back(computing(id, 10.0 * static_cast<double>(id), after));
      ns += 10.0 * static_cast<double>(id);
    }
  }
  const Model model = model_of(traces_of(nodes));
  double found_ns = 0.0;
  std::int64_t found_bytes = 0;
  for (const Line& line : model.lines) {
    found_ns += to_ns(line.forward.compute);
    if (line.forward.communication) found_bytes += line.forward.communication->collective.bytes.value();
  }
  EXPECT_EQ(found_ns, ns);
  EXPECT_EQ(found_bytes, bytes_sent);
}

// A collective of nothing is none; nodes of memory take no time, which is said.
TEST(TraceModels, WhatTakesNoTimeIsLeftOut) {
  TraceNode empty = reducing(2, "tp");
  empty.collective.bytes = Bytes(0);
  TraceNode load{.id = 3, .kind = TraceNodeKind::Memory, .name = "load"};
  std::vector<std::string> notes;
  const Model model = trace_model(traces_of({computing(1, 1), empty, load}), notes);
  ASSERT_EQ(model.lines.size(), 1U);
  EXPECT_FALSE(model.lines[0].forward.communication);
  EXPECT_THAT(notes, testing::Contains("memory nodes take no time"));
  notes.clear();
  static_cast<void>(trace_model(traces_of({computing(1, 1)}), notes));
  EXPECT_EQ(notes.size(), 2U);
}

TEST(TraceModels, WhatIsNoTableIsOneLine) {
  const auto said = [](const TraceSet& traces) { return refused([&] { return model_of(traces); }); };
  TraceSet two = traces_of({computing(1, 1)});
  two.classes.push_back(two.classes[0]);
  EXPECT_THAT(said(two), HasSubstr("t: 2 kinds of NPU, and a table is of one"));
  TraceNode send = computing(7, 1);
  send.kind = TraceNodeKind::Send;
  EXPECT_THAT(said(traces_of({send})), HasSubstr("t: node 7 is a message from NPU to NPU"));
  EXPECT_THAT(said(traces_of({reducing(2, "odd")})),
              HasSubstr("group 'odd' is neither of 4 neighbours nor across all of those"));
  TraceNode flop = computing(8, 0);
  flop.operations = 10;
  EXPECT_THAT(said(traces_of({flop})), HasSubstr("t: node 8 has FLOP but no measured time"));
  TraceNode header{.id = 1, .kind = TraceNodeKind::Metadata};
  EXPECT_EQ(said(traces_of({header})), "t: nothing to compute or communicate");
}

}  // namespace
}  // namespace bandwright
