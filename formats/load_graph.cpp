#include "formats/load_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "formats/detect.h"
#include "formats/infragraph.h"
#include "network/builders.h"
#include "network/edge_list.h"
#include "network/graph_file.h"
#include "topology/dimension_kind.h"

namespace bandwright {

bool names_graph(const std::string& word) {
  if (names_builder(word)) return true;
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::path(word), error)) return false;
  if (is_edge_list(word)) return true;
  const Sample sample = sample_of(word);
  if (!sample.root || !sample.root->is_map()) return false;
  if (is_infragraph(*sample.root)) return true;
  const bool own = sample.root->declared_kind() == "network" || sample.root->declared_kind().empty();
  return own && is_graph_file(*sample.root);
}

void refuse_misspelt_builder(const std::string& word) {
  const std::size_t open = word.find('(');
  if (open == std::string::npos) return;
  const std::string_view name = trimmed(std::string_view(word).substr(0, open));
  std::vector<std::string_view> names;
  for (const GraphBuilder& builder : graph_builders()) names.push_back(builder.name);
  const auto builders = static_cast<std::ptrdiff_t>(names.size());
  for (const DimensionKind& kind : dimension_kinds()) names.push_back(kind.name);
  const std::string_view guess = nearest(name, names);
  if (std::find(names.begin(), names.begin() + builders, guess) == names.begin() + builders) return;
  throw InputError(
      fmt::format("unknown network '{}'; did you mean '{}'? (bandwright list builders)", name, guess));
}

void require_graph(const std::string& word) {
  if (names_graph(word)) return;
  refuse_misspelt_builder(word);
  throw InputError(
      fmt::format("'{}' is no network as it is built: a builder's words, such as FatTree(64), or a file of "
                  "nodes and links "
                  "(bandwright list builders)",
                  word));
}

NetworkGraph load_graph(const std::string& word, const GraphDefaults& defaults) {
  if (names_builder(word)) return build_graph(word, defaults);
  if (is_edge_list(word)) return read_edge_list(word, defaults);
  const YamlValue root = YamlValue::load(word);
  return is_infragraph(root) ? read_infragraph(root, defaults) : read_graph(root, defaults);
}

}  // namespace bandwright
