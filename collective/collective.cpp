#include "collective/collective.h"

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

}  // namespace

std::span<const CollectiveKindInfo> collective_kinds() { return kinds; }

CollectiveKind collective_kind(std::string_view name) {
  return find_in_catalogue(collective_kinds(), name, "collective").kind;
}

std::string_view collective_name(CollectiveKind kind) { return kinds[static_cast<std::size_t>(kind)].name; }

}  // namespace bandwright
