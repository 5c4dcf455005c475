#include "collective/algorithms/halving_doubling.h"

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
  std::int64_t in_turn(int, const Block&, bool) const override { return 1; }
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
  bool knows_uneven_lines() const override { return false; }
  std::int64_t in_turn(int, const Block& block, bool) const override { return block.rounds; }
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
  std::int64_t in_turn(int, const Block&, bool) const override { return 1; }

 private:
  static bool on_side(const Block& block, int position, bool upper) {
    return position % (2 * block.parameter) == (upper ? block.parameter : 0);
  }
};

const Exchange exchange;
const Shift shift;
const Binomial<false> scatter_from_root;
const Binomial<true> gather_to_root;

void halve(Program& program, int n) {
  for (int distance = 1; distance < n; distance *= 2) {
    const bool last = 2 * distance == n;
    const ByteShare next = {1, std::int64_t{4} * distance};
    program.push_back(
        {&exchange, 1, {1, std::int64_t{2} * distance}, last ? ByteShare{0, 1} : next, distance});
  }
}

// Sends what the NPU has, `first` to begin with.
void double_up(Program& program, int n, const ByteShare& first) {
  for (std::int64_t distance = n / 2, parts = 1; distance >= 1; distance /= 2, parts *= 2) {
    program.push_back({&exchange, 1, {first.count * parts, first.of}, {0, 1}, static_cast<int>(distance)});
  }
}

Program halving_doubling_program(CollectiveKind phase, int n, int) {
  Program program;
  switch (phase) {
    case CollectiveKind::ReduceScatter:
      halve(program, n);
      break;
    case CollectiveKind::AllReduce:
      halve(program, n);
      double_up(program, n, {2, std::int64_t{2} * n});  // the reference rounds to an even size
      break;
    case CollectiveKind::AllGather:
      double_up(program, n, {1, 1});
      break;
    case CollectiveKind::AllToAll:
      program.push_back({&shift, n - 1, {1, n}});
      break;
    case CollectiveKind::Broadcast:
      for (int distance = n / 2; distance >= 1; distance /= 2) {
        program.push_back({&scatter_from_root, 1, {distance, n}, {0, 1}, distance});
      }
      double_up(program, n, {1, n});
      break;
    default:  // reduce
      halve(program, n);
      for (int distance = 1; distance < n; distance *= 2) {
        program.push_back({&gather_to_root, 1, {distance, n}, {0, 1}, distance});
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
          .serves = halving_doubling_serves,
          .program = halving_doubling_program};
}

}  // namespace bandwright
