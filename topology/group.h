#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "topology/network.h"

namespace bandwright {

// The part of a physical dimension that a group of NPUs spans.
struct GroupDimension {
  int dimension = 0;        // of the network
  int npus = 0;             // of the group along it, at least 2
  std::int64_t stride = 1;  // distance of two neighbours in NPU ids
  double share = 1.0;       // of the dimension's bandwidth, that the group can use
  friend bool operator==(const GroupDimension&, const GroupDimension&) = default;
};

// NPUs that communicate with each other (a TP or DP group, say), innermost dimension first. The network holds
// npus(network) / npus() such groups side by side; by symmetry one description stands for all of them.
// A group without dimensions has one NPU and nothing to communicate.
struct Group {
  std::string name;
  std::vector<GroupDimension> dimensions;
  int set = 0;  // groups of different sets hold different NPUs and share nothing

  [[nodiscard]] std::int64_t npus() const;
};

struct GroupSize {
  std::string name;  // "TP", "DP" ...
  std::int64_t npus = 1;
};

// Lays groups over the network, the first on the innermost dimensions, as LIBRA and ASTRA-sim do. A dimension
// in which one group ends and the next begins is broken into two logical dimensions:
//
//   [8, 128] with TP 16 and DP 64:   TP = 8 | 2 (of 128),   DP = 64 (of 128)
//
// Throws InputError when the sizes do not multiply to the NPU count, or a boundary would not divide a
// dimension; the message names the nearest valid sizes.
std::vector<Group> split_into_groups(const Network& network, const std::vector<GroupSize>& sizes);

// The group whose first members are these NPUs (ascending ids), when they form a grid along the network's
// dimensions (evenly spaced positions on each); nothing otherwise. Throws InputError for an id outside the
// network.
std::optional<Group> aligned_group(const Network& network, std::string name, std::span<const int> members);

// Parts of one dimension, side by side, as one.
void merge_neighbours(Group& group);

// Sets each part's share to what the links among the group's own NPUs carry: 2 NPUs of FullyConnected(8) have
// one of the seven links of each. Left at 1, closed forms give every group the whole dimension, as the LIBRA
// paper.
void use_own_links(std::vector<Group>& groups, const Network& network);

// All NPUs of the network as one group.
Group whole_network(const Network& network);

}  // namespace bandwright
