#include "collective/algorithms/bruck.h"

#include <algorithm>

namespace bandwright {
namespace {

// Everyone sends to the NPU `parameter` further on.
class Onwards final : public Pattern {
 public:
  int sends(int, const Block&, int, int) const override { return 1; }
  int peer(int n, const Block& block, int, int position, int) const override {
    return (position + block.parameter) % n;
  }
  int receives(int, const Block&, int, int) const override { return 1; }
  std::int64_t messages(int n, const Block& block) const override { return std::int64_t{n} * block.rounds; }
  Time duration(const Wire& wire, const Block& block) const override {
    return wire.occupancy(block.bytes) + wire.latency(0, block.parameter) + wire.endpoint_delay() +
           wire.reduction(block.reduced);
  }
  bool knows_uneven_lines() const override { return false; }
  std::int64_t in_turn(int, const Block& block, bool) const override { return block.rounds; }
};

const Onwards onwards;

// Numbers below n that have the bit.
std::int64_t with_bit(int n, int bit) {
  const std::int64_t period = std::int64_t{2} * bit;
  return n / period * bit + std::max<std::int64_t>(0, n % period - bit);
}

Program bruck_program(CollectiveKind phase, int n, int) {
  Program program;
  for (std::int64_t distance = 1; distance < n; distance *= 2) {
    const auto bit = static_cast<int>(distance);
    const ByteShare gathered = {std::min(distance, n - distance), 1};
    const ByteShare passed_on = {with_bit(n, bit), n};
    const bool gathers = phase == CollectiveKind::AllGather;
    program.push_back({.pattern = &onwards, .message = gathers ? gathered : passed_on, .parameter = bit});
  }
  return program;
}

bool bruck_serves(CollectiveKind phase, int) {
  return phase == CollectiveKind::AllGather || phase == CollectiveKind::AllToAll;
}

}  // namespace

CollectiveAlgorithm bruck_algorithm() {
  return {.name = "bruck",
          .help = "to NPUs 1, 2, 4 ... further on, in as few rounds as can be",
          .sizes = "all-gather and all-to-all, over any number of NPUs",
          .serves = bruck_serves,
          .program = bruck_program};
}

}  // namespace bandwright
