#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "core/units.h"

namespace bandwright {

enum class CollectiveKind : std::uint8_t {
  AllReduce,
  ReduceScatter,
  AllGather,
  AllToAll,
  Broadcast,
  Reduce,
  PointToPoint,
};

struct CollectiveKindInfo {
  CollectiveKind kind;
  std::string_view name;
  std::string_view help;
};

// The catalogue of collectives; `bytes` in their help is the size a collective is called with, per NPU.
std::span<const CollectiveKindInfo> collective_kinds();
CollectiveKind collective_kind(std::string_view name);  // throws InputError naming the choices
std::string_view collective_name(CollectiveKind kind);

// A collective over a group, called with `bytes` per NPU: the whole buffer of an all-reduce, reduce-scatter,
// all-to-all, broadcast or reduce; the shard each NPU puts into an all-gather; the message of a
// point-to-point.
struct Collective {
  CollectiveKind kind = CollectiveKind::AllReduce;
  Bytes bytes;
  friend bool operator==(const Collective&, const Collective&) = default;
};

}  // namespace bandwright
