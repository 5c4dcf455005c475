#include "simulator/shared_links.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>

#include "collective/algorithm.h"
#include "collective/phases.h"

namespace bandwright {
namespace {

// A part of a group along a dimension of the grid, in places of that dimension.
struct Along {
  const Dimension& dimension;
  int npus;
  std::int64_t step;  // from a member to the next

  Along(const Network& network, const GroupDimension& part)
      : dimension(network.dimensions[static_cast<std::size_t>(part.dimension)]),
        npus(part.npus),
        step(part.stride) {
    for (int d = 0; d < part.dimension; ++d) step /= network.dimensions[static_cast<std::size_t>(d)].npus;
  }
  // Whether no message leads past a neighbour, whoever sends it.
  [[nodiscard]] bool all_are_neighbours() const {
    return dimension.kind->switched || dimension.kind->hops(dimension.npus, 0, dimension.npus / 2) <= 1;
  }
  // Whether a message so many members further crosses links of NPUs in between.
  [[nodiscard]] bool passes_others(int members) const {
    const auto places = static_cast<int>(members * step % dimension.npus);
    return places != 0 && dimension.kind->hops(dimension.npus, 0, places) > 1;
  }
};

// Rounds repeat their distances or double them: the first ones have them all.
bool block_passes_others(const Block& block, const Along& along) {
  constexpr int most = 64;
  for (int round = 0; round < std::min(block.rounds, most); ++round) {
    for (int position = 0; position + 1 < std::min(along.npus, most); ++position) {
      const int count = std::min(block.pattern->sends(along.npus, block, round, position), most);
      for (int i = 0; i < count; ++i) {
        const int peer = block.pattern->peer(along.npus, block, round, position, i);
        if (along.passes_others(std::abs(peer - position))) return true;
      }
    }
  }
  return false;
}

// Trees differ from round to round, and all others are alike in theirs: enough of them have it all.
bool block_gathers(const Block& block, int npus) {
  constexpr int most = 64;
  for (int round = 0; round < std::min(block.rounds, most); ++round) {
    int sends = 0;
    int receives = 0;
    for (int position = 0; position < npus; ++position) {
      sends = std::max(sends, block.pattern->sends(npus, block, round, position));
      receives = std::max(receives, block.pattern->receives(npus, block, round, position));
    }
    if (receives > std::max(1, sends)) return true;
  }
  return false;
}

const CollectiveAlgorithm& algorithm_on(const Library& library, CollectiveKind phase, int dimension,
                                        const Along& along) {
  const DimensionKind& kind = *along.dimension.kind;
  return algorithm_for(named_algorithm(library, dimension, kind, phase), kind, phase, along.npus);
}

bool algorithm_passes_others(const Library& library, CollectiveKind phase, int dimension,
                             const Along& along) {
  const Program program = algorithm_on(library, phase, dimension, along).program(phase, along.npus, 0);
  return std::any_of(program.begin(), program.end(),
                     [&](const Block& block) { return block_passes_others(block, along); });
}

// The groups of each dimension for one of whose phases there it holds.
template <class Holds>
std::vector<SharedLinks> groups_where(const Scenario& scenario, Holds&& holds) {
  std::vector<std::vector<std::string>> groups(scenario.network.dimensions.size());
  std::set<std::pair<std::uint32_t, CollectiveKind>> seen;
  for (const GroupCollective& call : scenario.graph.collectives) {
    if (!seen.emplace(call.group, call.collective.kind).second) continue;
    const Group& group = scenario.graph.groups[call.group];
    std::vector<std::uint8_t> order(group.dimensions.size());
    std::iota(order.begin(), order.end(), std::uint8_t{0});
    for_each_phase(call.collective.kind, scenario.library.composition, order,
                   [&](CollectiveKind phase, std::uint8_t part) {
                     const GroupDimension& own = group.dimensions[part];
                     const Along along(scenario.network, own);
                     std::vector<std::string>& names = groups[static_cast<std::size_t>(own.dimension)];
                     if (along.npus < 2 || std::find(names.begin(), names.end(), group.name) != names.end())
                       return;
                     if (holds(phase, own.dimension, along)) names.push_back(group.name);
                   });
  }
  std::vector<SharedLinks> result;
  for (std::size_t d = 0; d < groups.size(); ++d) {
    if (!groups[d].empty()) result.push_back({static_cast<int>(d), std::move(groups[d])});
  }
  return result;
}

}  // namespace

std::vector<SharedLinks> shared_links(const Scenario& scenario) {
  return groups_where(scenario, [&](CollectiveKind phase, int dimension, const Along& along) {
    if (along.all_are_neighbours()) return false;
    return along.passes_others(1) || algorithm_passes_others(scenario.library, phase, dimension, along);
  });
}

std::vector<SharedLinks> shared_links_in(const Scenario& scenario) {
  return groups_where(scenario, [&](CollectiveKind phase, int dimension, const Along& along) {
    if (!along.dimension.kind->switched) return false;
    const Program program =
        algorithm_on(scenario.library, phase, dimension, along).program(phase, along.npus, 0);
    return std::any_of(program.begin(), program.end(),
                       [&](const Block& block) { return block_gathers(block, along.npus); });
  });
}

}  // namespace bandwright
