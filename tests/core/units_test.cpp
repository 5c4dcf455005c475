#include "core/units.h"

#include <fmt/format.h>
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

// Prefixes are factors: a thousand of one are one of the next, and of binary ones 1,024.
TEST(Units, PrefixesAreFactors) {
  for (const auto& [small, large] :
       {std::pair("ps", "ns"), std::pair("ns", "us"), std::pair("us", "ms"), std::pair("ms", "s")}) {
    EXPECT_EQ(parse_time(fmt::format("7000 {}", small)), parse_time(fmt::format("7 {}", large)));
  }
  for (const auto& [small, large] :
       {std::pair("B", "kB"), std::pair("kB", "MB"), std::pair("MB", "GB"), std::pair("GB", "TB")}) {
    EXPECT_EQ(parse_bytes(fmt::format("7000 {}", small)), parse_bytes(fmt::format("7 {}", large)));
    EXPECT_DOUBLE_EQ(parse_bandwidth(fmt::format("7000 {}/s", small)).value(),
                     parse_bandwidth(fmt::format("7 {}/s", large)).value());
  }
  for (const auto& [small, large] :
       {std::pair("B", "KiB"), std::pair("KiB", "MiB"), std::pair("MiB", "GiB"), std::pair("GiB", "TiB")}) {
    EXPECT_EQ(parse_bytes(fmt::format("7168 {}", small)), parse_bytes(fmt::format("7 {}", large)));
  }
  EXPECT_EQ(parse_bytes("1024 TiB"), parse_bytes("1 PiB"));
  EXPECT_DOUBLE_EQ(parse_bandwidth("1024 MiB/s").value(), parse_bandwidth("1 GiB/s").value());
  for (const auto& [bits, bytes] :
       {std::pair("Mb/s", "MB/s"), std::pair("Gb/s", "GB/s"), std::pair("Tb/s", "TB/s"),
        std::pair("Mbps", "MB/s"), std::pair("Gbps", "GB/s"), std::pair("Tbps", "TB/s")}) {
    EXPECT_DOUBLE_EQ(parse_bandwidth(fmt::format("56 {}", bits)).value(),
                     parse_bandwidth(fmt::format("7 {}", bytes)).value());
  }
  EXPECT_DOUBLE_EQ(parse_flop_rate("312 TFLOP/s").value(), 312e12);
  EXPECT_DOUBLE_EQ(parse_flop_rate("2 PFLOP/s").value(), parse_flop_rate("2000 TFLOP/s").value());
  EXPECT_DOUBLE_EQ(parse_flop_rate("5 GFLOP/s").value(), 5e9);
  EXPECT_DOUBLE_EQ(parse_flop_rate("1 TiFLOP/s").value(), 1099511627776.0);
  EXPECT_DOUBLE_EQ(parse_money("$15M").value(), 15e6);
  EXPECT_DOUBLE_EQ(parse_money(" $ 2.5 k ").value(), 2500.0);
  EXPECT_DOUBLE_EQ(parse_money("$1B").value(), 1e9);
  for (const char* text : {"15M", "$", "$15G", "$-1", "15", "$1 M x"})
    EXPECT_THROW(parse_money(text), InputError) << text;
}

// What is shown is what is meant, to the digits shown.
TEST(Units, WhatIsFormattedIsReadBack) {
  for (double ps = 1.0; ps < 8e18; ps *= 3.7) {
    const Time time = picoseconds(static_cast<std::int64_t>(ps));
    const double read = to_seconds(parse_time(format_time(time)));
    EXPECT_NEAR(read, to_seconds(time), 6e-4 * to_seconds(time)) << format_time(time);
  }
  EXPECT_EQ(format_time(picoseconds(999)), "999 ps");
  EXPECT_EQ(format_time(picoseconds(1000)), "1 ns");
  EXPECT_EQ(format_time(picoseconds(-2'500)), "-2.5 ns");
  EXPECT_EQ(format_time(Time()), "0 ps");
  EXPECT_EQ(format_bytes(bytes(1000)), "1 kB");
  EXPECT_EQ(format_bytes(bytes(3'000'000'000'000'000)), "3000 TB");
}

// Conversions are each other's inverse, and round to the nearest picosecond on either side of zero.
TEST(Units, ConversionsAgree) {
  const Time time = picoseconds(1'234'567'890'123);
  EXPECT_DOUBLE_EQ(to_ns(time), 1e3 * to_us(time));
  EXPECT_DOUBLE_EQ(to_us(time), 1e3 * to_ms(time));
  EXPECT_DOUBLE_EQ(to_ms(time), 1e3 * to_seconds(time));
  EXPECT_EQ(nanoseconds(to_ns(time)), time);
  EXPECT_EQ(nanoseconds(-0.0006), picoseconds(-1));
  EXPECT_EQ(nanoseconds(-0.0004), picoseconds(0));
  EXPECT_EQ(on_clock(clock_end), clock_end);
  EXPECT_THROW(on_clock(clock_end + picoseconds(1)), InputError);
  EXPECT_EQ(on_clock(Time(0) - clock_end), Time(0) - clock_end);
  EXPECT_THROW(on_clock(Time(0) - clock_end - picoseconds(1)), InputError);
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
