#include "network/builders.h"

#include <algorithm>
#include <array>

#include "core/catalogue.h"
#include "network/builders/dragonfly.h"
#include "network/builders/fat_tree.h"
#include "network/builders/grid.h"
#include "network/builders/hyperx.h"
#include "network/builders/leaf_spine.h"
#include "network/builders/rack.h"
#include "network/builders/rails.h"
#include "network/builders/torus.h"

namespace bandwright {
namespace {

constexpr std::array builders = {
    GraphBuilder{"FatTree", "switches of one radix in two or three levels",
                 "FatTree(NPUS, radix 64, levels 2, oversubscription 1)", build_fat_tree},
    GraphBuilder{"LeafSpine", "leaves of so many NPUs, each joined to every spine",
                 "LeafSpine(LEAVES x NPUS, oversubscription 1, spines N)", build_leaf_spine},
    GraphBuilder{
        "RailOptimised", "machines whose n-th NPUs are joined by leaves of their own, and spines",
        "RailOptimised(MACHINES x NPUS, inside 450, oversubscription 1, machines_per_leaf 32, pxn yes)",
        build_rail_optimised},
    GraphBuilder{"RailOnly", "machines whose n-th NPUs are joined, and no others",
                 "RailOnly(MACHINES x NPUS, inside 450)", build_rail_only},
    GraphBuilder{"Torus", "NPUs joined to their neighbours in every direction, around the ends",
                 "Torus(4x4x4)", build_torus},
    GraphBuilder{"Mesh", "the same without the links around the ends", "Mesh(4x4)", build_mesh},
    GraphBuilder{"Dragonfly", "groups of routers, all joined in a group, and the groups among each other",
                 "Dragonfly(GROUPS x ROUTERS x NPUS, global_links 1, local 50, global 50)", build_dragonfly},
    GraphBuilder{"HyperX", "switches in a grid, all joined along each of its lines",
                 "HyperX(4x4, npus 4, between 50)", build_hyperx},
    GraphBuilder{"Grid", "a grid of rings, full meshes and switches, link by link",
                 "Grid(Ring(4)_Switch(8), bandwidth_1 450, bandwidth_2 50)", build_grid},
    GraphBuilder{"Rack", "racks of NPUs on one switch, joined by NICs that NPUs share",
                 "Rack(RACKS x NPUS, inside 900, npus_per_nic 2)", build_rack}};

const GraphBuilder* find_builder(std::string_view name) {
  const auto found = std::find_if(builders.begin(), builders.end(), [&](const GraphBuilder& builder) {
    return equal_ignoring_case(builder.name, name);
  });
  return found == builders.end() ? nullptr : &*found;
}

}  // namespace

std::span<const GraphBuilder> graph_builders() { return builders; }

bool names_builder(std::string_view words) {
  const std::size_t open = words.find('(');
  const GraphBuilder* builder =
      open == std::string_view::npos ? nullptr : find_builder(trimmed(words.substr(0, open)));
  if (builder == nullptr) return false;
  return builder->build == build_grid || words.find(")_") == std::string_view::npos;
}

NetworkGraph build_graph(std::string_view words, const GraphDefaults& defaults) {
  BuilderArguments arguments(words, defaults);
  const GraphBuilder& builder = find_in_catalogue(graph_builders(), arguments.name(), "network");
  NetworkGraph graph = builder.build(arguments);
  arguments.finish();
  graph.name = arguments.words();
  check_graph(graph);
  return graph;
}

}  // namespace bandwright
