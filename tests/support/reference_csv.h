#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/text.h"

namespace bandwright {

// A row of a CSV file by its header's names. The reference files have no quoted commas.
using CsvRow = std::map<std::string, std::string>;

// The rows of ../shared/<name>; empty when the reference data is not there: GTEST_SKIP then.
inline std::vector<CsvRow> reference_rows(const std::string& name) {
  std::ifstream file(std::filesystem::path("../shared") / name);
  std::vector<CsvRow> rows;
  std::string line;
  if (!std::getline(file, line)) return rows;
  const std::string header = line;
  const std::vector<std::string_view> names = split(header, ',');
  while (std::getline(file, line)) {
    const std::vector<std::string_view> cells = split(line, ',');
    CsvRow row;
    for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i) row[std::string(names[i])] = cells[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

// "8_128" as {8, 128}.
inline std::vector<double> numbers(const std::string& text, char separator = '_') {
  std::vector<double> values;
  for (const std::string_view part : split(text, separator)) values.push_back(std::stod(std::string(part)));
  return values;
}

}  // namespace bandwright
