#include "collective/phase_time.h"

#include <algorithm>

#include "core/stopping.h"

namespace bandwright {
namespace {

class LineRounds {
 public:
  LineRounds(const Wire& wire, const std::vector<double>& speeds,
             const std::function<void(std::int64_t)>& on_messages)
      : wire_(wire),
        speeds_(speeds),
        on_messages_(on_messages),
        n_(wire.npus()),
        own_ports_(wire.ports() > 1),
        begun_(size(n_), wire.endpoint_delay()),
        arrived_(size(n_)),
        free_(own_ports_ ? size(n_) * size(n_) : size(n_)) {}

  void play(const Block& block) {
    occupancies_.clear();
    for (const double speed : speeds_) occupancies_.push_back(wire_.occupancy(block.bytes, speed));
    occupancy_ = wire_.occupancy(block.bytes);
    reduction_ = wire_.reduction(block.reduced);
    for (int round = 0; round < block.rounds; ++round) {
      for (int p = 0; p < n_; ++p) {
        stop_.look();  // it may have messages for all others
        untold_ += send(block, round, p);
        if (untold_ >= told_at_once) tell();
      }
      for (int p = 0; p < n_; ++p) receive(block, round, p);
    }
  }

  [[nodiscard]] Time end() const { return *std::max_element(begun_.begin(), begun_.end()); }

 private:
  static constexpr std::int64_t told_at_once = 1 << 20;  // messages: some milliseconds
  static std::size_t size(int n) { return static_cast<std::size_t>(n); }

  void tell() {
    if (on_messages_) on_messages_(untold_);
    untold_ = 0;
  }

  int send(const Block& block, int round, int p) {
    const Time occupancy = occupancies_.empty() ? occupancy_ : occupancies_[size(p)];
    const int count = block.pattern->sends(n_, block, round, p);
    for (int i = 0; i < count; ++i) {
      const int peer = block.pattern->peer(n_, block, round, p, i);
      Time& free = free_[own_ports_ ? size(p) * size(n_) + size(peer) : size(p)];
      free = std::max(free, begun_[size(p)]) + occupancy;
      Time& arrived = arrived_[size(peer)];
      arrived = std::max(arrived, free + wire_.latency(p, peer));
    }
    return count;
  }

  void receive(const Block& block, int round, int p) {
    const int count = block.pattern->receives(n_, block, round, p);
    if (count == 0) return;
    Time& begun = begun_[size(p)];
    const Time after = wire_.endpoint_delay() + reduction_ * (block.each ? count : 1);
    begun = std::max(begun, arrived_[size(p)]) + after;
    arrived_[size(p)] = Time(0);
  }

  const Wire& wire_;
  const std::vector<double>& speeds_;
  const std::function<void(std::int64_t)>& on_messages_;
  std::int64_t untold_ = 0;  // messages
  int n_;
  bool own_ports_;                 // an NPU has one for each peer
  std::vector<Time> begun_;        // of each position: its round
  std::vector<Time> arrived_;      // the last message of the round
  std::vector<Time> free_;         // ports
  std::vector<Time> occupancies_;  // by position, where they differ
  Time occupancy_;
  Time reduction_;
  StopCheck stop_;
};

}  // namespace

Time phase_time(const Wire& wire, const Program& program, const std::vector<double>& speeds,
                const std::function<void(std::int64_t)>& on_messages) {
  LineRounds rounds(wire, speeds, on_messages);
  for (const Block& block : program) rounds.play(block);
  return rounds.end();
}

}  // namespace bandwright
