#pragma once
#include <span>
#include <string_view>

#include "core/yaml.h"

namespace bandwright {

// The kinds of files that are our own. A file says its kind in its first key, `bandwright: machine`; one that
// does not is taken for what it is asked for.
struct InputKind {
  std::string_view name;
  std::string_view help;    // "a machine: ..."
  std::string_view folder;  // of inputs/
  std::string_view use;     // which commands take it, and how
};
std::span<const InputKind> input_kinds();

// The kind called `name`. Throws InputError naming the kinds.
const InputKind& input_kind(std::string_view name);

// Throws InputError when the file says that it is something unknown.
void require_known_kind(const YamlValue& root);

// Throws InputError when the file says that it is of another kind; the message says which commands take that.
void expect_kind(const YamlValue& root, std::string_view kind);

}  // namespace bandwright
