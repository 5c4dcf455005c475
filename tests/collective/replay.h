#pragma once
#include <algorithm>
#include <vector>

#include "collective/algorithm.h"

namespace bandwright {

// The messages of a program, one by one, on a line whose NPUs start together: another statement of
// Pattern::duration. An NPU's messages leave in their order through its port (or each peer's), and it goes on
// when the last one of the round that it waits for has come, was taken and added.
class Replay {
 public:
  explicit Replay(const Wire& wire)
      : wire_(wire), n_(wire.npus()), begun_(index(n_)), free_(index(n_ * n_)) {}

  void play(const Block& block) {
    for (int round = 0; round < block.rounds; ++round) play(block, round);
  }
  [[nodiscard]] Time end() const { return *std::max_element(begun_.begin(), begun_.end()); }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  void play(const Block& block, int round) {
    std::vector<Time> last(index(n_));
    std::vector<int> count(index(n_), 0);
    for (int p = 0; p < n_; ++p) {
      for (int i = 0; i < block.pattern->sends(n_, block, round, p); ++i) {
        const int peer = block.pattern->peer(n_, block, round, p, i);
        Time& port = free_[index(p * n_ + (wire_.ports() > 1 ? peer : 0))];
        port = std::max(port, begun_[index(p)]) + wire_.occupancy(block.bytes);
        last[index(peer)] = std::max(last[index(peer)], port + wire_.latency(p, peer));
        ++count[index(peer)];
      }
    }
    for (int p = 0; p < n_; ++p) {
      if (count[index(p)] == 0) continue;
      const Time added = wire_.reduction(block.reduced) * (block.each ? count[index(p)] : 1);
      begun_[index(p)] = std::max(begun_[index(p)], last[index(p)]) + wire_.endpoint_delay() + added;
    }
  }

  const Wire& wire_;
  int n_;
  std::vector<Time> begun_;  // of each NPU: its round
  std::vector<Time> free_;   // of its ports
};

}  // namespace bandwright
