#include "formats/dimension_lists.h"

#include <fmt/format.h>

#include <filesystem>

namespace bandwright {

std::vector<YamlValue> one_per_dimension(const YamlValue& root, std::string_view key, std::size_t count) {
  std::vector<YamlValue> items = root.at(key).items();
  if (items.size() != count) {
    root.at(key).fail(fmt::format("{} values for {} dimensions", items.size(), count));
  }
  return items;
}

Network network_of_lists(const YamlValue& root, std::string_view kinds_key, std::string_view npus_key,
                         std::string_view classes_key) {
  const std::vector<YamlValue> kinds = root.at(kinds_key).items();
  std::string shorthand;
  for (std::size_t d = 0; d < kinds.size(); ++d) {
    const DimensionKind& kind = kinds[d].parsed("a dimension kind", dimension_kind);
    const std::int64_t npus = one_per_dimension(root, npus_key, kinds.size())[d].as_integer(2, max_npus);
    shorthand += fmt::format("{}{}({})", d == 0 ? "" : "_", kind.name, npus);
  }
  std::vector<std::string> classes;
  if (!classes_key.empty()) {
    for (const YamlValue& item : one_per_dimension(root, classes_key, kinds.size())) {
      classes.push_back(item.as_string());
    }
  }
  try {
    Network network = parse_network(shorthand, classes);
    network.name = std::filesystem::path(root.place().file).stem().string();
    return network;
  } catch (const InputError& error) {
    root.at(kinds_key).fail(error.what());
  }
}

}  // namespace bandwright
