#include "simulator/leap.h"

#include <algorithm>
#include <optional>

#include "simulator/event_driven.h"
#include "simulator/repetition.h"

namespace bandwright {
namespace {

constexpr std::size_t most_operations = 20'000'000;  // some 100 bytes each
constexpr std::uint32_t first_try = 24;              // rounds; twice as many each time they do not repeat

// A block of the whole program, with its place in what is written out.
struct LargestBlock {
  std::size_t head = 0;
  OperationId first = 0;
  std::uint32_t length = 0;  // operations of a round
};

std::uint64_t written_out(std::span<const Instruction> instructions) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const Instruction& each = instructions[i];
    if (each.times == 0) {
      ++count;
      continue;
    }
    count += each.times * written_out(instructions.subspan(i + 1, each.length));
    i += each.length;
  }
  return count;
}

// The block with the most executions, of those that are in no other.
std::optional<LargestBlock> largest_block(const StepProgram& program) {
  const std::span<const Instruction> all(program.instructions);
  std::optional<LargestBlock> largest;
  std::uint64_t most = 0;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].times == 0) {
      ++before;
      continue;
    }
    const std::uint64_t length = written_out(all.subspan(i + 1, all[i].length));
    if (all[i].times > first_try && all[i].times * length > most) {
      most = all[i].times * length;
      largest = {i, static_cast<OperationId>(before), static_cast<std::uint32_t>(length)};
    }
    before += all[i].times * length;
    i += all[i].length;
  }
  return largest;
}

// One entry for each instruction on the path, at its first operation.
std::vector<CriticalOperation> by_instruction(const std::vector<CriticalOperation>& path,
                                              const std::vector<std::uint32_t>& origin, std::size_t count) {
  std::vector<CriticalOperation> sums(count);
  for (auto id = static_cast<OperationId>(origin.size()); id-- > 0;) sums[origin[id]].operation = id;
  for (const CriticalOperation& each : path) sums[origin[each.operation]].end += each.end - each.start;
  return sums;
}

LeapingResult play_all(const ProgramScenario& scenario, const StepProgram& program,
                       Repetition* repetition = nullptr) {
  LeapingResult played;
  std::vector<std::uint32_t> origin;
  played.graph = expand(program, most_operations, &origin);
  played.result = simulate_folded(
      {played.graph, scenario.network, scenario.system, scenario.bandwidth, scenario.after_collective},
      nullptr, repetition);
  played.result.critical_path =
      by_instruction(played.result.critical_path, origin, program.instructions.size());
  return played;
}

// Plays a program with another number of rounds of a block.
class Shortened {
 public:
  Shortened(const ProgramScenario& scenario, std::size_t head)
      : scenario_(scenario), program_(scenario.program), head_(head) {}

  LeapingResult play(std::uint32_t rounds, Repetition* repetition = nullptr) {
    program_.instructions[head_].times = rounds;
    return play_all(scenario_, program_, repetition);
  }

 private:
  const ProgramScenario& scenario_;
  StepProgram program_;
  std::size_t head_;
};

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

LeapingResult simulate_leaping(const ProgramScenario& scenario) {
  const std::optional<LargestBlock> block = largest_block(scenario.program);
  if (!block) return simulate_rounds(scenario);
  Shortened shortened(scenario, block->head);
  const std::uint32_t all = scenario.program.instructions[block->head].times;
  for (std::uint32_t rounds = first_try; rounds < all; rounds *= 2) {
    Repetition repetition(block->first, block->length, rounds);
    static_cast<void>(shortened.play(rounds, &repetition));
    const std::uint32_t period = repetition.period();
    if (period == 0) continue;
    // As many as the rounds before the first period and some more, the rest being whole periods.
    std::uint32_t played = repetition.from() + std::max(rounds, 4 * period);
    if (played >= all) break;
    played += (all - played) % period;
    LeapingResult answer = shortened.play(played);
    const StepResult before = shortened.play(played - period).result;
    if (!grows_evenly(shortened.play(played - 2 * period).result, before, answer.result)) continue;
    answer.rounds_leapt = all - played;
    const std::int64_t times = (all - played) / period;
    Extrapolation(answer.result, before, times);
    on_clock(answer.result.step_time);
    describe_utilization(scenario.bandwidth, scenario.system, answer.result);
    return answer;
  }
  return simulate_rounds(scenario);
}

LeapingResult simulate_rounds(const ProgramScenario& scenario) {
  return play_all(scenario, scenario.program);
}

}  // namespace bandwright
