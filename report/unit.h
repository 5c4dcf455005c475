#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bandwright {

// What a number of an answer counts. The unit decides how its name ends in JSON and CSV, where every number
// stands unscaled, and how people read it: scaled, with the unit behind it.
//
//   Seconds  0.0250125  "step_time_s"       25.01 ms
//   Memory   83886080000 "memory_bytes"     78.13 GiB   (memory is built in powers of two ...)
//   Traffic  7248000000 "sent_bytes"        7.248 GB    (... and links carry powers of ten)
enum class Unit : std::uint8_t {
  Word,    // a name or a sentence
  Flag,    // true or false
  Count,   // a whole number of things
  Number,  // a plain number
  Share,   // of 1; people read percent
  Factor,  // how many times as much
  Seconds,
  Memory,
  Traffic,
  GbPerS,
  Usd,
  TokensPerS,
  ItemsPerS,
  TflopPerS,
  MillionFlop,
  UsdPerGbPerS,
  UsdPerHour,
  UsdPerMillion,
  UsdPerMillionItems,
  StepsPerSPerMillionUsd,
  PerS,
  Percent,  // of a comparison with what was measured, as its literature gives it
};

struct UnitInfo {
  Unit unit;
  std::string_view name;    // for people, behind a number; "" where the number says it all
  std::string_view suffix;  // how keys of this unit end; "" where they may be called anything
  std::string_view help;
};
std::span<const UnitInfo> units();
const UnitInfo& info(Unit unit);

// A unit as it is shown: the number divided by `factor`, and `name` behind it.
struct Scale {
  double factor = 1.0;
  std::string_view name;
};
// The one in which `largest` is at least 1: ps to s, B to GiB, B to EB. Other units have one scale.
Scale scale_of(Unit unit, double largest);

// "1,420", "25.01", "0.0736": so many significant digits, thousands grouped, no digits behind a whole number.
std::string significant(double value, int digits = 4);
// "1,420.50": so many decimals, thousands grouped.
std::string with_decimals(double value, int decimals);
// With its unit, scaled: "25.01 ms", "42.5 %", "$15,310,123", "137.99 GB/s".
std::string quantity(double value, Unit unit, int digits = 4);

// How the numbers of one column are shown: one scale and as many decimals for all, so that points align.
struct NumberStyle {
  Unit unit = Unit::Number;
  Scale scale;
  int decimals = 0;
};
NumberStyle style_of(Unit unit, std::span<const double> values);
NumberStyle style_of(Unit unit, std::span<const double> values, double largest_of_unit);
// Without the unit's name, which the heading has; but "42.5 %" and "$15,310".
std::string format(double value, const NumberStyle& style);

}  // namespace bandwright
