#include "collective/algorithm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "collective/algorithms/bruck.h"
#include "collective/algorithms/direct.h"
#include "collective/algorithms/double_binary_tree.h"
#include "collective/algorithms/halving_doubling.h"
#include "collective/algorithms/ring.h"
#include "collective/phase_time.h"
#include "core/catalogue.h"

namespace bandwright {

std::span<const CollectiveAlgorithm> collective_algorithms() {
  static const std::array algorithms = {ring_algorithm(),
                                        ring_both_algorithm(),
                                        direct_algorithm(),
                                        halving_doubling_algorithm(),
                                        double_binary_tree_algorithm(),
                                        bruck_algorithm()};
  return algorithms;
}

const CollectiveAlgorithm& collective_algorithm(std::string_view name) {
  return find_in_catalogue(collective_algorithms(), name, "collective algorithm");
}

const CollectiveAlgorithm* named_algorithm(const Library& library, int dimension, const DimensionKind& kind,
                                           CollectiveKind phase) {
  const auto& by_dimension = library.algorithms.by_dimension;
  const auto index = static_cast<std::size_t>(dimension);
  if (!by_dimension.empty() && index >= by_dimension.size()) {
    throw InputError(fmt::format("library {}: algorithms of {} dimensions, the network has more",
                                 library.name, by_dimension.size()));
  }
  if (!by_dimension.empty() && by_dimension[index].contains(phase)) {
    return &collective_algorithm(by_dimension[index].at(phase));
  }
  if (library.algorithms.by_kind.empty()) return nullptr;
  const auto named = library.algorithms.by_kind.find(std::string(kind.name));
  return named == library.algorithms.by_kind.end() ? nullptr : &collective_algorithm(named->second);
}

namespace {

int ports_of(const DimensionKind& kind, int n) {
  return static_cast<int>(std::lround(1.0 / kind.message_share(n)));
}

const CollectiveAlgorithm& fastest_algorithm(const DimensionKind& kind, CollectiveKind phase, int n) {
  const CollectiveAlgorithm* fastest = nullptr;
  std::pair<double, std::int64_t> least;  // time of a byte, rounds
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    if (!algorithm.serves(phase, n)) continue;
    const Program program = algorithm.program(phase, n, 0);
    const PhasePrice price = price_of(program, n, ports_of(kind, n));
    std::int64_t rounds = 0;
    for (const Block& block : program) rounds += block.rounds;
    const std::pair cost(price.busy / price.of, rounds);
    if (fastest == nullptr || cost < least) {
      fastest = &algorithm;
      least = cost;
    }
  }
  return *fastest;  // ring-both serves everything
}

}  // namespace

const CollectiveAlgorithm& algorithm_for(const CollectiveAlgorithm* named, const DimensionKind& kind,
                                         CollectiveKind phase, int n) {
  if (named != nullptr && named->serves(phase, n)) return *named;
  const CollectiveAlgorithm& natural = collective_algorithm(kind.natural_algorithm);
  return natural.serves(phase, n) ? natural : fastest_algorithm(kind, phase, n);
}

Program sized(Program program, const Wire& wire, std::int64_t bytes) {
  for (Block& block : program) {
    block.bytes = wire.size(bytes, block.message);
    block.reduced = wire.size(bytes, block.reduces);
  }
  return program;
}

bool played_for_its_time(const Wire& wire, const Program& program) {
  return !wire.even() && std::any_of(program.begin(), program.end(),
                                     [](const Block& block) { return !block.pattern->knows_uneven_lines(); });
}

std::int64_t program_messages(const Program& program, int npus) {
  std::int64_t messages = 0;
  for (const Block& block : program) messages += block.pattern->messages(npus, block);
  return messages;
}

Time program_time(const Wire& wire, const Program& program) {
  if (played_for_its_time(wire, program)) return phase_time(wire, program);
  Time time = wire.endpoint_delay();
  for (const Block& block : program) time += block.pattern->duration(wire, block);
  return time;
}

double program_bytes(const Wire& wire, const Program& program) {
  double total = 0.0;
  for (const Block& block : program) {
    total +=
        static_cast<double>(block.pattern->messages(wire.npus(), block)) * static_cast<double>(block.bytes);
  }
  return total / wire.npus();
}

PhasePrice price_of(const Program& program, int n, int ports) {
  std::int64_t of = n;  // of a message's bytes, and of the NPUs that share what is sent
  for (const Block& block : program) of = std::lcm(of, block.message.of);
  PhasePrice price{.of = static_cast<double>(of)};
  for (const Block& block : program) {
    const std::int64_t shares = block.message.count * (of / block.message.of);
    const auto part = static_cast<double>(shares);
    const auto in_turn = static_cast<double>(block.pattern->in_turn(n, block, ports > 1));
    price.busy += part * in_turn * ports;
    price.steps += in_turn;
    price.sent += part * static_cast<double>(block.pattern->messages(n, block)) / n;
  }
  return price;
}

PhasePrice phase_price(const CollectiveAlgorithm* named, const DimensionKind& kind, CollectiveKind phase,
                       int n) {
  struct Known {
    const CollectiveAlgorithm* named = nullptr;
    const DimensionKind* kind = nullptr;
    int n = 0;
    CollectiveKind phase = CollectiveKind::AllReduce;
    PhasePrice price;
  };
  // Searches ask for the same few prices millions of times.
  constexpr std::size_t slots = 256;
  static thread_local std::array<Known, slots> known_prices;
  const auto kind_number = static_cast<std::size_t>(&kind - dimension_kinds().data());
  const std::size_t slot =
      static_cast<std::size_t>(n) * 7 + static_cast<std::size_t>(phase) + kind_number * 61;
  Known& known = known_prices[slot % slots];
  if (known.kind != &kind || known.named != named || known.n != n || known.phase != phase) {
    const Program program = algorithm_for(named, kind, phase, n).program(phase, n, 0);
    known = {named, &kind, n, phase, price_of(program, n, ports_of(kind, n))};
  }
  return known.price;
}

}  // namespace bandwright
