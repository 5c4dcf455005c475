#include "report/unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/rounding.h"

namespace bandwright {
namespace {

constexpr std::array all_units = {
    UnitInfo{Unit::Word, "", "", "a name or a sentence"},
    UnitInfo{Unit::Flag, "", "", "true or false"},
    UnitInfo{Unit::Count, "", "", "a whole number"},
    UnitInfo{Unit::Number, "", "", "a number"},
    UnitInfo{Unit::Share, "", "", "a share of 1"},
    UnitInfo{Unit::Factor, "", "", "how many times as much"},
    UnitInfo{Unit::Seconds, "s", "_s", "seconds"},
    UnitInfo{Unit::Memory, "GiB", "_bytes", "bytes"},
    UnitInfo{Unit::Traffic, "GB", "_bytes", "bytes"},
    UnitInfo{Unit::GbPerS, "GB/s", "_gb_per_s", "GB/s: 1e9 bytes per second"},
    UnitInfo{Unit::Usd, "", "_usd", "United States dollars"},
    UnitInfo{Unit::TokensPerS, "tokens/s", "tokens_per_s", "tokens per second"},
    UnitInfo{Unit::ItemsPerS, "items/s", "items_per_s", "items per second; `item` says of what"},
    UnitInfo{Unit::TflopPerS, "TFLOP/s", "tflop_per_s_per_npu", "1e12 floating-point operations per second"},
    UnitInfo{Unit::MillionFlop, "MFLOP", "_mflop", "1e6 floating-point operations"},
    UnitInfo{Unit::UsdPerGbPerS, "$ per GB/s", "usd_per_gb_per_s", "dollars for one GB/s"},
    UnitInfo{Unit::UsdPerHour, "$ per hour", "usd_per_hour", "dollars per hour"},
    UnitInfo{Unit::UsdPerMillion, "$ per million", "usd_per_million_tokens", "dollars for a million tokens"},
    UnitInfo{Unit::UsdPerMillionItems, "$ per million", "usd_per_million_items",
             "dollars for a million items"},
    UnitInfo{Unit::StepsPerSPerMillionUsd, "steps/s per $1M", "steps_per_s_per_million_usd",
             "training steps per second for each million dollars of network"},
    UnitInfo{Unit::PerS, "per s", "_per_s", "so many in a second"},
    UnitInfo{Unit::Percent, "", "_percent", "hundredths"}};

constexpr double kibi = 1024.0;
constexpr std::array time_scales = {Scale{1.0, "s"}, Scale{1e-3, "ms"}, Scale{1e-6, "us"}, Scale{1e-9, "ns"},
                                    Scale{1e-12, "ps"}};
// Up to GiB, in which memories are sold: 1,420 of 80 GiB.
constexpr std::array memory_scales = {Scale{kibi * kibi * kibi, "GiB"}, Scale{kibi * kibi, "MiB"},
                                      Scale{kibi, "KiB"}, Scale{1.0, "B"}};
constexpr std::array traffic_scales = {Scale{1e18, "EB"}, Scale{1e15, "PB"}, Scale{1e12, "TB"},
                                       Scale{1e9, "GB"},  Scale{1e6, "MB"},  Scale{1e3, "kB"},
                                       Scale{1.0, "B"}};

std::span<const Scale> scales(Unit unit) {
  if (unit == Unit::Seconds) return time_scales;
  if (unit == Unit::Memory) return memory_scales;
  if (unit == Unit::Traffic) return traffic_scales;
  return {};
}

bool is_scaled(Unit unit) { return !scales(unit).empty(); }

// Digits before the point: 3 for 123.4, 0 for 0.5, -1 for 0.05.
int whole_digits(double value) {
  return value == 0.0 ? 1 : static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
}

constexpr int most_decimals = 12;

bool is_zero(std::string_view digits) { return digits.find_first_not_of("0.,") == std::string_view::npos; }

// "-$5"; nothing is owed where the digits that are shown are 0.
std::string dollars(bool negative, const std::string& digits) {
  return (negative && !is_zero(digits) ? "-$" : "$") + digits;
}

}  // namespace

std::span<const UnitInfo> units() { return all_units; }

const UnitInfo& info(Unit unit) { return all_units[static_cast<std::size_t>(unit)]; }

Scale scale_of(Unit unit, double largest) {
  const std::span<const Scale> choices = scales(unit);
  if (choices.empty()) return {1.0, info(unit).name};
  if (largest == 0.0) return choices.front();
  for (const Scale& scale : choices) {
    if (std::abs(largest) >= scale.factor * (1.0 - 1e-9)) return scale;
  }
  return choices.back();
}

std::string with_decimals(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", std::abs(value), std::clamp(decimals, 0, most_decimals));
  const auto point = static_cast<std::ptrdiff_t>(std::min(text.find('.'), text.size()));
  for (std::ptrdiff_t i = point - 3; i > 0; i -= 3) text.insert(static_cast<std::size_t>(i), ",");
  return value < 0.0 && !is_zero(text) ? "-" + text : text;
}

std::string significant(double value, int digits) {
  const double size = std::abs(value);
  if (size != 0.0 && (size >= 1e15 || size < 1e-5)) return fmt::format("{:.{}g}", value, digits);
  if (std::abs(value - std::round(value)) <= 1e-12 * size) return with_decimals(value, 0);
  // Rounding may carry: 9.9996 is 10.00.
  const double rounded = rounded_to(value, digits);
  return with_decimals(rounded, digits - whole_digits(rounded));
}

std::string quantity(double value, Unit unit, int digits) {
  if (unit == Unit::Share) return significant(100.0 * value, 3) + " %";
  if (unit == Unit::Percent) return significant(value, 3) + " %";
  if (unit == Unit::Usd) {
    const double size = std::abs(value);
    return dollars(value < 0.0, size >= 1e3 || size == 0.0 ? with_decimals(size, 0) : significant(size));
  }
  if (unit == Unit::GbPerS) {
    return (std::abs(value) >= 0.1 ? with_decimals(value, 2) : significant(value)) + " GB/s";
  }
  const Scale scale = scale_of(unit, value);
  const std::string number = significant(value / scale.factor, digits);
  return scale.name.empty() ? number : fmt::format("{} {}", number, scale.name);
}

NumberStyle style_of(Unit unit, std::span<const double> values) {
  double largest = 0.0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return style_of(unit, values, largest);
}

NumberStyle style_of(Unit unit, std::span<const double> values, double largest_of_unit) {
  NumberStyle style{.unit = unit, .scale = scale_of(unit, largest_of_unit)};
  double largest = 0.0;
  bool whole = true;
  for (const double value : values) {
    largest = std::max(largest, std::abs(value));
    whole = whole && value == std::floor(value);
  }
  const int before = whole_digits(largest / style.scale.factor);
  switch (unit) {
    case Unit::Count:
      break;
    case Unit::Percent:
      style.decimals = 1;
      break;
    case Unit::Share:
      style.decimals = largest > 0.0 && largest < 0.01 ? 3 : 1;
      break;
    case Unit::Usd:
      style.decimals = largest >= 1e3 || whole ? 0 : std::clamp(4 - before, 0, 6);
      break;
    case Unit::GbPerS:
      style.decimals = largest >= 1.0 ? 2 : std::clamp(4 - before, 2, 9);
      break;
    default:
      style.decimals = whole && !is_scaled(unit) ? 0 : std::clamp(5 - before, 0, 9);
  }
  return style;
}

std::string format(double value, const NumberStyle& style) {
  if (style.unit == Unit::Percent) return with_decimals(value, style.decimals) + " %";
  if (style.unit == Unit::Share) return with_decimals(100.0 * value, style.decimals) + " %";
  if (style.unit == Unit::Usd) return dollars(value < 0.0, with_decimals(std::abs(value), style.decimals));
  const double scaled = value / style.scale.factor;
  if (std::abs(scaled) >= 1e15) return fmt::format("{:.5g}", scaled);
  return with_decimals(scaled, style.decimals);
}

}  // namespace bandwright
