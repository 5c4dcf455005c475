// Steps that are related have times that are: in other units of time, of bytes, under other names, with
// nothing added.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "collective/library.h"
#include "simulator/closed_form/closed_form.h"
#include "simulator/event_driven.h"
#include "tests/step/random_step.h"

namespace bandwright {
namespace {

// A random step, over the groups of Ring(4)_Switch(8), whose bytes divide by whatever they are divided by.
class Relations : public testing::TestWithParam<unsigned> {
 protected:
  Relations() {
    std::mt19937 random(GetParam());
    step_ = expand(random_step(random));
    for (GroupCollective& call : step_.collectives) {
      call.collective.bytes = Bytes((call.collective.bytes.value() / 3072 + 1) * 3072);
    }
    library_.chunks = 4;
  }

  [[nodiscard]] StepResult played(const Step& step, const std::vector<double>& gb_per_s) const {
    return simulate_folded({step, network_, library_, gb_per_s, library_.after_collective});
  }
  [[nodiscard]] double closed_ns(const Step& step, const std::vector<double>& gb_per_s) const {
    return ClosedForm(step, network_).step_time_ns(gb_per_s);
  }

  const Network network_ = parse_network("Ring(4)_Switch(8)");
  const std::vector<double> gb_per_s_ = {32.0, 8.0};
  Library library_;
  Step step_;
};

// Twice the time of every operation at half of every bandwidth is twice the step; so is every part of it.
TEST_P(Relations, TimeHasNoUnit) {
  Step slow = step_;
  for (Operation& operation : slow.operations) operation.duration = operation.duration * 2;
  const std::vector<double> half = {gb_per_s_[0] / 2.0, gb_per_s_[1] / 2.0};
  EXPECT_NEAR(closed_ns(slow, half), 2.0 * closed_ns(step_, gb_per_s_), 1e-9 * closed_ns(slow, half));
  const StepResult once = played(step_, gb_per_s_);
  const StepResult twice = played(slow, half);
  EXPECT_EQ(twice.step_time, once.step_time * 2);
  EXPECT_EQ(twice.compute_time, once.compute_time * 2);
  EXPECT_EQ(twice.bubble, once.bubble * 2);
  ASSERT_EQ(twice.groups.size(), once.groups.size());
  for (std::size_t g = 0; g < once.groups.size(); ++g)
    EXPECT_EQ(twice.groups[g].exposed, once.groups[g].exposed * 2);
  for (std::size_t d = 0; d < once.dimensions.size(); ++d) {
    EXPECT_EQ(twice.dimensions[d].bytes, once.dimensions[d].bytes);
    EXPECT_NEAR(twice.dimensions[d].utilization, once.dimensions[d].utilization, 1e-12);
  }
}

// As many bytes more at as much more bandwidth change no time; utilisation neither.
TEST_P(Relations, BytesHaveNoUnit) {
  Step large = step_;
  for (GroupCollective& call : large.collectives) call.collective.bytes = call.collective.bytes * 8;
  const std::vector<double> wide = {gb_per_s_[0] * 8.0, gb_per_s_[1] * 8.0};
  EXPECT_NEAR(closed_ns(large, wide), closed_ns(step_, gb_per_s_), 1e-9 * closed_ns(large, wide));
  const StepResult once = played(step_, gb_per_s_);
  const StepResult eight = played(large, wide);
  EXPECT_EQ(eight.step_time, once.step_time);
  for (std::size_t d = 0; d < once.dimensions.size(); ++d) {
    EXPECT_NEAR(eight.dimensions[d].bytes, 8.0 * once.dimensions[d].bytes, 1e-6 * eight.dimensions[d].bytes);
    EXPECT_NEAR(eight.dimensions[d].utilization, once.dimensions[d].utilization, 1e-9);
  }
}

// A dimension is as much in use as its bytes take of the step; where chunks wait for each other, no more than
// all of it. (In closed form collectives that the step runs side by side do not.)
TEST_P(Relations, UtilisationIsBytesOverTheStep) {
  const StepResult engine = played(step_, gb_per_s_);
  const StepResult closed = ClosedForm(step_, network_).evaluate(gb_per_s_);
  for (const StepResult* result : {&engine, &closed}) {
    for (std::size_t d = 0; d < result->dimensions.size(); ++d) {
      const double share = result->dimensions[d].bytes / gb_per_s_[d] / to_ns(result->step_time);
      EXPECT_NEAR(result->dimensions[d].utilization, share, 1e-6 * std::max(1.0, share));
    }
  }
  for (const DimensionUse& use : engine.dimensions) EXPECT_LE(use.utilization, 1.0 + 1e-9);
}

// The critical path is in order, without gaps larger than what follows a collective, and ends with the step.
TEST_P(Relations, TheCriticalPathEndsWithTheStep) {
  const StepResult result = played(step_, gb_per_s_);
  ASSERT_FALSE(result.critical_path.empty());
  Time now;
  for (const CriticalOperation& each : result.critical_path) {
    EXPECT_LE(each.start, each.end);
    EXPECT_EQ(each.start, now);
    now = each.end;
  }
  EXPECT_EQ(now, result.step_time);
}

// Chunks that are counted are those of the collectives, each phase for itself; none is served in no time.
TEST_P(Relations, QueuesServeEveryChunk) {
  const StepResult result = played(step_, gb_per_s_);
  std::int64_t served = 0;
  for (const QueueUse& queue : result.queues) {
    EXPECT_GE(queue.service, Time(0));
    EXPECT_GE(queue.queueing, Time(0));
    EXPECT_LE(to_ns(queue.service), to_ns(result.step_time) * (1.0 + 1e-9));  // one at a time
    if (queue.chunks > 0) {
      EXPECT_GT(queue.service, Time(0));
    }
    served += queue.chunks;
  }
  const bool sends =
      std::any_of(step_.operations.begin(), step_.operations.end(),
                  [](const Operation& operation) { return operation.kind == OperationKind::Collective; });
  EXPECT_EQ(served > 0, sends);
}

// Groups under other names, in the same order, take the same times; events are as many.
TEST_P(Relations, NamesDecideNothing) {
  Step renamed = step_;
  renamed.name = "another";
  for (Group& group : renamed.groups) group.name += " too";
  for (std::string& line : renamed.line_names) line = "x" + line;
  const StepResult once = played(step_, gb_per_s_);
  const StepResult again = played(renamed, gb_per_s_);
  EXPECT_EQ(again.step_time, once.step_time);
  EXPECT_EQ(again.events, once.events);
  EXPECT_EQ(again.exposed_communication, once.exposed_communication);
}

// An operation that takes no time and that nobody waits for changes no time.
TEST_P(Relations, NothingAddedIsNothing) {
  Step more = step_;
  Operation nothing;
  nothing.kind = OperationKind::Overhead;
  nothing.first_dependency = static_cast<std::uint32_t>(more.dependencies.size());
  nothing.dependencies = 1;
  more.dependencies.push_back(static_cast<OperationId>(more.operations.size() - 1));
  more.operations.push_back(nothing);
  EXPECT_EQ(played(more, gb_per_s_).step_time, played(step_, gb_per_s_).step_time);
  EXPECT_NEAR(closed_ns(more, gb_per_s_), closed_ns(step_, gb_per_s_), 1e-6);
}

// A tail that takes long adds all of it to both.
TEST_P(Relations, ATailAddsItsTime) {
  Step longer = step_;
  const auto count = static_cast<OperationId>(longer.operations.size());
  Operation tail;
  tail.kind = OperationKind::Compute;
  tail.duration = nanoseconds(1e6);
  tail.first_dependency = static_cast<std::uint32_t>(longer.dependencies.size());
  tail.dependencies = count;
  for (OperationId id = 0; id < count; ++id) longer.dependencies.push_back(id);
  longer.operations.push_back(tail);
  EXPECT_EQ(played(longer, gb_per_s_).step_time, played(step_, gb_per_s_).step_time + nanoseconds(1e6));
  EXPECT_EQ(played(longer, gb_per_s_).compute_time, played(step_, gb_per_s_).compute_time + nanoseconds(1e6));
  EXPECT_NEAR(closed_ns(longer, gb_per_s_), closed_ns(step_, gb_per_s_) + 1e6, 1.0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Relations, testing::Range(0U, 25U));

}  // namespace
}  // namespace bandwright
