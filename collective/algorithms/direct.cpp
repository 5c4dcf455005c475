#include "collective/algorithms/direct.h"

#include <algorithm>

namespace bandwright {
namespace {

// When the last of n-1 messages from position 0 arrives.
Time last_arrival(const Wire& wire, std::int64_t bytes) {
  const int n = wire.npus();
  const Time port = wire.occupancy(bytes);
  Time last;
  for (int k = 1; k < n; ++k) {
    const Time sent = wire.ports() > 1 ? port : port * k;
    last = std::max(last, sent + wire.latency(0, k));
  }
  return last;
}

class Everyone final : public Pattern {
 public:
  int sends(int n, const Block&, int, int) const override { return n - 1; }
  int peer(int n, const Block&, int, int position, int index) const override {
    return (position + 1 + index) % n;
  }
  int receives(int n, const Block&, int, int) const override { return n - 1; }
  std::int64_t messages(int n, const Block& block) const override {
    return std::int64_t{n} * (n - 1) * block.rounds;
  }
  Time duration(const Wire& wire, const Block& block) const override {
    return last_arrival(wire, block.bytes) + wire.endpoint_delay() + wire.reduction(block.reduced);
  }
  bool knows_uneven_lines() const override { return false; }
  std::int64_t in_turn(int n, const Block&, bool side_by_side) const override {
    return side_by_side ? 1 : n - 1;
  }
};

class FromRoot final : public Pattern {
 public:
  int sends(int n, const Block&, int, int position) const override { return position == 0 ? n - 1 : 0; }
  int peer(int, const Block&, int, int, int index) const override { return index + 1; }
  int receives(int, const Block&, int, int position) const override { return position == 0 ? 0 : 1; }
  std::int64_t messages(int n, const Block&) const override { return n - 1; }
  Time duration(const Wire& wire, const Block& block) const override {
    return last_arrival(wire, block.bytes) + wire.endpoint_delay();
  }
  std::int64_t in_turn(int n, const Block&, bool side_by_side) const override {
    return side_by_side ? 1 : n - 1;
  }
};

class ToRoot final : public Pattern {
 public:
  int sends(int, const Block&, int, int position) const override { return position == 0 ? 0 : 1; }
  int peer(int, const Block&, int, int, int) const override { return 0; }
  int receives(int n, const Block&, int, int position) const override { return position == 0 ? n - 1 : 0; }
  std::int64_t messages(int n, const Block&) const override { return n - 1; }
  Time duration(const Wire& wire, const Block& block) const override {
    Time farthest;
    for (int p = 1; p < wire.npus(); ++p) farthest = std::max(farthest, wire.latency(p, 0));
    return wire.occupancy(block.bytes) + farthest + wire.endpoint_delay();
  }
  std::int64_t in_turn(int, const Block&, bool) const override { return 1; }
};

const Everyone everyone;
const FromRoot from_root;
const ToRoot to_root;

Program direct_program(CollectiveKind phase, int n, int) {
  const ByteShare part = {1, n};
  const Block scatter = {&everyone, 1, part, part};
  const Block gather = {&everyone, 1, part};
  switch (phase) {
    case CollectiveKind::ReduceScatter:
      return {scatter};
    case CollectiveKind::AllReduce:
      return {scatter, gather};
    case CollectiveKind::AllGather:
      return {{&everyone, 1}};
    case CollectiveKind::AllToAll:
      return {gather};
    case CollectiveKind::Broadcast:
      return {{&from_root, 1, part}, gather};
    default:  // reduce
      return {scatter, {&to_root, 1, part}};
  }
}

bool direct_serves(CollectiveKind phase, int) { return phase != CollectiveKind::PointToPoint; }

}  // namespace

CollectiveAlgorithm direct_algorithm() {
  return {.name = "direct",
          .help = "every NPU sends to every other at once",
          .sizes = "any number of NPUs, but no point-to-point",
          .serves = direct_serves,
          .program = direct_program};
}

}  // namespace bandwright
