#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace bandwright {

// A number with a unit in its type. Quantities of one kind add, compare and scale by plain numbers; nothing
// converts silently to another kind. `value()` is for formulas, which say the unit in their names.
template <class Tag, class Rep>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }

  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator*(Quantity a, Rep factor) { return Quantity(a.value_ * factor); }
  friend constexpr Quantity operator*(Rep factor, Quantity a) { return a * factor; }
  friend constexpr Quantity operator/(Quantity a, Rep divisor) { return Quantity(a.value_ / divisor); }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  Rep value_{};
};

// Simulated time in integer picoseconds: order and equality are exact. Range: 106 days.
using Time = Quantity<struct PicosecondTag, std::int64_t>;
// A number of bytes.
using Bytes = Quantity<struct ByteTag, std::int64_t>;
// 1 GB/s = 1e9 B/s = 1 byte per nanosecond.
using Bandwidth = Quantity<struct GigabytePerSecondTag, double>;
// 1 FLOP/s.
using FlopRate = Quantity<struct FlopPerSecondTag, double>;
// United States dollars.
using Money = Quantity<struct DollarTag, double>;

constexpr Time picoseconds(std::int64_t ps) { return Time(ps); }
// For times beyond the clock, and those that are no number: throws InputError.
[[noreturn]] void refuse_time(double ns);
// The nearest picosecond. Throws InputError beyond 100 days.
constexpr Time nanoseconds(double ns) {
  constexpr double clock_end = 100.0 * 86400e9;
  if (!(ns <= clock_end && ns >= -clock_end)) refuse_time(ns);
  return Time(static_cast<std::int64_t>(ns * 1e3 + (ns < 0 ? -0.5 : 0.5)));
}
constexpr double to_ns(Time t) { return static_cast<double>(t.value()) * 1e-3; }
constexpr double to_us(Time t) { return static_cast<double>(t.value()) * 1e-6; }
constexpr double to_ms(Time t) { return static_cast<double>(t.value()) * 1e-9; }
constexpr double to_seconds(Time t) { return static_cast<double>(t.value()) * 1e-12; }

constexpr Bytes bytes(std::int64_t count) { return Bytes(count); }
constexpr double to_double(Bytes b) { return static_cast<double>(b.value()); }
constexpr Bandwidth gb_per_s(double value) { return Bandwidth(value); }
// 2^30 B/s, the reference simulator's "GB/s".
constexpr Bandwidth gib_per_s(double value) { return Bandwidth(value * 1.073741824); }
constexpr Money dollars(double value) { return Money(value); }

// Quantities as people write them: a finite number, an optional space, a unit ("50 GB/s", "0.5us", "1 GiB").
// Throws InputError naming the text and the units accepted. Decimal prefixes are powers of 1000 and binary
// ones (KiB, MiB, GiB/s ...) powers of 1024.
Time parse_time(std::string_view text);            // ps ns us ms s; not negative, at most 100 days
Bytes parse_bytes(std::string_view text);          // B kB MB GB TB KiB MiB GiB TiB; whole, 0 to 1 PiB
Bandwidth parse_bandwidth(std::string_view text);  // kB/s MB/s GB/s TB/s Gb/s ... MiB/s GiB/s; not negative
FlopRate parse_flop_rate(std::string_view text);   // GFLOP/s TFLOP/s PFLOP/s TiFLOP/s; positive
Money parse_money(std::string_view text);          // $15000000 $15M (k, M, B); not negative, at most $1e15

// A plain number without a unit, in the range [low, high]. Throws InputError; never returns NaN.
double parse_number(std::string_view text, double low, double high);
// A whole number in the range [low, high]. Throws InputError.
std::int64_t parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

// "1.50 GB", "12.3 us": three or four significant digits and the largest decimal unit that keeps the number
// above 1.
std::string format_bytes(Bytes b);
std::string format_time(Time t);

}  // namespace bandwright
