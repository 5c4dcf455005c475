#pragma once
#include <functional>

#include "core/yaml.h"
#include "core/yaml_tree.h"

namespace bandwright {

// A file's values as a tree that can be changed and written again, all in quotes, which no reader minds.
YamlTree copy_of(const YamlValue& value);

// Calls `visit` with every part of a tree, and with the maps or list it is in and its place there.
using PartVisitor = std::function<void(YamlTree& holder, std::size_t index)>;
void for_each_part(YamlTree& tree, const PartVisitor& visit);

// The file again: its kind (none of another tool's), then the tree on one line.
std::string as_file(std::string_view kind, const YamlTree& tree);

}  // namespace bandwright
