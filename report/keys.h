#pragma once
#include <span>
#include <string_view>

#include "report/unit.h"

namespace bandwright {

// Every name that stands in an answer, of any command: what it is called in JSON and CSV, its unit, what
// people read in front of it, and what it means. One name has one meaning; docs/json.md is made of this
// table.
struct Key {
  std::string_view name;
  Unit unit;
  std::string_view label;
  std::string_view help;
};
std::span<const Key> keys();
// The key called so. An unknown one is a fault of the program: std::logic_error.
const Key& key(std::string_view name);

// The table as a page of Markdown.
std::string keys_page();
// The end of the glossary: what people read in front of each value, by that.
std::string labels_table();

}  // namespace bandwright
