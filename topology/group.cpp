#include "topology/group.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace bandwright {
namespace {

// What is left of the network, from the innermost free dimension outwards.
struct Cursor {
  std::size_t dimension = 0;
  std::int64_t used = 1;    // NPUs of that dimension that inner groups took
  std::int64_t stride = 1;  // NPU ids below
};

// Group sizes that can start at the cursor: whole dimensions, then a divisor of the next.
std::vector<std::int64_t> valid_sizes(const Network& network, const Cursor& from) {
  std::vector<std::int64_t> sizes = {1};
  std::int64_t whole = 1;
  for (std::size_t d = from.dimension; d < network.dimensions.size(); ++d) {
    const std::int64_t free = network.dimensions[d].npus / (d == from.dimension ? from.used : 1);
    for (std::int64_t part = 2; part <= free; ++part) {
      if (free % part == 0) sizes.push_back(whole * part);
    }
    whole *= free;
  }
  return sizes;
}

[[noreturn]] void reject(const Network& network, const Cursor& from, const GroupSize& size) {
  std::vector<std::int64_t> sizes = valid_sizes(network, from);
  const auto distance = [&](std::int64_t a) { return std::abs(a - size.npus); };
  std::stable_sort(sizes.begin(), sizes.end(), [&](auto a, auto b) { return distance(a) < distance(b); });
  sizes.resize(std::min<std::size_t>(sizes.size(), 3));
  std::sort(sizes.begin(), sizes.end());
  throw InputError(
      fmt::format("{} group of {} NPUs does not divide the dimensions of {} (nearest sizes that do: {})",
                  size.name, size.npus, network.shorthand(), fmt::join(sizes, ", ")));
}

Group take_group(const Network& network, Cursor& cursor, const GroupSize& size) {
  const Cursor start = cursor;
  Group group{.name = size.name};
  for (std::int64_t missing = size.npus; missing > 1;) {
    if (cursor.dimension == network.dimensions.size()) reject(network, start, size);
    const std::int64_t extent = network.dimensions[cursor.dimension].npus;
    const std::int64_t free = extent / cursor.used;
    const std::int64_t part = std::min(missing, free);
    if (missing % part != 0 || free % part != 0) reject(network, start, size);
    if (part > 1) {
      group.dimensions.push_back({static_cast<int>(cursor.dimension), static_cast<int>(part), cursor.stride});
    }
    missing /= part;
    cursor.stride *= part;
    cursor.used *= part;
    if (cursor.used == extent) cursor = {cursor.dimension + 1, 1, cursor.stride};
  }
  return group;
}

}  // namespace

std::int64_t Group::npus() const {
  std::int64_t product = 1;
  for (const GroupDimension& dimension : dimensions) product *= dimension.npus;
  return product;
}

void use_own_links(std::vector<Group>& groups, const Network& network) {
  for (Group& group : groups) {
    for (GroupDimension& part : group.dimensions) {
      const Dimension& whole = network.dimensions[static_cast<std::size_t>(part.dimension)];
      part.share = whole.kind->group_share(whole.npus, std::min(part.npus, whole.npus));
    }
  }
}

std::vector<Group> split_into_groups(const Network& network, const std::vector<GroupSize>& sizes) {
  std::vector<Group> groups;
  Cursor cursor;
  std::int64_t total = 1;
  for (const GroupSize& size : sizes) {
    if (size.npus < 1 || size.npus > network.npus()) {
      throw InputError(fmt::format("{} group of {} NPUs, expected 1 to the {} of {}", size.name, size.npus,
                                   network.npus(), network.shorthand()));
    }
    groups.push_back(take_group(network, cursor, size));
    total *= size.npus;
  }
  if (total != network.npus()) {
    throw InputError(
        fmt::format("groups of {} NPUs in all, but {} has {}", total, network.shorthand(), network.npus()));
  }
  return groups;
}

namespace {

// The distinct positions of some NPUs along one dimension, ascending.
std::vector<std::int64_t> positions_along(std::span<const int> members, std::int64_t stride, int npus) {
  std::vector<std::int64_t> positions;
  for (const int id : members) positions.push_back(id / stride % npus);
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

bool evenly_spaced(const std::vector<std::int64_t>& positions) {
  for (std::size_t i = 2; i < positions.size(); ++i) {
    if (positions[i] - positions[i - 1] != positions[1] - positions[0]) return false;
  }
  return true;
}

}  // namespace

std::optional<Group> aligned_group(const Network& network, std::string name, std::span<const int> members) {
  for (const int id : members) {
    if (id < 0 || id >= network.npus()) {
      throw InputError(fmt::format("NPU {} of group {} is outside {}, which has {} NPUs", id, name,
                                   network.shorthand(), network.npus()));
    }
  }
  Group group{.name = std::move(name)};
  std::int64_t stride = 1;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    const int npus = network.dimensions[d].npus;
    const std::vector<std::int64_t> positions = positions_along(members, stride, npus);
    if (!evenly_spaced(positions)) return std::nullopt;
    if (positions.size() > 1) {
      group.dimensions.push_back(
          {static_cast<int>(d), static_cast<int>(positions.size()), (positions[1] - positions[0]) * stride});
    }
    stride *= npus;
  }
  // As many NPUs as the grid has places: distinct members then fill it.
  if (group.npus() != static_cast<std::int64_t>(members.size())) return std::nullopt;
  return group;
}

void merge_neighbours(Group& group) {
  std::vector<GroupDimension> merged;
  for (const GroupDimension& part : group.dimensions) {
    const bool beside = !merged.empty() && merged.back().dimension == part.dimension &&
                        part.stride == merged.back().stride * merged.back().npus;
    if (beside) {
      merged.back().npus *= part.npus;
    } else {
      merged.push_back(part);
    }
  }
  group.dimensions = std::move(merged);
}

Group whole_network(const Network& network) {
  return split_into_groups(network, {{"world", network.npus()}}).front();
}

}  // namespace bandwright
