#include "tests/inputs/mutations.h"

#include <charconv>
#include <vector>

#include "tests/inputs/yaml_copy.h"

namespace bandwright {
namespace {

// The values to put in place of one; with its unit where it is a number.
std::vector<YamlTree> values_instead_of(const YamlTree& value) {
  std::vector<YamlTree> values = {YamlTree(), YamlTree::quoted(""), YamlTree::list(), YamlTree::map()};
  if (value.form != YamlTree::Form::Text) {
    values.push_back(YamlTree::quoted("5"));
    return values;
  }
  const std::string& text = value.text;
  values.push_back(YamlTree::quoted(text.substr(0, text.size() / 2)));
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit =
      error == std::errc() ? text.substr(static_cast<std::size_t>(end - text.data())) : "";
  for (const std::string other : {"-1", "0", "nan", "inf", "1e308", "1e-308", "1e30", "0.5"}) {
    values.push_back(YamlTree::quoted(other + unit));
  }
  if (error == std::errc()) values.push_back(YamlTree::quoted("-" + text));
  return values;
}

}  // namespace

void for_each_mutation(const YamlValue& root, std::size_t most,
                       const std::function<void(const Mutation&)>& visit) {
  constexpr std::size_t per_part = 17;
  const std::string kind(root.declared_kind());
  YamlTree tree = copy_of(root);
  std::size_t parts = 0;
  for_each_part(tree, [&](YamlTree&, std::size_t) { ++parts; });
  const std::size_t stride = parts * per_part / most + 1;
  std::size_t number = 0;
  for_each_part(tree, [&](YamlTree& holder, std::size_t index) {
    const std::vector<YamlTree::Part> before = holder.parts;
    const std::string key = before[index].key;
    const auto show = [&](const std::string& what) {
      if (number++ % stride == 0) visit({as_file(kind, tree), key, key + " " + what});
      holder.parts = before;
    };
    for (const YamlTree& value : values_instead_of(before[index].value)) {
      holder.parts[index].value = value;
      show("-> " + yaml_line(value));
    }
    holder.parts.erase(holder.parts.begin() + static_cast<std::ptrdiff_t>(index));
    show("deleted");
    holder.parts.push_back(before[index]);
    show("twice");
    if (holder.form != YamlTree::Form::Map) return;
    holder.parts[index].key += 'x';
    show("misspelt");
  });
}

}  // namespace bandwright
