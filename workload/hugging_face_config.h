#pragma once
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

// A config.json with its name for messages: of a model on its own, or the text part of one for images and
// sound, with the outer keys beneath. Remembers which keys were asked for, so that what nobody asked for can
// be told.
class HuggingFaceConfig {
 public:
  // Python writes NaN and Infinity, which JSON does not have: they are read as texts. Throws InputError.
  HuggingFaceConfig(std::string_view text, std::string file);

  [[noreturn]] void fail(std::string_view key, std::string_view problem) const;

  [[noreturn]] void missing(const char* key) const;  // with the nearest of the keys that nobody asked for

  [[nodiscard]] bool nested() const { return nested_; }

  // The whole number under the first of `keys` that is there and not null. A list of equal numbers is one.
  [[nodiscard]] std::optional<std::int64_t> find_size(std::initializer_list<const char*> keys) const;
  [[nodiscard]] std::int64_t size(
      std::initializer_list<const char*> keys) const;  // at least 1; must be there
  [[nodiscard]] std::int64_t size_or(std::initializer_list<const char*> keys, std::int64_t otherwise) const;
  [[nodiscard]] std::string text(std::initializer_list<const char*> keys) const;  // empty: not there
  [[nodiscard]] std::optional<bool> flag(const char* key) const;
  // A list of words or numbers as text; empty where it is not there. Throws InputError for anything else.
  [[nodiscard]] bool is_list(const char* key) const;
  [[nodiscard]] std::vector<std::string> list(const char* key) const;

  // Keys with a value that is not null, false, 0 or empty, that nobody asked for.
  [[nodiscard]] std::vector<std::string> unasked() const;

 private:
  [[nodiscard]] const nlohmann::json* find(const char* key) const;  // "a.b": b in a

  nlohmann::json json_;
  std::string file_;
  bool nested_ = false;
  mutable std::set<std::string, std::less<>> asked_;
};

}  // namespace bandwright
