#include "core/units.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"

namespace bandwright {
namespace {

// A gigabyte is 10^9 bytes and a gibibyte 2^30; a GB/s is one byte per nanosecond.
static_assert(gib_per_s(1).value() == 1073741824.0 / 1e9);
static_assert(nanoseconds(1.5) == picoseconds(1500));
static_assert(nanoseconds(0.0004) == picoseconds(0));
static_assert(nanoseconds(0.0006) == picoseconds(1));
static_assert(to_ms(picoseconds(2'000'000'000)) == 2.0);
static_assert(3 * bytes(4) - bytes(2) == bytes(10));
static_assert(bytes(1) < bytes(2));
// Sums and multiples that leave the range stay at its end.
static_assert(clock_end + clock_end > clock_end && 3 * clock_end == clock_end + clock_end);
static_assert(Time(0) - clock_end - clock_end < Time(0) && clock_end * -3 < Time(0) - clock_end);

TEST(Units, ParsesTime) {
  EXPECT_EQ(parse_time("0.5 us"), picoseconds(500'000));
  EXPECT_EQ(parse_time("10ns"), picoseconds(10'000));
  EXPECT_EQ(parse_time(" 3 s "), picoseconds(3'000'000'000'000));
}

TEST(Units, ParsesBytes) {
  EXPECT_EQ(parse_bytes("1 GiB"), bytes(1LL << 30));
  EXPECT_EQ(parse_bytes("805306368 B"), bytes(805306368));
  EXPECT_EQ(parse_bytes("1.5 kB"), bytes(1500));
}

TEST(Units, ParsesBandwidth) {
  EXPECT_DOUBLE_EQ(parse_bandwidth("50 GB/s").value(), 50.0);
  EXPECT_DOUBLE_EQ(parse_bandwidth("50 GiB/s").value(), 53.6870912);
  EXPECT_DOUBLE_EQ(parse_bandwidth("400 Gb/s").value(), 50.0);
  EXPECT_DOUBLE_EQ(parse_bandwidth("400Gbps").value(), 50.0);
  EXPECT_DOUBLE_EQ(parse_bandwidth("0 GB/s").value(), 0.0);
  EXPECT_DOUBLE_EQ(parse_gb_per_s("325"), 325.0);
}

// A quantity that is not nothing has a smallest value and a largest one.
TEST(Units, QuantitiesHaveASmallestAndALargestValue) {
  for (const char* text :
       {"1e-308 GB/s", "1e-300 GB/s", "0.9e-6 GB/s", "1.1e9 GB/s", "-1 GB/s", "1e300 Gbps"}) {
    EXPECT_THROW(parse_bandwidth(text), InputError) << text;
  }
  for (const char* text : {"1e-300", "1e10", "-1", "nan", "inf", "325GB", "325 gb/s", ""}) {
    EXPECT_THROW(parse_gb_per_s(text), InputError) << text;
  }
  EXPECT_EQ(parse_bandwidth("1e-6 GB/s").value(), 1e-6);
  EXPECT_EQ(parse_time("1 ps"), picoseconds(1));
  EXPECT_EQ(parse_time("0 s"), picoseconds(0));
  EXPECT_THROW(parse_time("1e-30 s"), InputError);
  EXPECT_EQ(parse_money("$0").value(), 0.0);
  EXPECT_THROW(parse_money("$1e-300"), InputError);
  EXPECT_THROW(parse_money("$1e300"), InputError);
  for (const char* text : {"1e-3 FLOP/s", "0 FLOP/s", "1e22 FLOP/s"}) {
    EXPECT_THROW(parse_flop_rate(text), InputError) << text;
  }
  EXPECT_EQ(parse_bytes("1 PiB"), bytes(1LL << 50));
}

// What a wrong unit is told.
TEST(Units, AnErrorListsTheUnits) {
  for (const char* text : {"325GB", "325 Gbit", "325 gb/s"}) {
    try {
      parse_gb_per_s(text);
      FAIL() << text;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("Gbps"), std::string::npos) << error.what();
    }
  }
}

TEST(Units, RejectsWhatIsNotAQuantity) {
  for (const char* text : {"", "GB", "5", "nan GB", "inf GB", "-1 B", "1e308 GB", "2 PiB", "1.5 B", "0x10 B",
                           "5 gb", "5 GB/s", "4611686018427387904 B"}) {
    EXPECT_THROW(parse_bytes(text), InputError) << text;
  }
  for (const char* text : {"", "1", "-1 ns", "1 fortnight", "101e5 s", "nan s"}) {
    EXPECT_THROW(parse_time(text), InputError) << text;
  }
}

TEST(Units, TheClockEndsAfterAHundredDays) {
  EXPECT_EQ(nanoseconds(8.64e15), picoseconds(8'640'000'000'000'000'000));
  for (const double ns : {8.65e15, -8.65e15, 1e300, std::numeric_limits<double>::infinity(),
                          std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(nanoseconds(ns), InputError) << ns;
  }
}

TEST(Units, NumbersKeepToTheirRange) {
  EXPECT_EQ(parse_integer("17", 1, 20), 17);
  EXPECT_DOUBLE_EQ(parse_number("2.5e1", 0, 100), 25.0);
  for (const char* text : {"", "x", "1x", "nan", "inf", "21", "0", "1e999"}) {
    EXPECT_THROW(parse_number(text, 1, 20), InputError) << text;
    EXPECT_THROW(parse_integer(text, 1, 20), InputError) << text;
  }
}

TEST(Units, AmountsAreNothingOrAtLeastTheLeast) {
  EXPECT_EQ(parse_amount("0", 1e-6, 10), 0.0);
  EXPECT_EQ(parse_amount("1e-6", 1e-6, 10), 1e-6);
  for (const char* text : {"1e-7", "1e-308", "-1", "11", "inf"}) {
    EXPECT_THROW(parse_amount(text, 1e-6, 10), InputError) << text;
  }
}

TEST(Units, FormatsWithTheLargestFittingUnit) {
  EXPECT_EQ(format_bytes(bytes(1'500'000'000)), "1.5 GB");
  EXPECT_EQ(format_bytes(bytes(12)), "12 B");
  EXPECT_EQ(format_time(picoseconds(750'429'600'000)), "750.4 ms");
}

}  // namespace
}  // namespace bandwright
