#pragma once
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "core/yaml.h"

namespace bandwright {

constexpr std::size_t max_points = 1'000'000;  // of an experiment

// What a key of an experiment was called once, which is still understood; "" for most.
constexpr std::string_view former_key(std::string_view key) { return key == "libraries" ? "systems" : ""; }

// A grid of an experiment file, with the keys beside `grids` behind its own. An axis is found by any of its
// names: by `machine` as by `machines`.
class Grid {
 public:
  Grid(const YamlValue& own, const YamlValue& common) : own_(own), common_(common) {}

  // The values of a key; the defaults when neither the grid nor the file has it. Throws InputError where one
  // of them has it by two names.
  [[nodiscard]] std::vector<YamlValue> values(std::string_view key,
                                              std::initializer_list<std::string_view> defaults) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key).has_value(); }
  // GB/s above 0, of any size; or dollars, when the grid has those in place of budgets.
  [[nodiscard]] std::vector<double> budgets() const;
  [[nodiscard]] bool in_dollars() const;
  [[nodiscard]] const YamlValue& own() const { return own_; }

 private:
  [[nodiscard]] std::optional<YamlValue> find(std::string_view key) const;

  YamlValue own_;
  YamlValue common_;
};

}  // namespace bandwright
