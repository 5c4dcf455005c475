#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/text.h"

namespace bandwright {

// A row of a CSV file by its header's names. The reference files have no quoted commas.
using ReferenceRow = std::map<std::string, std::string>;

// The rows of tests/data/<name>.csv, facts of other systems with their source in the lines that begin with
// '#'. Throws std::runtime_error for a file that is not there or has no rows.
inline std::vector<ReferenceRow> reference_rows(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path("tests/data") / (name + ".csv");
  std::ifstream file(path);
  std::vector<ReferenceRow> rows;
  std::string line;
  while (std::getline(file, line) && line.starts_with('#')) continue;
  const std::string header = line;
  const std::vector<std::string_view> names = split(header, ',');
  while (std::getline(file, line)) {
    const std::vector<std::string_view> cells = split(line, ',');
    ReferenceRow row;
    for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i) row[std::string(names[i])] = cells[i];
    rows.push_back(std::move(row));
  }
  if (rows.empty()) throw std::runtime_error(path.string() + ": no rows");
  return rows;
}

// "8_128" as {8, 128}.
inline std::vector<double> numbers(const std::string& text, char separator = '_') {
  std::vector<double> values;
  for (const std::string_view part : split(text, separator)) values.push_back(std::stod(std::string(part)));
  return values;
}

}  // namespace bandwright
