#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/csv.h"
#include "core/text.h"

namespace bandwright {

// Words alike, one by one: numbers to `tolerance`, relative, as sums in another order differ in their last
// digits.
inline bool cells_alike(const std::string& before, const std::string& now, double tolerance) {
  if (before == now) return true;
  const std::vector<std::string_view> was = split(trimmed(before), ' ');
  const std::vector<std::string_view> is = split(trimmed(now), ' ');
  const auto number = [](std::string_view word) {
    double value = std::nan("");
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size() ? value : std::nan("");
  };
  return std::ranges::equal(was, is, [&](std::string_view a, std::string_view b) {
    return a == b || std::abs(number(a) - number(b)) <= tolerance * std::abs(number(a));
  });
}

// Holds answers to what they were when somebody last looked at them: tests/data/<name>.csv. `row` makes the
// cells of a row anew from its first one. No formula is derived so: this is for changes that nobody meant.
// Where they are meant, the file that a failure writes takes the place of the one here, and its diff shows
// what changed for whom.
inline void expect_as_it_was(const std::string& name, double tolerance,
                             const std::function<std::vector<std::string>(const std::string&)>& row) {
  const std::filesystem::path file = std::filesystem::path("tests/data") / (name + ".csv");
  const CsvTable table = read_csv(file, '#');
  std::vector<std::vector<std::string>> now = {table.header->names};
  int changed = 0;
  constexpr int most_said = 20;
  for (const CsvRow& before : table.rows) {
    now.push_back(row(before.fields().front()));
    ASSERT_EQ(now.back().size(), before.fields().size()) << name;
    for (std::size_t i = 0; i < now.back().size(); ++i) {
      if (cells_alike(before.fields()[i], now.back()[i], tolerance)) continue;
      EXPECT_GT(++changed, most_said) << before.fields().front() << ": " << table.header->names[i] << " was "
                                      << before.fields()[i] << ", is " << now.back()[i];
    }
  }
  ASSERT_FALSE(table.rows.empty()) << name;
  if (changed == 0) return;
  std::string heading;
  std::ifstream kept(file);
  for (std::string line; std::getline(kept, line) && line.starts_with('#');) heading += line + "\n";
  const auto written = std::filesystem::temp_directory_path() / ("bandwright-" + name + ".csv");
  std::ofstream(written) << heading << csv_text(now);
  ADD_FAILURE() << changed << " cells changed; all of them: " << written;
}

}  // namespace bandwright
