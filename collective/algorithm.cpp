#include "collective/algorithm.h"

#include <fmt/format.h>

#include <array>

#include "collective/direct.h"
#include "collective/double_binary_tree.h"
#include "collective/halving_doubling.h"
#include "collective/ring.h"
#include "core/catalogue.h"

namespace bandwright {

std::span<const CollectiveAlgorithm> collective_algorithms() {
  static const std::array algorithms = {ring_algorithm(), ring_both_algorithm(), direct_algorithm(),
                                        halving_doubling_algorithm(), double_binary_tree_algorithm()};
  return algorithms;
}

const CollectiveAlgorithm& collective_algorithm(std::string_view name) {
  return find_in_catalogue(collective_algorithms(), name, "collective algorithm");
}

namespace {

// What the system names, or "".
std::string_view named_algorithm(const System& system, int dimension, const DimensionKind& kind,
                                 CollectiveKind phase) {
  const auto& by_dimension = system.algorithms.by_dimension;
  const auto index = static_cast<std::size_t>(dimension);
  if (!by_dimension.empty() && index >= by_dimension.size()) {
    throw InputError(fmt::format("system {}: algorithms of {} dimensions, the network has more", system.name,
                                 by_dimension.size()));
  }
  if (!by_dimension.empty() && by_dimension[index].contains(phase)) return by_dimension[index].at(phase);
  const auto named = system.algorithms.by_kind.find(std::string(kind.name));
  return named == system.algorithms.by_kind.end() ? std::string_view() : named->second;
}

}  // namespace

const CollectiveAlgorithm& algorithm_for(const System& system, int dimension, const DimensionKind& kind,
                                         CollectiveKind phase, int n) {
  const std::string_view named = named_algorithm(system, dimension, kind, phase);
  const bool chosen = !named.empty();
  const CollectiveAlgorithm& wanted = collective_algorithm(chosen ? named : kind.natural_algorithm);
  if (wanted.serves(phase, n)) return wanted;
  if (!chosen || wanted.name == kind.natural_algorithm) return collective_algorithm(wanted.otherwise);
  throw InputError(
      fmt::format("{} serves {}, not {} over {} NPUs of a {} dimension (the closest that does: {})",
                  wanted.name, wanted.sizes, collective_name(phase), n, kind.name, wanted.otherwise));
}

Time program_time(const Wire& wire, const Program& program) {
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

}  // namespace bandwright
