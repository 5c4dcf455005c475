#include "core/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/input_kinds.h"

namespace bandwright {

void FieldList::require_keys(const YamlValue& map) const {
  expect_kind(map, name);
  std::vector<std::string_view> known;
  for (const InputField& field : fields) {
    if (field.presence != FieldPresence::Derived) known.push_back(field.key);
  }
  map.require_keys(known);
  for (const InputField& field : fields) {
    if (field.presence != FieldPresence::Required || map.find(field.key)) continue;
    map.fail(fmt::format("missing key '{}'", field.key));
  }
}

void FieldList::read(const YamlValue& map, void* object) const {
  require_keys(map);
  for (const auto& [key, value] : map.entries()) {
    const auto field =
        std::find_if(fields.begin(), fields.end(),
                     [&, name = std::string_view(key)](const InputField& f) { return f.key == name; });
    field->read(value, object);
  }
  for (const FieldRule& rule : rules) {
    try {
      rule.apply(object);
    } catch (const InputError& error) {
      map.find(rule.key).value_or(map).fail(error.what());
    }
  }
}

YamlTree FieldList::write(const void* object) const {
  YamlTree tree = YamlTree::map();
  for (const InputField& field : fields) {
    YamlTree value = field.write(object);
    const bool silent = field.presence == FieldPresence::Derived ||
                        (field.presence == FieldPresence::Optional && yaml_line(value) == field.usual);
    tree.add(field.key, std::move(value), silent);
  }
  return tree;
}

}  // namespace bandwright
