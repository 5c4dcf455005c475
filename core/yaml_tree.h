#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bandwright {

// A value as it is written: nothing, a word that needs no quotes (a number, true, "5 us"), text, a list or a
// map.
struct YamlTree {
  enum class Form : std::uint8_t { Nothing, Word, Text, List, Map };
  struct Part;
  Form form = Form::Nothing;
  std::string text;         // of a word or a text
  std::vector<Part> parts;  // of a list or map

  static YamlTree word(std::string text) { return {Form::Word, std::move(text), {}}; }
  static YamlTree quoted(std::string text) { return {Form::Text, std::move(text), {}}; }
  static YamlTree list() { return {Form::List, {}, {}}; }
  static YamlTree map() { return {Form::Map, {}, {}}; }
  void add(std::string_view key, YamlTree value, bool silent = false);
};
struct YamlTree::Part {
  std::string key;  // of a map's
  YamlTree value;
  bool silent = false;  // goes without saying in a file: it is as usual
};
inline void YamlTree::add(std::string_view key, YamlTree value, bool silent) {
  parts.push_back({std::string(key), std::move(value), silent});
}

// Everything on one line: {name: "4D", dimensions: [{kind: Ring, npus: 2}]}. Different values have different
// lines.
std::string yaml_line(const YamlTree& tree);

// A file without what goes without saying: a line per key; what fits on a line stands in braces, longer
// values are indented below their key. REQUIRES a map.
std::string yaml_text(const YamlTree& tree);

}  // namespace bandwright
