#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "collective/collective.h"
#include "collective/wire.h"

namespace bandwright {

struct Block;

// Who sends to whom in the rounds of a block. In a round each position (0 .. n-1 of a line of n NPUs) sends
// its messages, waits for those of the round it is to receive, and goes on to the next round.
//
// Implementations state the pattern twice, and the tests hold one against the other: message by message for
// full fidelity, and as the time the whole block takes when all start together and only ports are shared.
// Where only bandwidth takes time, the latter is a number of messages that follow each other: the closed
// form's.
class Pattern {
 public:
  Pattern() = default;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  virtual ~Pattern() = default;

  [[nodiscard]] virtual int sends(int n, const Block& block, int round, int position) const = 0;
  // The receiver of the index-th of them.
  [[nodiscard]] virtual int peer(int n, const Block& block, int round, int position, int index) const = 0;
  [[nodiscard]] virtual int receives(int n, const Block& block, int round, int position) const = 0;
  // Messages of all positions and rounds together.
  [[nodiscard]] virtual std::int64_t messages(int n, const Block& block) const = 0;
  [[nodiscard]] virtual Time duration(const Wire& wire, const Block& block) const = 0;
  // Whether programs take the sum of that on lines that are not even (Wire), too.
  [[nodiscard]] virtual bool knows_uneven_lines() const { return true; }
  // Messages, one after the other, from the first to the last. `side_by_side`: an NPU has a port per peer.
  [[nodiscard]] virtual std::int64_t in_turn(int n, const Block& block, bool side_by_side) const = 0;
};

// Rounds of one pattern with messages of one size.
struct Block {
  const Pattern* pattern = nullptr;  // static
  int rounds = 1;
  ByteShare message;           // of the phase's bytes, in each message
  ByteShare reduces = {0, 1};  // that a receiver reduces after a round
  int parameter = 0;           // of the pattern: a distance, a number of segments, a tree
  bool each = false;           // reduces that much for each message of the round

  // The same in bytes, in the program of a phase (`sized`).
  std::int64_t bytes = 0;
  std::int64_t reduced = 0;

  friend bool operator==(const Block&, const Block&) = default;
};

// What the NPUs of one line do to run a phase: its blocks one after the other, after one endpoint delay.
using Program = std::vector<Block>;

// A way to run the phases of a collective on one dimension, as Collective defines them. The program is the
// same for any size; `chunk` numbers the chunks of a collective, for algorithms that alternate.
struct CollectiveAlgorithm {
  std::string_view name;
  std::string_view help;
  std::string_view sizes;  // it serves, in words
  bool (*serves)(CollectiveKind phase, int n);
  Program (*program)(CollectiveKind phase, int n, int chunk);
};

// ring, ring-both, direct, halving-doubling, double-binary-tree: the catalogue.
std::span<const CollectiveAlgorithm> collective_algorithms();
const CollectiveAlgorithm& collective_algorithm(std::string_view name);  // throws InputError with the choices

// What the library names for a network dimension and phase, else for the dimension's kind; null for neither.
const CollectiveAlgorithm* named_algorithm(const Library& library, int dimension, const DimensionKind& kind,
                                           CollectiveKind phase);

// The algorithm in use for a phase on a line of n NPUs of a kind: the named one where it serves, else the
// kind's natural one, else the fastest that does (of as fast ones that with the fewest rounds).
const CollectiveAlgorithm& algorithm_for(const CollectiveAlgorithm* named, const DimensionKind& kind,
                                         CollectiveKind phase, int n);

// The program of a phase that NPUs enter with so many bytes.
Program sized(Program program, const Wire& wire, std::int64_t bytes);
// The time of such a program on one line whose NPUs start together; played where a pattern does not know it.
Time program_time(const Wire& wire, const Program& program);
bool played_for_its_time(const Wire& wire, const Program& program);
// Messages of all NPUs of a line in it.
std::int64_t program_messages(const Program& program, int npus);
// Bytes an NPU sends in it, on average over the line.
double program_bytes(const Wire& wire, const Program& program);

// What a phase takes of each byte that an NPU enters it with, where only bandwidth takes time. Exact: numbers
// of `of` equal parts.
struct PhasePrice {
  double busy = 0.0;  // bytes that take as long at the NPU's whole bandwidth
  double sent = 0.0;  // bytes an NPU sends, on average
  double of = 1.0;
  double steps = 0.0;  // messages that follow each other
};
PhasePrice price_of(const Program& program, int n, int ports);
// Of the algorithm in use. A line that spans its dimension; on a part of it, what Group's share says.
PhasePrice phase_price(const CollectiveAlgorithm* named, const DimensionKind& kind, CollectiveKind phase,
                       int n);

}  // namespace bandwright
