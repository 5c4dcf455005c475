#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/units.h"

namespace bandwright {

// The key that says what a file of our own is.
constexpr std::string_view kind_key = "bandwright";

// A YAML value that knows its place. Every failure is an InputError "file:line: key: problem".
//
//   const YamlValue root = YamlValue::load("net.yaml");
//   root.require_keys({"name", "latency"});                      // any other is an error
//   const std::string name = root.at("name").as_string();        // required
//   if (auto latency = root.find("latency")) latency->as_time();  // optional
class YamlValue {
 public:
  // Of a file, or of what is written out itself (core/paths.h), whose place is called {...}.
  static YamlValue load(const std::filesystem::path& file);
  static YamlValue parse(std::string_view text, std::string file_name);

  // Throws unless this is a map that has only `known` keys, each once.
  void require_keys(std::span<const std::string_view> known) const;
  void require_keys(std::initializer_list<std::string_view> known) const {
    require_keys(std::span(known.begin(), known.size()));
  }

  // What the file says that it is, in its first key (`bandwright: machine`), which is not among the entries;
  // "" when it does not say, and below the root.
  [[nodiscard]] std::string_view declared_kind() const { return declared_kind_; }

  [[nodiscard]] YamlValue at(std::string_view key) const;  // throws when missing
  [[nodiscard]] std::optional<YamlValue> find(std::string_view key) const;

  [[nodiscard]] bool is_map() const;
  [[nodiscard]] bool is_list() const;
  // The entries of a map in file order. Throws on anything else, and on a key that stands twice.
  [[nodiscard]] std::vector<std::pair<std::string, YamlValue>> entries() const;
  // The items of a list. Throws on anything else.
  [[nodiscard]] std::vector<YamlValue> items() const;

  [[nodiscard]] std::string as_string() const;  // not empty
  [[nodiscard]] bool as_bool() const;           // true or false
  [[nodiscard]] std::int64_t as_integer(std::int64_t low, std::int64_t high) const;
  [[nodiscard]] double as_number(double low, double high) const;
  [[nodiscard]] double as_amount(double least, double most) const;  // 0, or that much
  [[nodiscard]] Time as_time() const;
  [[nodiscard]] Bytes as_bytes() const;
  [[nodiscard]] Bandwidth as_bandwidth() const;
  [[nodiscard]] FlopRate as_flop_rate() const;

  [[nodiscard]] const Place& place() const { return place_; }
  [[noreturn]] void fail(std::string_view problem) const { throw InputError(place_, problem); }
  // The result of `parser` on this single value's text; an InputError of it gets this value's place.
  template <class Parser>
  auto parsed(std::string_view expected, Parser parser) const -> decltype(parser(std::string_view())) {
    const std::string text = scalar(expected);
    try {
      return parser(std::string_view(text));
    } catch (const InputError& error) {
      fail(error.what());
    }
  }

 private:
  struct Node;  // hides the YAML library
  YamlValue(std::shared_ptr<const Node> node, Place place);
  [[nodiscard]] YamlValue child(const Node& key, const Node& value) const;
  [[nodiscard]] std::string scalar(std::string_view expected) const;
  [[nodiscard]] std::vector<std::string> keys() const;

  std::shared_ptr<const Node> node_;  // shared: values are copied freely and the library's nodes are handles
  Place place_;
  std::string declared_kind_;
};

}  // namespace bandwright
