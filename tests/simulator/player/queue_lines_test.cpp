// Lines of logical dimensions against the NPUs listed one by one.
#include "simulator/player/queue_lines.h"

#include <gtest/gtest.h>

#include <map>

namespace bandwright {
namespace {

// All parts that a group can have on a network of 24 NPUs: of n, at a stride that the rest divides by.
std::vector<GroupDimension> parts() {
  std::vector<GroupDimension> all;
  for (const int npus : {2, 3, 4, 6, 8, 12, 24}) {
    for (std::int64_t stride = 1; stride * npus <= 24; ++stride) {
      if (24 % (stride * npus) == 0) all.push_back({.npus = npus, .stride = stride});
    }
  }
  return all;
}

// Every NPU is on one line, of as many NPUs as the part has, evenly apart; lines are numbered from the first
// on.
TEST(QueueLinesOfANetwork, HoldEveryNpuOnce) {
  for (const GroupDimension& part : parts()) {
    const QueueLines lines(part, 24, 100);
    EXPECT_EQ(lines.first, 100U);
    EXPECT_EQ(lines.count, 24U / static_cast<unsigned>(part.npus));
    std::map<std::uint32_t, int> npus_of;
    for (std::uint32_t npu = 0; npu < 24; ++npu) ++npus_of[lines.of(npu)];
    EXPECT_EQ(npus_of.size(), lines.count);
    for (std::uint32_t line = 0; line < lines.count; ++line) {
      EXPECT_EQ(npus_of[line], part.npus);
      const SeatLine seats = lines.line(line, 3);
      EXPECT_EQ(seats.dimension, 3);
      EXPECT_EQ(seats.npus, part.npus);
      for (int p = 0; p < seats.npus; ++p)
        EXPECT_EQ(lines.of(static_cast<std::uint32_t>(seats.npu_at(p))), line);
    }
  }
}

// Where it is not 0, from each NPU of any line to the next the line in the other dimension grows by that.
TEST(QueueLinesOfANetwork, AreEvenlyApartInOthers) {
  int even = 0;
  int uneven = 0;
  for (const GroupDimension& a : parts()) {
    for (const GroupDimension& b : parts()) {
      const QueueLines lines(a, 24, 0);
      const QueueLines others(b, 24, 0);
      const std::uint32_t apart = lines_apart(lines, others);
      (apart == 0 ? uneven : even) += 1;
      if (apart == 0) continue;
      for (std::uint32_t line = 0; line < lines.count; ++line) {
        const SeatLine seats = lines.line(line, 0);
        for (int p = 0; p + 1 < seats.npus; ++p) {
          EXPECT_EQ(others.of(static_cast<std::uint32_t>(seats.npu_at(p + 1))),
                    others.of(static_cast<std::uint32_t>(seats.npu_at(p))) + apart);
        }
      }
    }
  }
  EXPECT_GT(even, 50);
  EXPECT_GT(uneven, 50);
}

Phase phase_of(std::uint32_t part) {
  Phase phase;
  phase.part = part;
  return phase;
}

// Five chunks by three plans over queues 7, 4 and 9: they enter by the first phase's queue and leave by the
// last's; chunks without phases are nowhere. Jobs are counted phase by phase.
TEST(QueueLinesOfANetwork, ChunksEnterAndLeaveByTheirFirstAndLastPhase) {
  CommunicationPlan::Call call;
  call.queues = {7, 4, 9};
  call.plan.plans = {{phase_of(0), phase_of(1), phase_of(2)}, {}, {phase_of(1), phase_of(0)}};
  call.plan.plan_of_chunk = {0, 2, 1, 0, 2};
  const std::vector<Entrance> entrances = entrances_of(call);
  ASSERT_EQ(entrances.size(), 2U);
  EXPECT_EQ(entrances[0].queue, 7U);
  EXPECT_EQ(entrances[0].jobs, (std::vector<std::uint32_t>{0, 5}));  // 3 and 2 phases before the second
  EXPECT_EQ(entrances[1].queue, 4U);
  EXPECT_EQ(entrances[1].jobs, (std::vector<std::uint32_t>{3, 8}));
  const std::vector<QueueLines> lines(10, QueueLines({.npus = 4, .stride = 1}, 24, 0));
  const std::vector<Exit> exits = exits_of(call, lines);
  ASSERT_EQ(exits.size(), 2U);
  EXPECT_EQ(exits[0].queue, 9U);
  EXPECT_EQ(exits[0].chunks, 2U);
  EXPECT_EQ(exits[0].first, 0U);
  EXPECT_EQ(exits[1].queue, 7U);
  EXPECT_EQ(exits[1].chunks, 2U);
  EXPECT_EQ(exits[1].first, 6U);  // behind the six lines of the first
}

}  // namespace
}  // namespace bandwright
