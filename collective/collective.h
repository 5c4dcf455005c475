#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "topology/group.h"

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

// Bytes one NPU sends over one dimension of the network.
struct Traffic {
  int dimension = 0;  // of the network
  double bytes = 0.0;
  double share = 1.0;  // of the dimension's bandwidth, that they can use
  [[nodiscard]] double load() const { return bytes / share; }  // bytes that take as long at all of it
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

// What each NPU sends over each dimension of the group in a hierarchical collective: reduce-scatter from the
// innermost dimension up, all-gather back down, so that a dimension above n0 x n1 NPUs sees 1/(n0 n1) of the
// data.
//
//   all-reduce of S over dimensions of n0, n1, ... NPUs:  2 S/(n0 .. n_{i-1}) (n_i - 1)/n_i  on dimension i
//   reduce-scatter: half of that;  all-gather of shard s: from the outermost down, s (n_i - 1) n_{i+1}
//   n_{i+2} ... all-to-all: S (n_i - 1)/n_i on every dimension;  broadcast and reduce: S on every dimension
//   (pipelined) point-to-point (to the next NPU of the group): S on every dimension, as the slowest crossing
//   decides
//
// Source: Rashidi et al., "Themis" (ISCA 2022), section 2; the LIBRA paper (ISPASS 2024), section IV.
std::vector<Traffic> hierarchical_traffic(const Collective& collective, const Group& group);

}  // namespace bandwright
