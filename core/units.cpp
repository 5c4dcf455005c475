#include "core/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/rounding.h"
#include "core/text.h"

namespace bandwright {
namespace {

struct Unit {
  std::string_view name;
  double factor;  // to the quantity's base unit
};

constexpr double kibi = 1024.0;
constexpr std::array time_units = {Unit{"ps", 1.0}, Unit{"ns", 1e3}, Unit{"us", 1e6}, Unit{"ms", 1e9},
                                   Unit{"s", 1e12}};
constexpr std::array byte_units = {Unit{"B", 1.0},
                                   Unit{"kB", 1e3},
                                   Unit{"MB", 1e6},
                                   Unit{"GB", 1e9},
                                   Unit{"TB", 1e12},
                                   Unit{"KiB", kibi},
                                   Unit{"MiB", kibi* kibi},
                                   Unit{"GiB", kibi* kibi* kibi},
                                   Unit{"TiB", kibi* kibi* kibi* kibi},
                                   Unit{"PiB", kibi* kibi* kibi* kibi* kibi}};
constexpr std::array bandwidth_units = {Unit{"GB/s", 1.0},
                                        Unit{"B/s", 1e-9},
                                        Unit{"kB/s", 1e-6},
                                        Unit{"MB/s", 1e-3},
                                        Unit{"TB/s", 1e3},
                                        Unit{"MiB/s", kibi* kibi * 1e-9},
                                        Unit{"GiB/s", kibi* kibi* kibi * 1e-9},
                                        Unit{"Mb/s", 1e-3 / 8},
                                        Unit{"Gb/s", 1.0 / 8},
                                        Unit{"Tb/s", 1e3 / 8},
                                        Unit{"Mbps", 1e-3 / 8},
                                        Unit{"Gbps", 1.0 / 8},
                                        Unit{"Tbps", 1e3 / 8}};
constexpr std::array flop_rate_units = {Unit{"FLOP/s", 1.0}, Unit{"GFLOP/s", 1e9}, Unit{"TFLOP/s", 1e12},
                                        Unit{"PFLOP/s", 1e15}, Unit{"TiFLOP/s", kibi* kibi* kibi* kibi}};

std::string unit_names(std::span<const Unit> units) {
  std::vector<std::string_view> names;
  for (const Unit& unit : units) names.push_back(unit.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// The leading finite number of `text`; leaves the rest of the text in it.
double take_number(std::string_view& text, std::string_view whole, std::string_view expected) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) {
    throw InputError(fmt::format("'{}' is not {}", printable(whole), expected));
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The number in base units of a text such as "0.5 us".
double parse_quantity(std::string_view text, std::string_view what, std::span<const Unit> units) {
  const std::string_view whole = trimmed(text);
  std::string_view rest = whole;
  const std::string expected = fmt::format("a {} (a number and one of {})", what, unit_names(units));
  const double number = take_number(rest, whole, expected);
  rest = trimmed(rest);
  for (const Unit& unit : units) {
    if (unit.name == rest) return number * unit.factor;
  }
  throw InputError(fmt::format("'{}' is not {}", printable(whole), expected));
}

// A whole number of a unit, without what a product of 53 bits loses of more than two hours.
std::optional<std::int64_t> whole_ps(std::string_view text) {
  const std::string_view whole = trimmed(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest = trimmed(whole.substr(static_cast<std::size_t>(end - whole.data())));
  for (const Unit& unit : time_units) {
    std::int64_t ps = 0;
    if (unit.name != rest) continue;
    if (!__builtin_mul_overflow(number, static_cast<std::int64_t>(unit.factor), &ps)) return ps;
  }
  return std::nullopt;
}

void require_range(std::string_view text, double value, double low, double high, std::string_view range) {
  if (!(value >= low && value <= high)) {
    throw InputError(fmt::format("'{}' is out of range: expected {}", printable(trimmed(text)), range));
  }
}

// Nothing, or something that answers can be made of.
void require_amount(std::string_view text, double value, double least, double most, std::string_view range) {
  if (value != 0.0) require_range(text, value, least, most, range);
}

void require_bandwidth(std::string_view text, double gb_per_s) {
  require_amount(text, gb_per_s, 1e-6, 1e9, "0, or 1e-6 to 1e9 GB/s");
}

}  // namespace

void check_range(Bandwidth bandwidth) {
  require_bandwidth(fmt::format("{} GB/s", bandwidth.value()), bandwidth.value());
}

void refuse_time(double ns) {
  const double days = ns * 1e-9 / 86400;
  if (!std::isfinite(days)) throw InputError("a time without end: the clock has 100 days");
  throw InputError(fmt::format("a time of {:.3g} days is beyond the clock of 100 days", days));
}

Time parse_time(std::string_view text) {
  const double ps = parse_quantity(text, "time", time_units);
  require_amount(text, ps, 1.0, 100 * 86400e12, "0, or 1 ps to 100 days");
  return Time(whole_ps(text).value_or(std::llround(ps)));
}

Bytes parse_bytes(std::string_view text) {
  const double count = parse_quantity(text, "size", byte_units);
  require_range(text, count, 0.0, 0x1p50, "0 to 1 PiB");
  if (count != std::floor(count)) {
    throw InputError(fmt::format("'{}' is not a whole number of bytes", printable(trimmed(text))));
  }
  return Bytes(static_cast<std::int64_t>(count));
}

Bandwidth parse_any_bandwidth(std::string_view text) {
  return Bandwidth(parse_quantity(text, "bandwidth", bandwidth_units));
}

Bandwidth parse_bandwidth(std::string_view text) {
  const Bandwidth bandwidth = parse_any_bandwidth(text);
  require_bandwidth(text, bandwidth.value());
  return bandwidth;
}

double parse_gb_per_s(std::string_view text) {
  std::string_view rest = trimmed(text);
  const std::string expected =
      fmt::format("a number of GB/s, or a number and one of {}", unit_names(bandwidth_units));
  const double number = take_number(rest, rest, expected);
  if (!trimmed(rest).empty()) return parse_bandwidth(text).value();
  require_bandwidth(text, number);
  return number;
}

FlopRate parse_flop_rate(std::string_view text) {
  const double value = parse_quantity(text, "compute rate", flop_rate_units);
  require_range(text, value, 1.0, 1e21, "1 FLOP/s to 1e6 PFLOP/s");
  return FlopRate(value);
}

Money parse_money(std::string_view text) {
  constexpr std::array suffixes = {Unit{"", 1.0}, Unit{"k", 1e3}, Unit{"M", 1e6}, Unit{"B", 1e9}};
  constexpr std::string_view expected = "an amount such as $15000000 or $15M (k, M or B)";
  const std::string_view whole = trimmed(text);
  std::string_view rest = whole;
  if (rest.starts_with('$')) {
    rest = trimmed(rest.substr(1));
    const double number = take_number(rest, whole, expected);
    for (const Unit& suffix : suffixes) {
      if (suffix.name != trimmed(rest)) continue;
      require_amount(text, number * suffix.factor, 1e-6, 1e15, "$0, or $1e-6 to $1e15");
      return Money(number * suffix.factor);
    }
  }
  throw InputError(fmt::format("'{}' is not {}", printable(whole), expected));
}

double parse_number(std::string_view text, double low, double high) {
  std::string_view rest = trimmed(text);
  const std::string expected = fmt::format("a number from {} to {}", low, high);
  const double number = take_number(rest, trimmed(text), expected);
  if (!rest.empty()) throw InputError(fmt::format("'{}' is not {}", printable(trimmed(text)), expected));
  require_range(text, number, low, high, expected);
  return number;
}

double parse_amount(std::string_view text, double least, double most) {
  const double number = parse_number(text, 0.0, most);
  require_amount(text, number, least, most, fmt::format("0, or a number from {} to {}", least, most));
  return number;
}

std::int64_t parse_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  const std::string_view digits = trimmed(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < low || number > high) {
    throw InputError(fmt::format("'{}' is not a whole number from {} to {}", printable(digits), low, high));
  }
  return number;
}

namespace {
std::string format_scaled(double value, std::span<const Unit> ascending) {
  constexpr int digits = 4;
  const double shown = rounded_to(value, digits);  // 999.96 MB are a GB
  const Unit* best = ascending.data();
  for (const Unit& unit : ascending) {
    if (std::abs(shown) >= unit.factor) best = &unit;
  }
  const double number = shown / best->factor;
  return std::abs(number) < 1e4 ? fmt::format("{:.4g} {}", number, best->name)
                                : fmt::format("{:.0f} {}", number, best->name);
}
}  // namespace

std::string format_bytes(Bytes b) {
  return format_scaled(to_double(b), std::span(byte_units).first(5));  // B to TB
}

std::string format_time(Time t) {
  return format_scaled(static_cast<double>(t.value()), time_units);  // ps to s
}

}  // namespace bandwright
