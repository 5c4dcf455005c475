#pragma once
#include <cstdint>

#include "runner/crew.h"
#include "runner/message.h"

namespace bandwright {

// How ranks talk. Each message begins with its kind and the number of the meeting that it belongs to, so that
// one that comes late is known for what it is.
enum class Talk : std::uint8_t {
  Ask,     // to the first: for pieces
  Give,    // from it: pieces [first, end); none left where they are equal
  Done,    // to it: a piece and what it computed
  Undone,  // to it: as many pieces will not be computed; a problem, "" for a stop
  End,     // from it: whether stopped, a problem, what the others computed
  Text,    // from it: a text for all
  Left,    // to it: a rank is at its end, with a problem or ""
  Leave,   // from it: all may go
};

inline std::string begin_talk(Talk talk, std::uint32_t meeting) {
  std::string bytes;
  put(bytes, talk);
  put(bytes, meeting);
  return bytes;
}

// The work with the ranks of a meeting, at the first and at another one. As Crew::run. `left`: counts the
// ranks that ended meanwhile; at another rank than the first, the first one alone.
bool lead_work(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left);
bool follow_work(Ranks& ranks, std::uint32_t meeting, int threads, const NumberedWork& work, int& left);

// The next message, waited for. MPI has no way to sleep until then: it is asked more and more seldom.
Ranks::Message wait_for_message(Ranks& ranks);

}  // namespace bandwright
