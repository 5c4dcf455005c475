#include "collective/algorithms/ring.h"

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
  return wrap_delay(wire) * ((rounds + wire.npus() - 1) / wire.npus());
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
    return round * block.rounds + wrap_delays(wire, block.rounds);
  }
  std::int64_t in_turn(int, const Block& block, bool) const override { return block.rounds; }
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
    const Time round = per_round(wire.npus(), wire.ports() > 1) * wire.occupancy(block.bytes) +
                       wire.latency(0, 1) + wire.endpoint_delay() + wire.reduction(block.reduced);
    return round * block.rounds;
  }
  bool knows_uneven_lines() const override { return false; }
  std::int64_t in_turn(int n, const Block& block, bool side_by_side) const override {
    return per_round(n, side_by_side) * block.rounds;
  }

 private:
  // Two, unless each neighbour has a port of its own.
  static std::int64_t per_round(int n, bool side_by_side) { return side_by_side && n > 2 ? 1 : 2; }
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
    return (port + wire.latency(0, 1) + receiver) * (wire.npus() - 1) +
           std::max(port, receiver) * (block.parameter - 1);
  }
  std::int64_t in_turn(int n, const Block& block, bool) const override { return n - 2 + block.parameter; }

 private:
  static int place(int n, int position) { return to_source ? n - 1 - position : position; }
};

const Next next;
const Both both;
const Chain<false> from_source;
const Chain<true> to_source;

Block chain_block(const Pattern& pattern, int n, bool reduces) {
  const int segments = 4 * n;
  const ByteShare part = {1, segments};
  return {.pattern = &pattern,
          .rounds = n - 2 + segments,
          .message = part,
          .reduces = reduces ? part : ByteShare{0, 1},
          .parameter = segments};
}

// The rounds a ring and its two-way variant share, on messages cut into `ways` parts.
Program circulate(const Pattern& pattern, CollectiveKind phase, int n, int ways) {
  const int rounds = n - 1;
  const ByteShare cut = {1, std::int64_t{n} * ways};
  const Block scatter = {&pattern, rounds, cut, {1, n}};
  switch (phase) {
    case CollectiveKind::ReduceScatter:
      return {scatter};
    case CollectiveKind::AllReduce:
      return {scatter, {&pattern, rounds, cut}};
    case CollectiveKind::AllGather:
      return {{&pattern, rounds, {1, ways}}};
    case CollectiveKind::Broadcast:
      return {chain_block(from_source, n, false)};
    case CollectiveKind::Reduce:
      return {chain_block(to_source, n, true)};
    default:
      return {{&next, 1}};  // point-to-point
  }
}

Program ring_program(CollectiveKind phase, int n, int) {
  if (phase != CollectiveKind::AllToAll) return circulate(next, phase, n, 1);
  return {{&next, n * (n - 1) / 2, {1, n}}};
}

Program ring_both_program(CollectiveKind phase, int n, int) {
  if (phase != CollectiveKind::AllToAll) return circulate(both, phase, n, 2);
  const int reach = (n - 1) / 2;
  Program program;
  if (reach > 0) program.push_back({&both, reach * (reach + 1) / 2, {1, n}});
  if (n % 2 == 0) program.push_back({&both, n / 2, {1, std::int64_t{2} * n}});
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
          .serves = ring_serves,
          .program = ring_program};
}

CollectiveAlgorithm ring_both_algorithm() {
  return {.name = "ring-both",
          .help = "a ring in both directions, each with half of the data",
          .sizes = "any number of NPUs",
          .serves = any_size,
          .program = ring_both_program};
}

}  // namespace bandwright
