#include "experiment/points/grid.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "study/job/job_options.h"

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

// 500000, or as the command line has it: $500k.
double amount_of_money(const YamlValue& value, double least) {
  constexpr double most = 1e15;
  const auto read = [&](std::string_view text) -> std::optional<double> {
    if (!trimmed(text).starts_with('$')) return std::nullopt;
    const double amount = parse_money(text).value();
    if (amount < least || amount > most) {
      throw InputError(fmt::format("'{}' is out of range: expected ${} to ${}", text, least, most));
    }
    return amount;
  };
  if (const auto amount = value.parsed("an amount of money", read)) return *amount;
  return value.as_number(least, most);
}

std::vector<double> geometric(const YamlValue& map) {
  map.require_keys({"from", "to", "points"});
  const double from = amount_of_money(map.at("from"), 1.0);
  const double to = amount_of_money(map.at("to"), from);
  const std::int64_t points = map.at("points").as_integer(2, 10'000);
  const double factor = std::pow(to / from, 1.0 / static_cast<double>(points - 1));
  std::vector<double> values;
  for (std::int64_t i = 0; i < points; ++i) values.push_back(from * std::pow(factor, static_cast<double>(i)));
  return values;
}

// The value that a map has under one of these keys. Throws InputError where it has two of them, one of which
// would go unused.
std::optional<YamlValue> only_value(const YamlValue& map, std::initializer_list<std::string_view> keys) {
  std::optional<YamlValue> found;
  std::string_view found_key;
  for (const std::string_view key : keys) {
    const auto value = key.empty() ? std::nullopt : map.find(key);
    if (value && found) value->fail(fmt::format("stands beside {}: one or the other", found_key));
    if (!value) continue;
    found = value;
    found_key = key;
  }
  return found;
}

std::optional<YamlValue> value_of_axis(const YamlValue& map, std::string_view key) {
  const JobOption* option = find_job_option(key);
  if (option == nullptr || option->plural.empty()) return map.find(key);
  return only_value(map, {option->name, option->plural, former_key(option->plural)});
}

}  // namespace

std::optional<YamlValue> Grid::find(std::string_view key) const {
  const auto value = value_of_axis(own_, key);
  return value ? value : value_of_axis(common_, key);
}

bool Grid::in_dollars() const {
  for (const YamlValue* map : {&own_, &common_}) {
    if (only_value(*map, {"budgets", "dollars"})) return map->find("dollars").has_value();
  }
  return false;
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
    for (const YamlValue& amount : values("dollars", {})) amounts.push_back(amount_of_money(amount, 1.0));
    return amounts;
  }
  const auto value = find("budgets");
  if (value && value->is_map()) return range(*value);
  std::vector<double> budgets;
  for (const YamlValue& budget : values("budgets", {})) budgets.push_back(positive_bandwidth(budget));
  return budgets;
}

}  // namespace bandwright
