#include "collective/collective.h"

#include <algorithm>
#include <array>

#include "core/catalogue.h"

namespace bandwright {
namespace {

constexpr std::array kinds = {
    CollectiveKindInfo{CollectiveKind::AllReduce, "all-reduce", "every NPU ends with the sum of all buffers"},
    CollectiveKindInfo{CollectiveKind::ReduceScatter, "reduce-scatter",
                       "every NPU ends with one part of the sum"},
    CollectiveKindInfo{CollectiveKind::AllGather, "all-gather", "every NPU ends with the shards of all"},
    CollectiveKindInfo{CollectiveKind::AllToAll, "all-to-all",
                       "every NPU sends a different part to each other"},
    CollectiveKindInfo{CollectiveKind::Broadcast, "broadcast", "every NPU ends with the buffer of one"},
    CollectiveKindInfo{CollectiveKind::Reduce, "reduce", "one NPU ends with the sum of all buffers"},
    CollectiveKindInfo{CollectiveKind::PointToPoint, "point-to-point",
                       "every NPU sends to the next of its group"},
};

// Traffic of a reduce-scatter that starts with `bytes`; `passes` is 2 for the all-reduce, whose all-gather
// sends the same bytes back.
std::vector<Traffic> scatter_traffic(double bytes, double passes, const Group& group) {
  std::vector<Traffic> traffic;
  for (const GroupDimension& dimension : group.dimensions) {
    const double n = dimension.npus;
    traffic.push_back({dimension.dimension, passes * bytes * (n - 1) / n, dimension.share});
    bytes /= n;
  }
  return traffic;
}

std::vector<Traffic> gather_traffic(double shard, const Group& group) {
  std::vector<Traffic> traffic;
  for (auto dimension = group.dimensions.rbegin(); dimension != group.dimensions.rend(); ++dimension) {
    const double n = dimension->npus;
    traffic.push_back({dimension->dimension, shard * (n - 1), dimension->share});
    shard *= n;
  }
  std::reverse(traffic.begin(), traffic.end());
  return traffic;
}

}  // namespace

std::span<const CollectiveKindInfo> collective_kinds() { return kinds; }

CollectiveKind collective_kind(std::string_view name) {
  return find_in_catalogue(collective_kinds(), name, "collective").kind;
}

std::string_view collective_name(CollectiveKind kind) { return kinds[static_cast<std::size_t>(kind)].name; }

std::vector<Traffic> hierarchical_traffic(const Collective& collective, const Group& group) {
  const double bytes = to_double(collective.bytes);
  switch (collective.kind) {
    case CollectiveKind::AllReduce:
      return scatter_traffic(bytes, 2.0, group);
    case CollectiveKind::ReduceScatter:
      return scatter_traffic(bytes, 1.0, group);
    case CollectiveKind::AllGather:
      return gather_traffic(bytes, group);
    default:
      break;
  }
  const bool all_to_all = collective.kind == CollectiveKind::AllToAll;
  std::vector<Traffic> traffic;
  for (const GroupDimension& dimension : group.dimensions) {
    const double n = dimension.npus;
    traffic.push_back({dimension.dimension, all_to_all ? bytes * (n - 1) / n : bytes, dimension.share});
  }
  return traffic;
}

}  // namespace bandwright
