#include "validation/csv.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

// Splits one line into fields; a field in quotes may hold commas and doubled quotes.
std::vector<std::string> fields(std::string_view line) {
  std::vector<std::string> result(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      const bool doubled = quoted && i + 1 < line.size() && line[i + 1] == '"';
      if (doubled) {
        result.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == ',' && !quoted) {
      result.emplace_back();
    } else {
      result.back() += line[i];
    }
  }
  return result;
}

}  // namespace

CsvRow::CsvRow(std::string file, int line, std::map<std::string, std::string, std::less<>> values)
    : file_(std::move(file)), line_(line), values_(std::move(values)) {}

const std::string& CsvRow::text(std::string_view column) const {
  const auto found = values_.find(column);
  if (found == values_.end()) throw InputError(Place{file_, line_, std::string(column)}, "no such column");
  return found->second;
}

bool CsvRow::has(std::string_view column) const {
  const auto found = values_.find(column);
  return found != values_.end() && !trimmed(found->second).empty();
}

double CsvRow::number(std::string_view column) const {
  const std::string& cell = text(column);
  try {
    return parse_number(cell, -1e300, 1e300);
  } catch (const InputError& error) {
    throw InputError(Place{file_, line_, std::string(column)}, error.what());
  }
}

std::int64_t CsvRow::count(std::string_view column) const {
  const double value = number(column);
  if (value != std::floor(value) || value < 1.0 || value > 1e9) {
    throw InputError(Place{file_, line_, std::string(column)}, "expected a whole number of 1 to 1e9");
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t CsvRow::count_or(std::string_view column, std::int64_t otherwise) const {
  return has(column) ? count(column) : otherwise;
}

CsvHeader read_csv_header(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  int line = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++line;
    if (!raw.empty()) return {line, fields(raw)};
  }
  return {};
}

std::vector<CsvRow> read_csv(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
  int line = 0;
  for (std::string_view raw : split(text, '\n')) {
    ++line;
    if (raw.empty()) continue;
    std::vector<std::string> values = fields(raw);
    if (header.empty()) {
      header = std::move(values);
      continue;
    }
    if (values.size() != header.size()) {
      throw InputError(Place{file.string(), line, {}},
                       fmt::format("{} fields, expected the {} of the header", values.size(), header.size()));
    }
    std::map<std::string, std::string, std::less<>> named;
    for (std::size_t i = 0; i < header.size(); ++i) named[header[i]] = values[i];
    rows.emplace_back(file.string(), line, std::move(named));
  }
  return rows;
}

}  // namespace bandwright
