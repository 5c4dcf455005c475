#include "collective/traffic.h"

#include <array>
#include <numeric>

#include "collective/algorithm.h"
#include "collective/phases.h"

namespace bandwright {
namespace {

std::span<const std::uint8_t> ascending_parts(std::size_t count) {
  static const auto all = [] {
    std::array<std::uint8_t, 256> parts{};
    std::iota(parts.begin(), parts.end(), std::uint8_t{0});
    return parts;
  }();
  return std::span(all).first(count);
}

}  // namespace

std::vector<Traffic> collective_traffic(const Collective& collective, const Group& group,
                                        const Network& network, const Library& library) {
  std::vector<Traffic> traffic;
  traffic.reserve(group.dimensions.size());
  for (const GroupDimension& part : group.dimensions) {
    traffic.push_back({.dimension = part.dimension, .share = part.share});
  }
  double bytes = to_double(collective.bytes);
  const auto add = [&](CollectiveKind phase, std::uint8_t index) {
    const GroupDimension& part = group.dimensions[index];
    const DimensionKind& kind = *network.dimensions[static_cast<std::size_t>(part.dimension)].kind;
    const PhasePrice price =
        phase_price(named_algorithm(library, part.dimension, kind, phase), kind, phase, part.npus);
    traffic[index].bytes += bytes * price.sent / price.of;
    traffic[index].busy += bytes * price.busy / price.of;
    if (phase == CollectiveKind::ReduceScatter) bytes /= part.npus;
    if (phase == CollectiveKind::AllGather) bytes *= part.npus;
  };
  for_each_phase(collective.kind, library.composition, ascending_parts(traffic.size()), add);
  return traffic;
}

}  // namespace bandwright
