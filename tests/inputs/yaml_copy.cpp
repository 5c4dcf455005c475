#include "tests/inputs/yaml_copy.h"

namespace bandwright {

YamlTree copy_of(const YamlValue& value) {
  if (value.is_map()) {
    YamlTree map = YamlTree::map();
    for (const auto& [key, part] : value.entries()) map.add(key, copy_of(part));
    return map;
  }
  if (value.is_list()) {
    YamlTree list = YamlTree::list();
    for (const YamlValue& part : value.items()) list.add("", copy_of(part));
    return list;
  }
  return YamlTree::quoted(value.parsed("text", [](std::string_view text) { return std::string(text); }));
}

void for_each_part(YamlTree& tree, const PartVisitor& visit) {
  for (std::size_t i = 0; i < tree.parts.size(); ++i) {
    visit(tree, i);
    if (i < tree.parts.size()) for_each_part(tree.parts[i].value, visit);
  }
}

std::string as_file(std::string_view kind, const YamlTree& tree) {
  YamlTree file = YamlTree::map();
  if (!kind.empty()) file.add(kind_key, YamlTree::quoted(std::string(kind)));
  for (const YamlTree::Part& part : tree.parts) file.parts.push_back(part);
  return yaml_line(file);
}

}  // namespace bandwright
