#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "study/recipe/recipe.h"

namespace bandwright {

// One setting of a recipe: "tensor-model-parallel-size" with its words, and where it stands.
struct Setting {
  std::string name;
  std::vector<std::string> values;
  int line = 0;
  bool used = false;
};

// What a recipe sets, the last word on each. Asking for one marks it as used: what is left is what nobody
// understood.
class Settings {
 public:
  explicit Settings(std::string file) : file_(std::move(file)) {}

  void set(std::string name, std::vector<std::string> values, int line);
  [[nodiscard]] bool has(std::string_view name) const;
  bool flag(std::string_view name);  // set, and not to false
  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> count(std::string_view name);  // whole, from -1. Throws InputError
  std::vector<std::string> list(std::string_view name);
  std::vector<const Setting*> unused() const;

  [[noreturn]] void fail(std::string_view name, std::string_view problem) const;

 private:
  Setting* find(std::string_view name);

  std::string file_;
  std::vector<Setting> settings_;
  std::map<std::string, std::size_t, std::less<>> index_;  // of a name
};

// The product of numbers of at most `most_setting` each, or that where it is more.
constexpr std::int64_t most_setting = std::int64_t{1} << 40;
std::int64_t capped_product(std::initializer_list<std::int64_t> factors);

// Words of a script for a shell, as far as that can be read without one: quotes, lines that go on, comments,
// arrays, and variables that are set to plain values in it (or NAME:-usual). Settings are words with two
// dashes in front; names have dashes, never underscores.
Settings read_command_line(std::string_view text, const std::string& file);
// TOML, as far as settings need it: "section.name".
Settings read_toml(std::string_view text, const std::string& file);

// What a catalogue knows of settings that a reader does not use.
struct KnownSetting {
  std::string_view name;  // with a '*' at its end: all that begin so
  std::string_view note;  // what it changes; "": no step is longer or shorter for it
};
// Sorts what is left into notes and what has no weight; what is unknown is named.
void sort_unused(Recipe& recipe, const Settings& settings, std::span<const KnownSetting> known,
                 std::string_view dashes);

}  // namespace bandwright
