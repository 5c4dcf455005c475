#include "collective/halving_doubling.h"

#include <algorithm>

namespace bandwright {
namespace {

// Time of one message between partners at a distance, received.
Time exchange_time(const Wire& wire, const Block& block, int distance) {
  return wire.occupancy(block.bytes) + wire.latency(0, distance) + wire.endpoint_delay() +
         wire.reduction(block.reduced);
}

// Everyone exchanges with the partner whose id differs in the bit `parameter`.
class Exchange final : public Pattern {
 public:
  int sends(int, const Block&, int, int) const override { return 1; }
  int peer(int, const Block& block, int, int position, int) const override {
    return position ^ block.parameter;
  }
  int receives(int, const Block&, int, int) const override { return 1; }
  std::int64_t messages(int n, const Block& block) const override { return std::int64_t{n} * block.rounds; }
  Time duration(const Wire& wire, const Block& block) const override {
    return exchange_time(wire, block, block.parameter);
  }
};

// Round r: everyone sends to the NPU r + 1 further on, around the end.
class Shift final : public Pattern {
 public:
  int sends(int, const Block&, int, int) const override { return 1; }
  int peer(int n, const Block&, int round, int position, int) const override {
    return (position + round + 1) % n;
  }
  int receives(int, const Block&, int, int) const override { return 1; }
  std::int64_t messages(int n, const Block& block) const override { return std::int64_t{n} * block.rounds; }
  Time duration(const Wire& wire, const Block& block) const override {
    Time total;
    for (int distance = 1; distance <= block.rounds; ++distance) {
      total += exchange_time(wire, block, distance);
    }
    return total;
  }
};

// Multiples of 2d, d = parameter, send to the NPU d above (or receive from it).
template <bool to_root>
class Binomial final : public Pattern {
 public:
  int sends(int, const Block& block, int, int position) const override {
    return on_side(block, position, to_root) ? 1 : 0;
  }
  int peer(int, const Block& block, int, int position, int) const override {
    return to_root ? position - block.parameter : position + block.parameter;
  }
  int receives(int, const Block& block, int, int position) const override {
    return on_side(block, position, !to_root) ? 1 : 0;
  }
  std::int64_t messages(int n, const Block& block) const override { return n / (2 * block.parameter); }
  Time duration(const Wire& wire, const Block& block) const override {
    return exchange_time(wire, block, block.parameter);
  }

 private:
  static bool on_side(const Block& block, int position, bool upper) {
    return position % (2 * block.parameter) == (upper ? block.parameter : 0);
  }
};

const Exchange exchange;
const Shift shift;
const Binomial<false> scatter_from_root;
const Binomial<true> gather_to_root;

// Returns the size of the last message.
std::int64_t halve(Program& program, const Wire& wire, std::int64_t bytes) {
  for (int distance = 1; distance < wire.npus(); distance *= 2) {
    bytes = wire.part(bytes, 2);
    const bool last = 2 * distance == wire.npus();
    program.push_back({&exchange, 1, bytes, last ? 0 : wire.part(bytes, 2), distance});
  }
  return bytes;
}

void double_up(Program& program, const Wire& wire, std::int64_t bytes) {
  for (int distance = wire.npus() / 2; distance >= 1; distance /= 2, bytes *= 2) {
    program.push_back({&exchange, 1, bytes, 0, distance});
  }
}

Program halving_doubling_program(CollectiveKind phase, const Wire& wire, std::int64_t bytes, int) {
  const int n = wire.npus();
  Program program;
  switch (phase) {
    case CollectiveKind::ReduceScatter:
      halve(program, wire, bytes);
      break;
    case CollectiveKind::AllReduce: {
      const std::int64_t last = halve(program, wire, bytes);
      double_up(program, wire,
                wire.truncates() ? last / 2 * 2 : last);  // the reference rounds to an even size
      break;
    }
    case CollectiveKind::AllGather:
      double_up(program, wire, bytes);
      break;
    case CollectiveKind::AllToAll:
      program.push_back({&shift, n - 1, wire.part(bytes, n)});
      break;
    case CollectiveKind::Broadcast:
      for (int distance = n / 2; distance >= 1; distance /= 2) {
        program.push_back({&scatter_from_root, 1, wire.part(bytes, n) * distance, 0, distance});
      }
      double_up(program, wire, wire.part(bytes, n));
      break;
    default:  // reduce
      halve(program, wire, bytes);
      for (int distance = 1; distance < n; distance *= 2) {
        program.push_back({&gather_to_root, 1, wire.part(bytes, n) * distance, 0, distance});
      }
  }
  return program;
}

bool halving_doubling_serves(CollectiveKind phase, int n) {
  return (n & (n - 1)) == 0 && phase != CollectiveKind::PointToPoint;
}

}  // namespace

CollectiveAlgorithm halving_doubling_algorithm() {
  return {.name = "halving-doubling",
          .help = "exchanges with partners at distances 1, 2, 4 ..., halving and doubling the data",
          .sizes = "powers of two, but no point-to-point",
          .otherwise = "ring",
          .serves = halving_doubling_serves,
          .program = halving_doubling_program};
}

}  // namespace bandwright
