#pragma once
#include <span>
#include <vector>

#include "network/graph.h"

namespace bandwright {

// The bandwidth of a class of links, per NPU: what its links carry in one direction, shared out among all
// NPUs. Links that NPUs hang on are their own bandwidth; k:1 oversubscription is a k-th of that.
//
//   LeafSpine(4x8, bandwidth 50, oversubscription 4)      leaf 50 GB/s per NPU, spine 12.5
//
// One number for each of the graph's classes, 0 for one without links. What has failed was bought and counts.
std::vector<double> class_gb_per_s(const NetworkGraph& graph);

// The same network with so much of each class: links of a class keep their proportions. REQUIRES a number for
// each class, above 0 where it has links.
NetworkGraph with_class_gb_per_s(NetworkGraph graph, std::span<const double> gb_per_s);

// The same without classes that no link is of.
NetworkGraph without_empty_classes(NetworkGraph graph);

}  // namespace bandwright
