#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/text.h"
#include "report/render.h"

namespace bandwright {

using Json = nlohmann::ordered_json;

// A document as programs read it.
inline Json json_of(const Document& document) { return Json::parse(render_json(document)); }

// Its CSV: a row per line, each with the cells of the header's names. Without quoted commas.
inline std::vector<std::vector<std::string>> csv_of(const Document& document) {
  std::vector<std::vector<std::string>> rows;
  const std::string text = render_csv(document);
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string_view cell : split(line, ',')) row.emplace_back(cell);
  }
  return rows;
}

// The sum of a column over the rows of a table.
inline double sum_of(const Json& rows, const char* key) {
  double sum = 0.0;
  for (const Json& row : rows) sum += row.at(key).get<double>();
  return sum;
}

}  // namespace bandwright
