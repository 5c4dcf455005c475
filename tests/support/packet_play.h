#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "tests/support/flow_rounds.h"

namespace bandwright {

// Packets of 4 KiB, one by one: each link sends its packets in the order in which they have come to it, whole
// (store and forward), over buffers without end. A message offers its next packet when the one before has
// left the sender, so that messages that start together take turns. An oracle of tests for flows, on the same
// ways.
class PacketPlay {
 public:
  static constexpr std::int64_t packet_bytes = 4096;

  explicit PacketPlay(std::vector<double> bytes_per_second)
      : capacity_(std::move(bytes_per_second)), free_(capacity_.size()) {}

  // `arrived` is called when all of it is there.
  void start(const RoundMessage& message, double at_s, std::function<void(double)> arrived) {
    const std::int64_t packets = (message.bytes + packet_bytes - 1) / packet_bytes;
    messages_.push_back({&message, packets, packets, std::move(arrived)});
    events_.push(
        {at_s, next_++, static_cast<std::uint32_t>(messages_.size() - 1), 0, size_of(message, 0), true});
  }

  // The end of the last message.
  double run() {
    double now = 0.0;
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now = event.at_s;
      handle(event);
    }
    return now;
  }

  // The most bytes that ever waited for a link behind others.
  [[nodiscard]] double longest_queue() const { return longest_queue_; }

 private:
  struct Event {
    double at_s;
    std::uint64_t order;  // of those at one moment
    std::uint32_t message;
    std::uint32_t hop;
    std::int64_t bytes;
    bool offered;  // by its sender
    friend bool operator>(const Event& a, const Event& b) {
      return a.at_s != b.at_s ? a.at_s > b.at_s : a.order > b.order;
    }
  };
  struct Sent {
    const RoundMessage* message;
    std::int64_t to_offer;
    std::int64_t to_arrive;
    std::function<void(double)> arrived;
  };

  static std::int64_t size_of(const RoundMessage& message, std::int64_t packet) {
    return std::min(packet_bytes, message.bytes - packet * packet_bytes);
  }

  void handle(const Event& event) {
    const RoundMessage& message = *messages_[event.message].message;
    if (event.hop == message.way.size()) {
      if (--messages_[event.message].to_arrive == 0) {
        const auto arrived = std::move(messages_[event.message].arrived);  // may start others
        arrived(event.at_s);
      }
      return;
    }
    const std::uint32_t link = message.way[event.hop].link;
    longest_queue_ = std::max(longest_queue_, (free_[link] - event.at_s) * capacity_[link]);
    const double sent =
        std::max(event.at_s, free_[link]) + static_cast<double>(event.bytes) / capacity_[link];
    free_[link] = sent;
    const double hop_s = message.latency_s / static_cast<double>(message.way.size());
    events_.push({sent + hop_s, next_++, event.message, event.hop + 1, event.bytes, false});
    if (!event.offered) return;
    Sent& own = messages_[event.message];
    const std::int64_t packets = (message.bytes + packet_bytes - 1) / packet_bytes;
    if (--own.to_offer == 0) return;
    events_.push({sent, next_++, event.message, 0, size_of(message, packets - own.to_offer), true});
  }

  std::vector<double> capacity_;
  std::vector<double> free_;
  std::vector<Sent> messages_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t next_ = 0;
  double longest_queue_ = 0.0;
};

// A collective in rounds: who has received a round's message sends the next.
inline double packets_of_rounds(const RoundsCase& one) {
  PacketPlay play(one.capacity);
  const std::size_t ranks = one.rounds.front().size();
  std::vector<std::size_t> round(ranks);
  std::vector<std::vector<bool>> there(ranks, std::vector<bool>(one.rounds.size()));
  std::function<void(std::uint32_t, double)> begin = [&](std::uint32_t rank, double now) {
    const std::size_t r = round[rank];
    if (r == one.rounds.size()) return;
    const RoundMessage& message = one.rounds[r][rank];
    play.start(message, now, [&, r, to = message.to](double then) {
      there[to][r] = true;
      while (round[to] < one.rounds.size() && there[to][round[to]]) {
        ++round[to];
        begin(to, then);
      }
    });
  };
  for (std::uint32_t rank = 0; rank < ranks; ++rank) begin(rank, 0.0);
  return play.run();
}

// All messages of all rounds at once.
inline double packets_at_once(const RoundsCase& one) {
  PacketPlay play(one.capacity);
  for (const std::vector<RoundMessage>& round : one.rounds) {
    for (const RoundMessage& message : round) play.start(message, 0.0, [](double) {});
  }
  return play.run();
}

}  // namespace bandwright
