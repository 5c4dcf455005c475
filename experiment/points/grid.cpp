#include "experiment/points/grid.h"

#include <fmt/format.h>

#include <cmath>

namespace bandwright {
namespace {

double positive_bandwidth(const YamlValue& value) {
  const double bandwidth = value.parsed("a bandwidth", parse_any_bandwidth).value();
  if (bandwidth <= 0.0) value.fail("expected more than 0 GB/s");
  return bandwidth;
}

std::vector<double> range(const YamlValue& map) {
  map.require_keys({"from", "to", "step"});
  const double from = positive_bandwidth(map.at("from"));
  const double to = positive_bandwidth(map.at("to"));
  const double step = positive_bandwidth(map.at("step"));
  const double steps = std::floor((to - from) / step * (1.0 + 1e-12) + 1e-9);
  if (steps < 0.0) map.fail("`to` is below `from`");
  if (steps >= static_cast<double>(max_points)) map.fail("more than a million budgets");
  std::vector<double> budgets;
  for (int i = 0; i <= static_cast<int>(steps); ++i) budgets.push_back(from + i * step);
  return budgets;
}

std::vector<double> geometric(const YamlValue& map) {
  map.require_keys({"from", "to", "points"});
  const double from = map.at("from").as_number(1.0, 1e15);
  const double to = map.at("to").as_number(from, 1e15);
  const std::int64_t points = map.at("points").as_integer(2, 10'000);
  const double factor = std::pow(to / from, 1.0 / static_cast<double>(points - 1));
  std::vector<double> values;
  for (std::int64_t i = 0; i < points; ++i) values.push_back(from * std::pow(factor, static_cast<double>(i)));
  return values;
}

}  // namespace

std::optional<YamlValue> Grid::find(std::string_view key) const {
  const auto value = own_.find(key);
  return value ? value : common_.find(key);
}

std::vector<YamlValue> Grid::values(std::string_view key,
                                    std::initializer_list<std::string_view> defaults) const {
  if (const auto value = find(key)) {
    std::vector<YamlValue> values = value->is_list() ? value->items() : std::vector{*value};
    if (values.empty()) value->fail("an empty list");
    return values;
  }
  if (defaults.size() == 0) static_cast<void>(own_.at(key));  // throws: the key is missing
  std::vector<YamlValue> values;
  for (const std::string_view word : defaults) {
    values.push_back(YamlValue::parse(fmt::format("{}: {}", key, word), own_.place().file).at(key));
  }
  return values;
}

std::vector<double> Grid::budgets() const {
  if (in_dollars()) {
    const YamlValue dollars = *find("dollars");
    if (dollars.is_map()) return geometric(dollars);
    std::vector<double> amounts;
    for (const YamlValue& amount : values("dollars", {})) amounts.push_back(amount.as_number(1.0, 1e15));
    return amounts;
  }
  const auto value = find("budgets");
  if (value && value->is_map()) return range(*value);
  std::vector<double> budgets;
  for (const YamlValue& budget : values("budgets", {})) budgets.push_back(positive_bandwidth(budget));
  return budgets;
}

}  // namespace bandwright
