#pragma once
#include <string>

#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// Whether a word is a network as it is built: a builder's words, such as FatTree(64), or a file of nodes and
// links. Throws InputError for a file that cannot be read.
bool names_graph(const std::string& word);

// Throws InputError unless it is one; of a misspelt builder, FatTre(64), with the nearest.
void require_graph(const std::string& word);
// Throws InputError where it is nearly a builder's, and nearer to it than to a kind of dimension.
void refuse_misspelt_builder(const std::string& word);

// REQUIRES that it is one. Throws InputError.
NetworkGraph load_graph(const std::string& word, const GraphDefaults& defaults = {});

}  // namespace bandwright
