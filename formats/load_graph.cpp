#include "formats/load_graph.h"

#include <filesystem>

#include "formats/detect.h"
#include "formats/infragraph.h"
#include "network/builders.h"
#include "network/edge_list.h"
#include "network/graph_file.h"

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

NetworkGraph load_graph(const std::string& word, const GraphDefaults& defaults) {
  if (names_builder(word)) return build_graph(word, defaults);
  if (is_edge_list(word)) return read_edge_list(word, defaults);
  const YamlValue root = YamlValue::load(word);
  return is_infragraph(root) ? read_infragraph(root, defaults) : read_graph(root, defaults);
}

}  // namespace bandwright
