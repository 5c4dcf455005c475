#include "simulator/leap.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "simulator/event_driven.h"
#include "simulator/round_watch.h"

namespace bandwright {
namespace {

constexpr std::size_t most_operations = 20'000'000;  // some 100 bytes each
constexpr std::uint32_t first_try = 24;              // rounds; twice as many each time they do not repeat

// The block with the most executions, of those that are in no other.
struct LargestBlock {
  std::size_t index = 0;     // into Step::blocks
  OperationId first = 0;     // of its executions, written out
  std::uint32_t length = 0;  // executions of a round
};

std::optional<LargestBlock> largest_block(const Step& step) {
  const std::vector<double> times = executions(step);
  const auto between = [&](OperationId first, OperationId end) {
    return std::accumulate(times.begin() + first, times.begin() + end, 0.0);
  };
  std::optional<LargestBlock> largest;
  double most = 0.0;
  for (std::size_t i = 0; i < step.blocks.size(); i += 1 + step.blocks[i].inner) {
    const StepBlock& block = step.blocks[i];
    const double count = between(block.first, block.end);
    const double before = between(0, block.first);
    if (block.times <= first_try || count <= most || before > most_operations) continue;
    most = count;
    largest = {i, static_cast<OperationId>(before), static_cast<std::uint32_t>(count / block.times)};
  }
  return largest;
}

// One entry for each operation of the step, of all its executions.
std::vector<CriticalOperation> by_operation(const std::vector<CriticalOperation>& path,
                                            const std::vector<OperationId>& origin, std::size_t count) {
  std::vector<CriticalOperation> sums(count);
  for (OperationId id = 0; id < count; ++id) sums[id].operation = id;
  for (const CriticalOperation& each : path) sums[origin[each.operation]].end += each.end - each.start;
  return sums;
}

StepResult play_all(const Scenario& scenario, const Step& step, RoundWatch* repetition = nullptr) {
  std::vector<OperationId> origin;
  const Step written_out = expand(step, most_operations, &origin);
  StepResult result = simulate_folded(
      {written_out, scenario.network, scenario.library, scenario.bandwidth, scenario.after_collective},
      nullptr, repetition);
  result.critical_path = by_operation(result.critical_path, origin, step.operations.size());
  return result;
}

// Every number of `a` that `b` has as well, with `times` the difference between them added.
class Extrapolation {
 public:
  Extrapolation(StepResult& a, const StepResult& b, std::int64_t times) : times_(times) {
    add(a.step_time, b.step_time);
    add(a.compute_time, b.compute_time);
    add(a.bubble, b.bubble);
    add(a.exposed_communication, b.exposed_communication);
    add(a.overhead, b.overhead);
    add(a.events, b.events);
    for (std::size_t i = 0; i < a.groups.size(); ++i) add(a.groups[i].exposed, b.groups[i].exposed);
    for (std::size_t i = 0; i < a.dimensions.size(); ++i) {
      add(a.dimensions[i].exposed, b.dimensions[i].exposed);
      a.dimensions[i].bytes += static_cast<double>(times) * (a.dimensions[i].bytes - b.dimensions[i].bytes);
    }
    for (std::size_t i = 0; i < a.queues.size(); ++i) {
      add(a.queues[i].chunks, b.queues[i].chunks);
      add(a.queues[i].service, b.queues[i].service);
      add(a.queues[i].queueing, b.queues[i].queueing);
    }
    for (std::size_t i = 0; i < a.critical_path.size(); ++i)
      add(a.critical_path[i].end, b.critical_path[i].end);
  }

 private:
  template <class Number>
  void add(Number& a, const Number& b) const {
    a += (a - b) * times_;
  }

  std::int64_t times_;
};

// Whether the second adds to the first what the third adds to the second.
bool grows_evenly(const StepResult& first, const StepResult& second, const StepResult& third) {
  StepResult next = second;
  Extrapolation(next, first, 1);
  const auto same = [](const auto& a, const auto& b, auto member) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const auto& x, const auto& y) { return x.*member == y.*member; });
  };
  return next.step_time == third.step_time && next.bubble == third.bubble &&
         next.exposed_communication == third.exposed_communication && next.overhead == third.overhead &&
         next.events == third.events && same(next.groups, third.groups, &GroupExposure::exposed) &&
         same(next.dimensions, third.dimensions, &DimensionUse::exposed) &&
         same(next.queues, third.queues, &QueueUse::service) &&
         same(next.queues, third.queues, &QueueUse::queueing) &&
         same(next.critical_path, third.critical_path, &CriticalOperation::end);
}

}  // namespace

LeapingResult simulate_leaping(const Scenario& scenario) {
  const std::optional<LargestBlock> block = largest_block(scenario.graph);
  if (!block) return simulate_rounds(scenario);
  Step shorter = scenario.graph;
  const auto play = [&](std::uint32_t rounds, RoundWatch* repetition = nullptr) {
    shorter.blocks[block->index].times = rounds;
    return play_all(scenario, shorter, repetition);
  };
  const std::uint32_t all = scenario.graph.blocks[block->index].times;
  for (std::uint32_t rounds = first_try; rounds < all; rounds *= 2) {
    RoundWatch repetition(block->first, block->length, rounds);
    static_cast<void>(play(rounds, &repetition));
    const std::uint32_t period = repetition.period();
    if (period == 0) continue;
    // As many as the rounds before the first period and some more, the rest being whole periods.
    std::uint32_t played = repetition.from() + std::max(rounds, 4 * period);
    if (played >= all) break;
    played += (all - played) % period;
    LeapingResult answer{play(played), all - played};
    const StepResult before = play(played - period);
    if (!grows_evenly(play(played - 2 * period), before, answer.result)) continue;
    Extrapolation(answer.result, before, (all - played) / period);
    on_clock(answer.result.step_time);
    describe_utilization(scenario.bandwidth, scenario.library, answer.result);
    return answer;
  }
  return simulate_rounds(scenario);
}

LeapingResult simulate_rounds(const Scenario& scenario) { return {play_all(scenario, scenario.graph), 0}; }

}  // namespace bandwright
