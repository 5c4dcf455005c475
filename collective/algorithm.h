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
};

// Rounds of one pattern with messages of one size.
struct Block {
  const Pattern* pattern = nullptr;  // static
  int rounds = 1;
  std::int64_t bytes = 0;    // of each message
  std::int64_t reduced = 0;  // bytes a receiver reduces after a round
  int parameter = 0;         // of the pattern: a distance, a number of segments, a tree
  bool each = false;         // reduces that much for each message of the round
  friend bool operator==(const Block&, const Block&) = default;
};

// What the NPUs of one line do to run a phase: its blocks one after the other, after one endpoint delay.
using Program = std::vector<Block>;

// A way to run the phases of a collective on one dimension. `bytes` is what an NPU enters the phase with, as
// in Collective; `chunk` numbers the chunks of a collective, for algorithms that alternate.
struct CollectiveAlgorithm {
  std::string_view name;
  std::string_view help;
  std::string_view sizes;      // in words
  std::string_view otherwise;  // the closest algorithm for what this one does not serve; empty: serves all
  bool (*serves)(CollectiveKind phase, int n);
  Program (*program)(CollectiveKind phase, const Wire& wire, std::int64_t bytes, int chunk);
};

// ring, ring-both, direct, halving-doubling, double-binary-tree: the catalogue.
std::span<const CollectiveAlgorithm> collective_algorithms();
const CollectiveAlgorithm& collective_algorithm(std::string_view name);  // throws InputError with the choices

// The algorithm a system uses for a phase on a line of n NPUs of a network dimension of this kind: the one it
// names for the dimension and phase, else for the kind, else the kind's natural one, or the closest that
// serves n. Throws InputError, with the closest, when a named one does not serve n.
const CollectiveAlgorithm& algorithm_for(const System& system, int dimension, const DimensionKind& kind,
                                         CollectiveKind phase, int n);

// The time of a program on one line whose NPUs start together.
Time program_time(const Wire& wire, const Program& program);
// Bytes an NPU sends in it, on average over the line.
double program_bytes(const Wire& wire, const Program& program);

}  // namespace bandwright
