#pragma once
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace bandwright {

// A number with a unit in its type. Quantities of one kind add, compare and scale by plain numbers; nothing
// converts silently to another kind. `value()` is for formulas, which say the unit in their names. Whole
// numbers never wrap around: what leaves their range stays at its end, far beyond what any answer may hold
// (clock_end).
template <class Tag, class Rep>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }

  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    if constexpr (std::is_floating_point_v<Rep>) {
      return Quantity(a.value_ + b.value_);
    } else {
      Rep sum{};
      return Quantity(__builtin_add_overflow(a.value_, b.value_, &sum) ? end(b.value_ < 0) : sum);
    }
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    if constexpr (std::is_floating_point_v<Rep>) {
      return Quantity(a.value_ - b.value_);
    } else {
      Rep rest{};
      return Quantity(__builtin_sub_overflow(a.value_, b.value_, &rest) ? end(b.value_ > 0) : rest);
    }
  }
  friend constexpr Quantity operator*(Quantity a, Rep factor) {
    if constexpr (std::is_floating_point_v<Rep>) {
      return Quantity(a.value_ * factor);
    } else {
      Rep product{};
      const bool below = (a.value_ < 0) != (factor < 0);
      return Quantity(__builtin_mul_overflow(a.value_, factor, &product) ? end(below) : product);
    }
  }
  friend constexpr Quantity operator*(Rep factor, Quantity a) { return a * factor; }
  friend constexpr Quantity operator/(Quantity a, Rep divisor) { return Quantity(a.value_ / divisor); }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  static constexpr Rep end(bool lower) {
    return lower ? std::numeric_limits<Rep>::lowest() : std::numeric_limits<Rep>::max();
  }

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

// No step, and nothing in one, takes longer than this; the type has room for sums of more.
constexpr Time clock_end(std::int64_t{100} * 86400 * 1'000'000'000'000);

constexpr Time picoseconds(std::int64_t ps) { return Time(ps); }
// For times beyond the clock, and those that are no number: throws InputError.
[[noreturn]] void refuse_time(double ns);
// The nearest picosecond. Throws InputError beyond 100 days.
constexpr Time nanoseconds(double ns) {
  constexpr double end_ns = static_cast<double>(clock_end.value()) * 1e-3;
  if (!(ns <= end_ns && ns >= -end_ns)) refuse_time(ns);
  return Time(static_cast<std::int64_t>(ns * 1e3 + (ns < 0 ? -0.5 : 0.5)));
}
// The time itself. Throws InputError beyond 100 days.
constexpr Time on_clock(Time t) {
  if (t > clock_end || t < Time(0) - clock_end) refuse_time(static_cast<double>(t.value()) * 1e-3);
  return t;
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
// What is not nothing has a smallest value as well, so that no answer divides by almost nothing.
Time parse_time(std::string_view text);            // ps ns us ms s; 0, or 1 ps to 100 days
Bytes parse_bytes(std::string_view text);          // B kB MB GB TB KiB MiB GiB TiB PiB; whole, 0 to 1 PiB
Bandwidth parse_bandwidth(std::string_view text);  // kB/s GB/s Gb/s Gbps ... GiB/s; 0, or 1e-6 to 1e9 GB/s
// The same of any size, for lists in which one value may be wrong; check_range throws InputError for it.
Bandwidth parse_any_bandwidth(std::string_view text);
void check_range(Bandwidth bandwidth);
double parse_gb_per_s(std::string_view text);     // the same; a number without a unit is in GB/s
FlopRate parse_flop_rate(std::string_view text);  // GFLOP/s TFLOP/s PFLOP/s TiFLOP/s; 1 FLOP/s to 1e21
Money parse_money(std::string_view text);         // $15000000 $15M (k, M, B); 0, or $1e-6 to $1e15

// A plain number without a unit, in the range [low, high]. Throws InputError; never returns NaN.
double parse_number(std::string_view text, double low, double high);
// The same, or 0.
double parse_amount(std::string_view text, double least, double most);
// A whole number in the range [low, high]. Throws InputError.
std::int64_t parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

// "1.50 GB", "12.3 us": three or four significant digits and the largest decimal unit that keeps the number
// above 1.
std::string format_bytes(Bytes b);
std::string format_time(Time t);

}  // namespace bandwright
