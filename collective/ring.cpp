#include "collective/ring.h"

#include <algorithm>

namespace bandwright {
namespace {

// How much longer the slowest of the n neighbour messages is under way than the first: on a part of a ring
// the last NPU's message goes all the way back.
Time wrap_delay(const Wire& wire) {
  const int n = wire.npus();
  return std::max(Time(0), wire.latency(n - 1, 0) - wire.latency(0, 1));
}

// A chain of dependent messages crosses the wrap-around once in n rounds.
Time wrap_delays(const Wire& wire, int rounds) {
  return checked_times((rounds + wire.npus() - 1) / wire.npus(), wrap_delay(wire));
}

class Next final : public Pattern {
 public:
  int sends(int, const Block&, int, int) const override { return 1; }
  int peer(int n, const Block&, int, int position, int) const override {
    return position + 1 == n ? 0 : position + 1;
  }
  int receives(int, const Block&, int, int) const override { return 1; }
  std::int64_t messages(int n, const Block& block) const override { return std::int64_t{n} * block.rounds; }
  Time duration(const Wire& wire, const Block& block) const override {
    const Time round = wire.occupancy(block.bytes) + wire.latency(0, 1) + wire.endpoint_delay() +
                       wire.reduction(block.reduced);
    return checked_times(block.rounds, round) + wrap_delays(wire, block.rounds);
  }
};

// One message each way in a round, the one to the next NPU first.
class Both final : public Pattern {
 public:
  int sends(int, const Block&, int, int) const override { return 2; }
  int peer(int n, const Block&, int, int position, int index) const override {
    const int step = index == 0 ? 1 : n - 1;
    return position + step >= n ? position + step - n : position + step;
  }
  int receives(int, const Block&, int, int) const override { return 2; }
  std::int64_t messages(int n, const Block& block) const override {
    return 2 * std::int64_t{n} * block.rounds;
  }
  Time duration(const Wire& wire, const Block& block) const override {
    const bool side_by_side = wire.ports() > 1 && wire.npus() > 2;  // each neighbour has a port of its own
    const Time round = (side_by_side ? 1 : 2) * wire.occupancy(block.bytes) + wire.latency(0, 1) +
                       wire.endpoint_delay() + wire.reduction(block.reduced);
    return checked_times(block.rounds, round) + wrap_delays(wire, block.rounds);
  }
};

// `parameter` segments pass one after the other from position 0 through all others (or, as a reduction, from
// the last to position 0): in round r the NPU at distance k from the source sends segment r - k.
template <bool to_source>
class Chain final : public Pattern {
 public:
  int sends(int n, const Block& block, int round, int position) const override {
    const int k = place(n, position);
    return k < n - 1 && round >= k && round - k < block.parameter ? 1 : 0;
  }
  int peer(int, const Block&, int, int position, int) const override {
    return to_source ? position - 1 : position + 1;
  }
  int receives(int n, const Block& block, int round, int position) const override {
    const int k = place(n, position);
    return k > 0 && round >= k - 1 && round - (k - 1) < block.parameter ? 1 : 0;
  }
  std::int64_t messages(int n, const Block& block) const override {
    return std::int64_t{n - 1} * block.parameter;
  }
  // A pipeline of n-1 links and n-1 receivers, in which every segment follows the slower of the two.
  Time duration(const Wire& wire, const Block& block) const override {
    const Time port = wire.occupancy(block.bytes);
    const Time receiver = wire.endpoint_delay() + wire.reduction(block.reduced);
    return checked_times(wire.npus() - 1, port + wire.latency(0, 1) + receiver) +
           checked_times(block.parameter - 1, std::max(port, receiver));
  }

 private:
  static int place(int n, int position) { return to_source ? n - 1 - position : position; }
};

const Next next;
const Both both;
const Chain<false> from_source;
const Chain<true> to_source;

Block chain_block(const Pattern& pattern, const Wire& wire, std::int64_t bytes, bool reduces) {
  const int segments = 4 * wire.npus();
  const std::int64_t part = wire.part(bytes, segments);
  return {.pattern = &pattern,
          .rounds = wire.npus() - 2 + segments,
          .bytes = part,
          .reduced = reduces ? part : 0,
          .parameter = segments};
}

// The rounds a ring and its two-way variant share, on messages cut into `ways` parts.
Program circulate(const Pattern& pattern, CollectiveKind phase, const Wire& wire, std::int64_t bytes,
                  int ways) {
  const int rounds = wire.npus() - 1;
  const std::int64_t part = wire.part(bytes, wire.npus());
  const Block scatter = {&pattern, rounds, wire.part(part, ways), part};
  switch (phase) {
    case CollectiveKind::ReduceScatter:
      return {scatter};
    case CollectiveKind::AllReduce:
      return {scatter, {&pattern, rounds, wire.part(part, ways)}};
    case CollectiveKind::AllGather:
      return {{&pattern, rounds, wire.part(bytes, ways)}};
    case CollectiveKind::Broadcast:
      return {chain_block(from_source, wire, bytes, false)};
    case CollectiveKind::Reduce:
      return {chain_block(to_source, wire, bytes, true)};
    default:
      return {{&next, 1, bytes}};  // point-to-point
  }
}

Program ring_program(CollectiveKind phase, const Wire& wire, std::int64_t bytes, int) {
  const int n = wire.npus();
  if (phase != CollectiveKind::AllToAll) return circulate(next, phase, wire, bytes, 1);
  return {{&next, n * (n - 1) / 2, wire.part(bytes, n)}};
}

Program ring_both_program(CollectiveKind phase, const Wire& wire, std::int64_t bytes, int) {
  const int n = wire.npus();
  if (phase != CollectiveKind::AllToAll) return circulate(both, phase, wire, bytes, 2);
  const int reach = (n - 1) / 2;
  const std::int64_t part = wire.part(bytes, n);
  Program program;
  if (reach > 0) program.push_back({&both, reach * (reach + 1) / 2, part});
  if (n % 2 == 0) program.push_back({&both, n / 2, wire.part(part, 2)});
  return program;
}

bool any_size(CollectiveKind, int) { return true; }
// n(n-1)/2 rounds are counted in an int.
bool ring_serves(CollectiveKind phase, int n) { return phase != CollectiveKind::AllToAll || n <= 1 << 15; }

}  // namespace

CollectiveAlgorithm ring_algorithm() {
  return {.name = "ring",
          .help = "each NPU passes parts to the next one, in one direction",
          .sizes = "any number of NPUs (all-to-all: up to 32768)",
          .otherwise = "direct",
          .serves = ring_serves,
          .program = ring_program};
}

CollectiveAlgorithm ring_both_algorithm() {
  return {.name = "ring-both",
          .help = "a ring in both directions, each with half of the data",
          .sizes = "any number of NPUs",
          .otherwise = "ring",
          .serves = any_size,
          .program = ring_both_program};
}

}  // namespace bandwright
