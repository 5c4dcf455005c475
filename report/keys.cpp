#include "report/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <unordered_map>

#include "report/render.h"

namespace bandwright {

const Key& key(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const Key*> map;
    for (const Key& each : keys()) map.emplace(each.name, &each);
    return map;
  }();
  const auto found = by_name.find(name);
  if (found == by_name.end())
    throw std::logic_error(fmt::format("no key '{}' in report/keys_table.cpp", name));
  return *found->second;
}

std::string keys_page() {
  std::string page = fmt::format(
      "# Names in JSON and CSV\n\n"
      "Made from `report/keys_table.cpp`; a test compares the two and says how to write it anew. Every "
      "command has\n"
      "`--format json` and `--format csv`, `schema_version` {}. Numbers stand unscaled: seconds, bytes, "
      "GB/s\n"
      "(1e9 bytes per second), dollars, shares of 1 (hundredths where a name ends in `_percent`). A name "
      "means the same in\n"
      "every command. `null` is a number that is not known or does not exist. CSV has a row for each row of "
      "the\n"
      "answer's main table, with the answer's single facts in front, the same in every row; without a table "
      "it "
      "is one row.\n\n"
      "| name | unit | meaning |\n|---|---|---|\n",
      schema_version);
  std::vector<const Key*> sorted;
  for (const Key& each : keys()) sorted.push_back(&each);
  std::sort(sorted.begin(), sorted.end(), [](const Key* a, const Key* b) { return a->name < b->name; });
  for (const Key* each : sorted) {
    page += fmt::format("| `{}` | {} | {} |\n", each->name, info(each->unit).help, each->help);
  }
  return page;
}

std::string labels_table() {
  std::string page = "## In front of a number\n| in an answer | in JSON and CSV | meaning |\n|---|---|---|\n";
  std::vector<const Key*> sorted;
  for (const Key& each : keys()) sorted.push_back(&each);
  const auto is_before = [](const Key* a, const Key* b) {
    const auto lower = [](unsigned char c) { return std::tolower(c); };
    return std::lexicographical_compare(
        a->label.begin(), a->label.end(), b->label.begin(), b->label.end(),
        [&](unsigned char x, unsigned char y) { return lower(x) < lower(y); });
  };
  std::stable_sort(sorted.begin(), sorted.end(), is_before);
  for (const Key* each : sorted)
    page += fmt::format("| {} | `{}` | {} |\n", each->label, each->name, each->help);
  return page;
}

}  // namespace bandwright
