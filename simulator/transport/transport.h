#pragma once
#include <cstdint>

#include "simulator/event_queue.h"

namespace bandwright {

// An event of a step that is played NPU by NPU.
struct PlayEvent {
  enum Kind : std::uint32_t {
    OperationEnds,   // subject: NPU, detail: operation
    PhaseEnds,       // subject: line or seat, detail: how many lines after it that end with it
    MessageArrives,  // subject: seat of the receiver, detail: round
    TransportActs,   // subject: the transport's own
  };
  std::uint32_t subject;
  std::uint32_t kind : 3;
  std::uint32_t detail : 29;
};
using PlayEvents = EventQueue<PlayEvent>;
constexpr std::uint32_t max_detail = (std::uint32_t{1} << 29) - 1;
constexpr PlayEvent play_event(PlayEvent::Kind kind, std::uint32_t subject, std::uint32_t detail = 0) {
  return {subject, static_cast<std::uint32_t>(kind) & 7U, detail & max_detail};
}

// Bytes on their way from one NPU to another.
struct Message {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t bytes = 0;
  int dimension = -1;         // the only one in which the two differ; -1: any
  bool lone = false;          // of a send and its receive, not of a collective: see the transports
  bool among_others = false;  // its sender sends several in the same round of a collective
  // The sender's seat in a collective, and the round it sends in: messages of later rounds leave after those
  // of earlier ones. -1: no seat.
  std::int64_t seat = -1;
  std::uint32_t round = 0;
  PlayEvent arrival{};  // what happens when the last byte is there
};

// What carries messages: it knows NPUs, ports and links, and nothing of the program that sends. A transport
// owns what messages share, and tells each arrival by pushing the message's own event.
//
//   player  -- send(message, begun) -->  transport  -- arrival -->  events  -->  player
//
// What is due later it pushes as TransportActs and gets back in handle(). Events of one moment come one by
// one; after the last of them settle() is called, where capacity can be shared anew. It may push more of that
// moment.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // A message that could leave at `begun`, now or later.
  virtual void send(const Message& message, Time begun) = 0;
  virtual void handle(std::uint32_t subject) = 0;
  virtual void settle() = 0;
};

}  // namespace bandwright
