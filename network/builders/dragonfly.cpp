#include "network/builders/dragonfly.h"

#include <fmt/format.h>

#include "core/error.h"

namespace bandwright {
namespace {

struct Dragonfly {
  std::int64_t groups;
  std::int64_t routers;  // of a group
  std::int64_t npus;     // of a router
  std::int64_t globals;  // links of a router
};

// Link j of group i goes to group i + 1 + j % (groups - 1); its other end is the mirror image. Each pair of
// groups is joined once for each whole turn.
void join_groups(const Dragonfly& fly, const std::vector<NodeId>& routers, const NetworkGraph::Cable& cable,
                 NetworkGraph& graph) {
  const std::int64_t turns = fly.routers * fly.globals / (fly.groups - 1);
  const auto router = [&](std::int64_t group, std::int64_t link) {
    return routers[static_cast<std::size_t>(group * fly.routers + link / fly.globals)];
  };
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    for (std::int64_t a = 0; a < fly.groups; ++a) {
      for (std::int64_t b = a + 1; b < fly.groups; ++b) {
        const std::int64_t from = turn * (fly.groups - 1) + b - a - 1;
        const std::int64_t to = turn * (fly.groups - 1) + fly.groups - (b - a) - 1;
        graph.join(router(a, from), router(b, to), cable);
      }
    }
  }
}

}  // namespace

NetworkGraph build_dragonfly(BuilderArguments& arguments) {
  const std::vector<std::int64_t> extents = arguments.extents(3, 3, "GROUPS x ROUTERS x NPUS of a router");
  const Dragonfly fly{extents[0], extents[1], extents[2], arguments.whole("global_links", 1, 1, 4096)};
  if (fly.groups > 1 && fly.routers * fly.globals < fly.groups - 1) {
    throw InputError(
        fmt::format("Dragonfly: {} routers with {} global links each reach {} of {} other groups",
                    fly.routers, fly.globals, fly.routers * fly.globals, fly.groups - 1));
  }
  NetworkGraph::Cable npu{.bandwidth = arguments.bandwidth(), .latency = arguments.latency()};
  NetworkGraph::Cable local{.bandwidth = arguments.bandwidth("local", npu.bandwidth),
                            .latency = arguments.latency("local_latency", npu.latency)};
  NetworkGraph::Cable global{.bandwidth = arguments.bandwidth("global", npu.bandwidth),
                             .latency = arguments.latency("global_latency", npu.latency)};
  NetworkGraph graph;
  graph.add_npus(fly.groups * fly.routers * fly.npus);
  npu.link_class = graph.class_named("router", "Pod");
  local.link_class = graph.class_named("local", "Pod");
  global.link_class = graph.class_named("global", "Pod");
  std::vector<NodeId> routers;
  for (std::int64_t r = 0; r < fly.groups * fly.routers; ++r) {
    routers.push_back(graph.add(NodeKind::Switch, 1));
    for (std::int64_t i = 0; i < fly.npus; ++i) {
      graph.join(static_cast<NodeId>(r * fly.npus + i), routers.back(), npu);
    }
    for (std::int64_t other = r - r % fly.routers; other < r; ++other) {
      graph.join(routers[static_cast<std::size_t>(other)], routers.back(), local);
    }
  }
  if (fly.groups > 1) join_groups(fly, routers, global, graph);
  return graph;
}

}  // namespace bandwright
