#include "report/unit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/text.h"
#include "report/keys.h"

namespace bandwright {
namespace {

TEST(Unit, TimeIsShownInTheLargestUnitThatKeepsItAboveOne) {
  EXPECT_EQ(quantity(25.0125, Unit::Seconds), "25.01 s");
  EXPECT_EQ(quantity(0.7504296, Unit::Seconds), "750.4 ms");
  EXPECT_EQ(quantity(1e-3, Unit::Seconds), "1 ms");
  EXPECT_EQ(quantity(9.99e-4, Unit::Seconds), "999 us");
  EXPECT_EQ(quantity(3.5e-9, Unit::Seconds), "3.500 ns");
  EXPECT_EQ(quantity(0.0, Unit::Seconds), "0 s");
}

TEST(Unit, MemoryIsPowersOfTwoAndTrafficPowersOfTen) {
  EXPECT_EQ(quantity(80.0 * (1LL << 30), Unit::Memory), "80 GiB");
  EXPECT_EQ(quantity(1420.0 * (1LL << 30), Unit::Memory), "1,420 GiB");  // as memories are sold
  EXPECT_EQ(quantity(83.89e9, Unit::Memory), "78.13 GiB");               // 83.89e9 / 2^30 = 78.129
  EXPECT_EQ(quantity(7.248e9, Unit::Traffic), "7.248 GB");
  EXPECT_EQ(quantity(999.0, Unit::Traffic), "999 B");
}

// What people read, put back into the unit's base, is the number to the digits shown.
TEST(Unit, WhatIsReadIsTheNumber) {
  const std::map<std::string, double> factors = {
      {"s", 1.0},   {"ms", 1e-3}, {"us", 1e-6},    {"ns", 1e-9},       {"ps", 1e-12},
      {"B", 1.0},   {"kB", 1e3},  {"MB", 1e6},     {"GB", 1e9},        {"TB", 1e12},
      {"PB", 1e15}, {"EB", 1e18}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
  const auto number = [](std::string text) {
    std::erase(text, ',');
    return std::stod(text);
  };
  for (const Unit unit : {Unit::Seconds, Unit::Memory, Unit::Traffic}) {
    const bool seconds = unit == Unit::Seconds;
    for (double value = seconds ? 1.3e-12 : 1.0; value < (seconds ? 1e4 : 1e18); value *= 2.9) {
      const std::string text = quantity(value, unit);
      const std::size_t space = text.find(' ');
      ASSERT_NE(space, std::string::npos) << text;
      const double read = number(text.substr(0, space)) * factors.at(text.substr(space + 1));
      EXPECT_NEAR(read, value, 6e-4 * value) << text;
      EXPECT_EQ(quantity(-value, unit), "-" + text);
    }
  }
  for (double value = 1e-14; value < 1e17; value *= 7.7) {
    EXPECT_NEAR(number(significant(value)), value, 6e-4 * value) << significant(value);
    EXPECT_NEAR(number(significant(value, 7)), value, 6e-7 * value) << significant(value, 7);
  }
}

// Thousands are set apart from the point on, on either side of zero.
TEST(Unit, ThousandsAreSetApart) {
  EXPECT_EQ(with_decimals(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(with_decimals(-1234567, 0), "-1,234,567");
  EXPECT_EQ(with_decimals(999, 0), "999");
  EXPECT_EQ(with_decimals(-999.5, 1), "-999.5");
  EXPECT_EQ(with_decimals(123456, 1), "123,456.0");
  EXPECT_EQ(significant(0.0), "0");
  EXPECT_EQ(significant(0.00012345), "0.0001234");
  EXPECT_EQ(significant(1e-5), "0.00001000");
  EXPECT_EQ(significant(9e-6), "9e-06");
  EXPECT_EQ(significant(1e15), "1e+15");
}

// A column of a unit: as many decimals for all that the largest has four or five digits.
TEST(Unit, StylesOfEachUnit) {
  const auto decimals = [](Unit unit, std::vector<double> values) { return style_of(unit, values).decimals; };
  EXPECT_EQ(decimals(Unit::Count, {3, 70000}), 0);
  EXPECT_EQ(decimals(Unit::Share, {0.5, 0.003}), 1);
  EXPECT_EQ(decimals(Unit::Share, {0.009, 0.003}), 3);
  EXPECT_EQ(decimals(Unit::Share, {0.0}), 1);
  EXPECT_EQ(decimals(Unit::Usd, {1500.5}), 0);
  EXPECT_EQ(decimals(Unit::Usd, {3.0, 12.0}), 0);
  EXPECT_EQ(decimals(Unit::Usd, {3.5, 12.25}), 2);
  EXPECT_EQ(decimals(Unit::GbPerS, {137.986}), 2);
  EXPECT_EQ(decimals(Unit::GbPerS, {0.0123}), 5);
  EXPECT_EQ(decimals(Unit::Factor, {2.0, 30.0}), 0);
  EXPECT_EQ(decimals(Unit::Factor, {2.5, 30.0}), 3);
  const std::vector<double> small = {2.5e-7};
  EXPECT_EQ(style_of(Unit::Seconds, small, 2.0).scale.name, "s") << "the scale of the largest of its unit";
}

TEST(Unit, MoneySharesAndCounts) {
  EXPECT_EQ(quantity(15310123.4, Unit::Usd), "$15,310,123");
  EXPECT_EQ(quantity(0.1234, Unit::Usd), "$0.1234");
  EXPECT_EQ(quantity(0.4462, Unit::Share), "44.6 %");
  EXPECT_EQ(quantity(1048576, Unit::Count), "1,048,576");
  EXPECT_EQ(quantity(137.986, Unit::GbPerS), "137.99 GB/s");
}

// A loss that rounds to nothing is none; thousands are set apart below 0 as above.
TEST(Unit, MoneyBelowZero) {
  const std::array values = {-0.2, 5000.0, -1234.6};
  const NumberStyle style = style_of(Unit::Usd, values);
  EXPECT_EQ(format(values[0], style), "$0");
  EXPECT_EQ(format(values[1], style), "$5,000");
  EXPECT_EQ(format(values[2], style), "-$1,235");
  EXPECT_EQ(quantity(-1234.6, Unit::Usd), "-$1,235");
  EXPECT_EQ(quantity(-0.25, Unit::Usd), "-$0.2500");
  EXPECT_EQ(quantity(0.0, Unit::Usd), "$0");
  EXPECT_EQ(quantity(-0.0, Unit::Usd), "$0");
}

TEST(Unit, RoundingThatCarriesKeepsItsDigits) {
  EXPECT_EQ(significant(9.9996), "10.00");
  EXPECT_EQ(significant(999.96), "1,000");
  EXPECT_EQ(significant(-1234.6), "-1,235");
  EXPECT_EQ(with_decimals(-0.0001, 2), "0.00");
}

TEST(Unit, AColumnHasOneScaleAndAsManyDecimalsForAll) {
  const std::array values = {25.0341, 0.003, 7.0};
  const NumberStyle style = style_of(Unit::Seconds, values);
  EXPECT_EQ(style.scale.name, "s");
  EXPECT_EQ(format(values[0], style), "25.034");
  EXPECT_EQ(format(values[1], style), "0.003");
  const std::array small = {2e-6, 3.25e-4};
  EXPECT_EQ(format(small[1], style_of(Unit::Seconds, small)), "325.00");  // us
}

// The unit whose suffix is the longest that a name ends with; "" when it ends with none.
std::string_view suffix_of(std::string_view name) {
  std::string_view longest;
  for (const UnitInfo& unit : units()) {
    if (name.ends_with(unit.suffix) && unit.suffix.size() > longest.size()) longest = unit.suffix;
  }
  return longest;
}

TEST(Keys, EachEndsAsItsUnitSaysAndNoOtherUnitsKeyDoes) {
  for (const Key& key : keys()) {
    EXPECT_EQ(suffix_of(key.name), info(key.unit).suffix) << key.name;
    EXPECT_FALSE(key.label.empty()) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
  }
}

TEST(Unit, RowsStandInTheOrderOfTheirNumbers) {
  for (const UnitInfo& unit : units()) EXPECT_EQ(&info(unit.unit), &unit);
}

TEST(Keys, ThePageInDocsIsMadeOfThem) {
  const std::filesystem::path page = "docs/json.md";
  if (std::filesystem::exists(page) && read_text_file(page) == keys_page()) return;
  const std::filesystem::path right = std::filesystem::temp_directory_path() / "bandwright-json.md";
  std::ofstream(right) << keys_page();
  ADD_FAILURE() << "docs/json.md is not what report/keys_table.cpp says: cp " << right.string()
                << " docs/json.md";
}

// What the changelog says that names of answers have become is what they are.
TEST(Keys, TheNewNamesOfTheChangelogAreTheirs) {
  std::istringstream page(read_text_file("CHANGELOG.md"));
  std::string line;
  while (std::getline(page, line) && !line.starts_with("| old name |")) continue;
  int names = 0;
  while (std::getline(page, line) && line.starts_with("|")) {
    const std::vector<std::string_view> cells = split(line, '|');
    ASSERT_EQ(cells.size(), 5) << line;  // before the first mark and behind the last, nothing
    if (cells[3].find("command line") != std::string_view::npos) continue;
    const std::vector<std::string_view> parts = split(cells[2], '`');
    for (std::size_t i = 1; i < parts.size(); i += 2) {
      if (parts[i].find_first_of(" -.") != std::string_view::npos) continue;  // options, files
      const auto all = keys();
      EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Key& each) { return each.name == parts[i]; }))
          << line;
      ++names;
    }
  }
  EXPECT_GT(names, 50);
}

TEST(Keys, TheGlossaryEndsWithThem) {
  const std::filesystem::path page = "docs/glossary.md";
  const std::string text = std::filesystem::exists(page) ? read_text_file(page) : "";
  if (text.ends_with(labels_table())) return;
  const std::filesystem::path right = std::filesystem::temp_directory_path() / "bandwright-glossary.md";
  std::ofstream(right) << text.substr(0, text.find("## In front of a number")) << labels_table();
  ADD_FAILURE() << page.string() << " does not end as report/keys_table.cpp says: cp " << right.string()
                << " " << page.string();
}

TEST(Keys, TheyStandOnceAndInSmallLetters) {
  for (const Key& each : keys()) {
    EXPECT_EQ(&key(each.name), &each);
    EXPECT_EQ(each.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos)
        << each.name;
    for (const std::string_view old : {"_ms", "_us", "_seconds", "_gib", "_mib"}) {
      EXPECT_FALSE(each.name.ends_with(old)) << each.name;
    }
  }
  EXPECT_THROW(key("no_such_name"), std::logic_error);
}

}  // namespace
}  // namespace bandwright
