#include "simulator/closed_form/exposure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace bandwright {
namespace {

constexpr OperationKind computing = OperationKind::Compute;
constexpr OperationKind communicating = OperationKind::Collective;
constexpr OperationKind looping = OperationKind::Overhead;
constexpr OperationKind hosting = OperationKind::Host;

OperationSpan span(OperationKind kind, int start, int end, std::uint32_t group = 0, bool bubble = false) {
  return {.kind = kind,
          .bubble = bubble,
          .start = picoseconds(start),
          .end = picoseconds(end),
          .group = group,
          .dimension = kind == communicating ? static_cast<int>(group) : -1};
}

StepResult attributed(const std::vector<OperationSpan>& spans, std::vector<Time>* of_operations = nullptr) {
  StepResult result;
  result.groups = {{"A", {}}, {"B", {}}};
  result.dimensions.resize(2);
  attribute_waiting(spans, result, of_operations);
  return result;
}

// The picture of the header, a letter for 1 ps: compute 0 to 3 and 6 to 10, A from 2 to 12, B from 3 to 16.
// In the first gap neither has ended when compute goes on: nothing is waited for but the loop. At the end A
// is waited for until 12, then B.
TEST(Exposure, ThePictureOfTheHeader) {
  std::vector<Time> charged;
  const StepResult result = attributed({span(computing, 0, 3), span(communicating, 2, 12, 0),
                                        span(communicating, 3, 16, 1), span(computing, 6, 10)},
                                       &charged);
  EXPECT_EQ(result.step_time, picoseconds(16));
  EXPECT_EQ(result.compute_time, picoseconds(3 + 4));
  EXPECT_EQ(result.overhead, picoseconds(3));
  EXPECT_EQ(result.groups[0].exposed, picoseconds(2));
  EXPECT_EQ(result.groups[1].exposed, picoseconds(4));
  EXPECT_EQ(result.dimensions[0].exposed, picoseconds(2));
  EXPECT_EQ(result.exposed_communication, picoseconds(3 + 2 + 4));
  EXPECT_EQ(charged, (std::vector<Time>{picoseconds(3), picoseconds(2), picoseconds(4), picoseconds(4)}));
}

// A gap that a collective ends: it is what was waited for, beside another that goes on.
TEST(Exposure, TheOneThatEndsTheGapIsWaitedFor) {
  const StepResult result = attributed({span(computing, 0, 3), span(communicating, 1, 20, 0),
                                        span(communicating, 2, 8, 1), span(computing, 8, 20)});
  EXPECT_EQ(result.groups[0].exposed, Time());
  EXPECT_EQ(result.groups[1].exposed, picoseconds(5));
  EXPECT_EQ(result.overhead, Time());
}

// Other stages' work is the bubble, even beside a collective; their host is only where nothing else runs, and
// this one's is overhead there.
TEST(Exposure, BubbleOverheadAndHost) {
  const StepResult bubble =
      attributed({span(computing, 0, 2), span(computing, 2, 7, 0, true), span(communicating, 3, 7, 0)});
  EXPECT_EQ(bubble.bubble, picoseconds(5));
  EXPECT_EQ(bubble.compute_time, picoseconds(2));
  EXPECT_EQ(bubble.exposed_communication, Time());
  const StepResult loop =
      attributed({span(computing, 0, 2), span(looping, 2, 5), span(communicating, 2, 9, 0)});
  EXPECT_EQ(loop.overhead, picoseconds(3));
  EXPECT_EQ(loop.groups[0].exposed, picoseconds(4));
  const StepResult issued = attributed({span(computing, 0, 2), span(hosting, 0, 6)});
  EXPECT_EQ(issued.overhead, picoseconds(4));
  const StepResult others =
      attributed({span(computing, 0, 2), span(hosting, 0, 6, 0, true), span(communicating, 2, 3, 0)});
  EXPECT_EQ(others.groups[0].exposed, picoseconds(1));
  EXPECT_EQ(others.bubble, picoseconds(3));
}

// The critical path: from the operation that ends last back along who let it go.
TEST(Exposure, TheCriticalPathGoesBackFromTheEnd) {
  std::vector<OperationSpan> spans = {span(computing, 0, 3), span(computing, 0, 1),
                                      span(communicating, 3, 9, 0), span(computing, 3, 4)};
  spans[2].last = 0;
  spans[3].last = 0;
  const StepResult result = attributed(spans);
  ASSERT_EQ(result.critical_path.size(), 2U);
  EXPECT_EQ(result.critical_path[0].operation, 0U);
  EXPECT_EQ(result.critical_path[1].operation, 2U);
  EXPECT_EQ(result.critical_path[1].start, picoseconds(3));
  EXPECT_EQ(result.critical_path[1].end, picoseconds(9));
  EXPECT_TRUE(attributed({}).critical_path.empty());
  EXPECT_EQ(attributed({}).step_time, Time());
}

// The rule, moment by moment: what each picosecond is charged to.
StepResult moment_by_moment(const std::vector<OperationSpan>& spans) {
  StepResult result;
  result.groups = {{"A", {}}, {"B", {}}};
  result.dimensions.resize(2);
  int end = 0;
  for (const OperationSpan& each : spans) {
    if (each.end > each.start) end = std::max(end, static_cast<int>(each.end.value()));
  }
  for (int now = 0; now < end; ++now) {
    const Time moment = picoseconds(now);
    Time resumes = clock_end;
    bool computes = false;
    bool stages = false;
    bool loop = false;
    bool stages_host = false;
    for (const OperationSpan& each : spans) {
      const bool stream = each.kind == computing || each.kind == looping;
      if (each.end > each.start && stream && each.start > moment) resumes = std::min(resumes, each.start);
      if (!(each.start <= moment && moment < each.end)) continue;
      computes = computes || (each.kind == computing && !each.bubble);
      stages = stages || (each.bubble && each.kind != hosting);
      stages_host = stages_host || (each.bubble && each.kind == hosting);
      loop = loop || (each.kind == looping && !each.bubble);
    }
    const auto waited = std::find_if(spans.begin(), spans.end(), [&](const OperationSpan& each) {
      return each.kind == communicating && !each.bubble && each.start <= moment && moment < each.end &&
             each.end <= resumes;
    });
    const Time one = picoseconds(1);
    if (computes) {
      result.compute_time += one;
    } else if (stages || (!loop && waited == spans.end() && stages_host)) {
      result.bubble += one;
    } else {
      result.exposed_communication += one;
      if (loop || waited == spans.end()) {
        result.overhead += one;
      } else {
        result.groups[waited->group].exposed += one;
        result.dimensions[waited->group].exposed += one;
      }
    }
  }
  result.step_time = picoseconds(end);
  return result;
}

TEST(Exposure, IsTheRuleMomentByMoment) {
  std::mt19937 random(81);
  for (int trial = 0; trial < 1000; ++trial) {
    const auto draw = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
    std::vector<OperationSpan> spans;
    for (int i = 1 + draw(8); i > 0; --i) {
      const OperationKind kind = std::vector{computing, communicating, looping, hosting}[random() % 4];
      const int start = draw(20);
      spans.push_back(span(kind, start, start + draw(10), static_cast<std::uint32_t>(draw(2)), draw(4) == 0));
    }
    const StepResult found = attributed(spans);
    const StepResult expected = moment_by_moment(spans);
    ASSERT_EQ(found.step_time, expected.step_time) << trial;
    ASSERT_EQ(found.compute_time, expected.compute_time) << trial;
    ASSERT_EQ(found.bubble, expected.bubble) << trial;
    ASSERT_EQ(found.overhead, expected.overhead) << trial;
    ASSERT_EQ(found.exposed_communication, expected.exposed_communication) << trial;
    for (std::size_t g = 0; g < 2; ++g) {
      ASSERT_EQ(found.groups[g].exposed, expected.groups[g].exposed) << trial;
      ASSERT_EQ(found.dimensions[g].exposed, expected.dimensions[g].exposed) << trial;
    }
  }
}

}  // namespace
}  // namespace bandwright
