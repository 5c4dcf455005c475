#include "simulator/player/flow_cost.h"

#include <algorithm>
#include <limits>

#include "simulator/player/secluded_lines.h"
#include "simulator/transport/flow_ways.h"

namespace bandwright {
namespace {

constexpr double act_seconds = 60e-9;    // of an operation of an NPU, or a phase of a line
constexpr double look_seconds = 0.1e-6;  // at a message's way
// A message that meets others of its round, with its share of new rates, and for each link of its way; one
// that meets nobody there. Measured, over all messages: 0.75 to 2.4 us over 6 links of a tree, 3.4 over 16 of
// a torus, 5.3 over 100 of a ring; 0.06 to 0.15 where nobody is met.
constexpr double met_seconds = 2.5e-6;
constexpr double met_link_seconds = 0.05e-6;
constexpr double lone_seconds = 0.1e-6;
constexpr double usual_links = 6.0;  // of ways that are not known beforehand

// A logical dimension: its lines, and what is played on one of them in all.
struct LinesOfQueue {
  std::vector<SeatLine> lines;
  std::vector<SeatProgram> programs;
  double messages = 0.0;
  double phases = 0.0;
};

std::vector<SeatLine> lines_along(const GroupDimension& part, std::int64_t npus) {
  std::vector<SeatLine> lines;
  for (std::int64_t i = 0; i < npus / part.npus; ++i) {
    lines.push_back({.first = i / part.stride * part.stride * part.npus + i % part.stride,
                     .stride = part.stride,
                     .npus = part.npus,
                     .dimension = part.dimension});
  }
  return lines;
}

std::vector<LinesOfQueue> lines_of_queues(const Scenario& scenario, const CommunicationPlan& plan,
                                          const std::vector<double>& calls) {
  std::vector<LinesOfQueue> result;
  for (const LogicalDimension& queue : plan.queues) {
    result.push_back({.lines = lines_along(queue.part, scenario.network.npus()), .programs = {}});
  }
  for (std::size_t c = 0; c < plan.calls.size(); ++c) {
    const CommunicationPlan::Call& call = plan.calls[c];
    std::vector<double> chunks(call.plan.plans.size());
    for (const std::uint32_t index : call.plan.plan_of_chunk) ++chunks[index];
    for (std::size_t p = 0; p < chunks.size(); ++p) {
      for (const Phase& phase : call.plan.plans[p]) {
        LinesOfQueue& queue = result[call.queues[phase.part]];
        const GroupDimension& part = plan.queues[call.queues[phase.part]].part;
        const Wire wire(scenario.library, scenario.network, part,
                        scenario.wire_bandwidth(static_cast<std::size_t>(part.dimension)));
        queue.programs.push_back(seat_program(phase.program, wire));
        queue.phases += calls[c] * chunks[p];
        queue.messages +=
            calls[c] * chunks[p] * static_cast<double>(program_messages(phase.program, part.npus));
      }
    }
  }
  return result;
}

// Messages of one round, and what they share.
class RoundSample {
 public:
  explicit RoundSample(WaysAhead& ways) : ways_(ways) {}

  void add(const SeatLine& line, const Block& block, int round) {
    for (int position = 0; position < line.npus; ++position) {
      const int count = block.pattern->sends(line.npus, block, round, position);
      for (int i = 0; i < count; ++i) {
        const int peer = block.pattern->peer(line.npus, block, round, position, i);
        first_.push_back(shared_.size());
        const Message message{
            .from = line.npu_at(position), .to = line.npu_at(peer), .bytes = 1, .dimension = line.dimension};
        ways_.add_shared(message, shared_);
      }
    }
  }
  [[nodiscard]] std::size_t messages() const { return first_.size(); }
  [[nodiscard]] double seconds() {
    first_.push_back(shared_.size());
    std::vector<std::uint32_t> sorted = shared_;
    std::sort(sorted.begin(), sorted.end());
    double seconds = 0.0;
    for (std::size_t m = 0; m + 1 < first_.size(); ++m) {
      bool meets = false;
      for (std::size_t i = first_[m]; i < first_[m + 1] && !meets; ++i) {
        const auto [begin, end] = std::equal_range(sorted.begin(), sorted.end(), shared_[i]);
        meets = end - begin > 1;
      }
      const auto links = static_cast<double>(first_[m + 1] - first_[m]);
      seconds += meets ? met_seconds + links * met_link_seconds : lone_seconds;
    }
    return seconds;
  }

 private:
  WaysAhead& ways_;
  std::vector<std::uint32_t> shared_;
  std::vector<std::size_t> first_;  // of each message
};

// Of a message of a logical dimension, from some rounds of some of its programs.
double seconds_of_a_message(const LinesOfQueue& queue, WaysAhead& ways) {
  if (!ways.known()) return met_seconds + usual_links * met_link_seconds;
  constexpr std::size_t programs = 4;
  constexpr std::size_t enough = 1 << 15;  // messages of a round
  double seconds = 0.0;
  double messages = 0.0;
  const std::size_t step = std::max<std::size_t>(1, queue.programs.size() / programs);
  for (std::size_t p = 0; p < queue.programs.size(); p += step) {
    for (const SeatProgram::Part& part : queue.programs[p].parts) {
      for (const int round : {0, part.block.rounds / 3, part.block.rounds * 2 / 3}) {
        RoundSample sample(ways);
        for (const SeatLine& line : queue.lines) {
          if (sample.messages() > enough) break;
          sample.add(line, part.block, round);
        }
        const double weight = static_cast<double>(part.block.rounds);
        messages += weight * static_cast<double>(sample.messages());
        seconds += weight * sample.seconds();
      }
    }
  }
  return messages > 0.0 ? seconds / messages : 0.0;
}

}  // namespace

double flow_play_seconds(const Scenario& scenario, double most_s) {
  const CommunicationPlan plan = plan_communication(scenario, PhaseTimes::LeftOut);
  const std::vector<double> times = executions(scenario.graph);
  std::vector<double> calls(plan.calls.size());
  double operations = 0.0;
  for (OperationId id = 0; id < times.size(); ++id) {
    operations += times[id] * static_cast<double>(scenario.network.npus());
    const Operation& operation = scenario.graph.operations[id];
    if (operation.kind == OperationKind::Collective) calls[operation.collective] += times[id];
  }
  const std::vector<LinesOfQueue> queues = lines_of_queues(scenario, plan, calls);
  std::vector<PlayedLines> played;
  for (const LinesOfQueue& queue : queues) {
    played.push_back({queue.lines, {}});
    for (const SeatProgram& program : queue.programs) played.back().programs.push_back(&program);
  }
  if (static_cast<double>(messages_once(played)) * look_seconds > most_s)
    return std::numeric_limits<double>::infinity();
  WaysAhead ways(scenario, Crossing::All);
  const std::vector<bool> secluded = secluded_lines(played, ways);
  double seconds = act_seconds * operations;
  std::size_t line = 0;
  for (std::size_t q = 0; q < queues.size(); ++q) {
    // Until it is found that lines meet nobody, everything has been played about twice.
    const double all = queues[q].messages * static_cast<double>(queues[q].lines.size());
    double messages =
        std::min(all, 2.0 * static_cast<double>(messages_once(std::span(played).subspan(q, 1))));
    for (std::size_t i = 0; i < queues[q].lines.size(); ++i, ++line) {
      seconds += act_seconds * queues[q].phases;
      if (secluded.empty() || !secluded[line]) messages += queues[q].messages;
    }
    seconds += std::min(all, messages) * seconds_of_a_message(queues[q], ways);
  }
  return seconds;
}

}  // namespace bandwright
