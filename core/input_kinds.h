#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/yaml.h"

namespace bandwright {

// A command that takes a kind of file, and how: "as their model", "with --tiers".
struct InputUse {
  std::string_view command;  // "scale simulate"; or one of the two below
  std::string_view how;
};
// Not commands, but files that name others in one of their keys: "in `machines`".
constexpr std::string_view experiments_as_user = "experiments";
constexpr std::string_view machine_files_as_user = "machine files";

// The kinds of files that are our own. A file says its kind in its first key, `bandwright: machine`; one that
// does not is taken for what it is asked for.
struct InputKind {
  std::string_view name;
  std::string_view help;    // "a machine: ..."
  std::string_view folder;  // of inputs/
  std::span<const InputUse> uses;
  std::string_view read_by = {};  // where no command takes such a file by its name
};
std::span<const InputKind> input_kinds();

// The kind called `name`. Throws InputError naming the kinds.
const InputKind& input_kind(std::string_view name);

// "`simulate` and `optimize` take it with --library, experiments in `libraries`"
std::string use_text(const InputKind& kind);

// Throws InputError when the file says that it is something unknown.
void require_known_kind(const YamlValue& root);

// Throws InputError when the file says that it is of another kind; the message says which commands take that.
void expect_kind(const YamlValue& root, std::string_view kind);

}  // namespace bandwright
