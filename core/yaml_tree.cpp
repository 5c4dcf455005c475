#include "core/yaml_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace bandwright {
namespace {

constexpr std::size_t line_width = 110;

// In quotes with escapes, unless letters, digits, - and _ make it plain to every YAML reader.
std::string quoted_text(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  constexpr std::string_view words = " true false yes no on off null y n ";
  const bool plain = !text.empty() && letter(text.front()) &&
                     std::all_of(text.begin(), text.end(),
                                 [&](char c) { return letter(c) || digit(c) || c == '-' || c == '_'; });
  if (plain) {
    std::string lower = " " + text + " ";
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    if (words.find(lower) == std::string_view::npos) return text;
  }
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    const auto code = static_cast<unsigned char>(c);
    result += code < 0x20 || code == 0x7F ? fmt::format("\\x{:02X}", code) : std::string(1, c);
  }
  return result + '"';
}

void append_line(std::string& line, const YamlTree& tree) {
  switch (tree.form) {
    case YamlTree::Form::Nothing:
      line += '~';
      return;
    case YamlTree::Form::Word:
      line += tree.text;
      return;
    case YamlTree::Form::Text:
      line += quoted_text(tree.text);
      return;
    case YamlTree::Form::List:
    case YamlTree::Form::Map:
      break;
  }
  const bool map = tree.form == YamlTree::Form::Map;
  line += map ? '{' : '[';
  std::string_view separator;
  for (const YamlTree::Part& part : tree.parts) {
    line += separator;
    if (map) line += quoted_text(part.key) + ": ";
    append_line(line, part.value);
    separator = ", ";
  }
  line += map ? '}' : ']';
}

bool has_maps(const YamlTree& list) {
  return list.form == YamlTree::Form::List &&
         std::any_of(list.parts.begin(), list.parts.end(),
                     [](const YamlTree::Part& part) { return part.value.form == YamlTree::Form::Map; });
}

YamlTree spoken(const YamlTree& tree) {
  YamlTree result{tree.form, tree.text, {}};
  for (const YamlTree::Part& part : tree.parts) {
    if (!part.silent) result.parts.push_back({part.key, spoken(part.value), false});
  }
  return result;
}

void append_parts(std::string& text, const YamlTree& tree, std::size_t indent);

// After "key:" or "-", at the end of its line.
void append_value(std::string& text, const YamlTree& value, std::size_t indent) {
  const std::string line = yaml_line(value);
  if (value.parts.empty() || (indent + line.size() <= line_width && !has_maps(value))) {
    text += " " + line + '\n';
    return;
  }
  text += '\n';
  append_parts(text, value, indent);
}

void append_parts(std::string& text, const YamlTree& tree, std::size_t indent) {
  for (const YamlTree::Part& part : tree.parts) {
    text += std::string(indent, ' ');
    if (tree.form == YamlTree::Form::Map) {
      text += quoted_text(part.key) + ":";
      append_value(text, part.value, indent + 2);
      continue;
    }
    std::string item;
    append_value(item, part.value, indent + 2);
    const std::size_t first =
        item.find_first_not_of(" \n");  // of a map's lines, the first stands after the dash
    text += "- " + item.substr(first);
  }
}

}  // namespace

std::string yaml_line(const YamlTree& tree) {
  std::string line;
  append_line(line, tree);
  return line;
}

std::string yaml_text(const YamlTree& tree) {
  std::string text;
  append_parts(text, spoken(tree), 0);
  return text;
}

}  // namespace bandwright
