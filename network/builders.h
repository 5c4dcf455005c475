#pragma once
#include <span>
#include <string_view>

#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// A way to build networks from a few numbers.
struct GraphBuilder {
  std::string_view name;
  std::string_view help;
  std::string_view usage;  // its words
  NetworkGraph (*build)(BuilderArguments& arguments);
};

// FatTree, LeafSpine, RailOptimised, RailOnly, Torus, Mesh, Dragonfly, HyperX, Rack: the catalogue.
std::span<const GraphBuilder> graph_builders();

// Whether a word is one of a builder: NAME(...), with the name of a row.
bool names_builder(std::string_view words);

// "FatTree(1024, radix 48, oversubscription 2)" as a graph. Throws InputError for anything a builder does not
// understand, and for a bandwidth that neither the words nor the defaults give.
NetworkGraph build_graph(std::string_view words, const GraphDefaults& defaults = {});

}  // namespace bandwright
