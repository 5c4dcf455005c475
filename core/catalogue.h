#pragma once
#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {

// An extension point is a constant array of rows with at least `name` and a one-line `help`. The array serves
// the parser, `bandwright list`, and the error that names the choices.
template <class Row>
concept CatalogueRow = requires(const Row& row) {
  { row.name } -> std::convertible_to<std::string_view>;
  { row.help } -> std::convertible_to<std::string_view>;
};

// The row called `word` (case ignored). Throws InputError naming the choices; `what` is "topology", "solver"
// ...
template <CatalogueRow Row>
const Row& find_in_catalogue(std::span<const Row> rows, std::string_view word, std::string_view what) {
  std::vector<std::string_view> names;
  for (const Row& row : rows) {
    if (equal_ignoring_case(row.name, word)) return row;
    names.push_back(row.name);
  }
  throw InputError(
      fmt::format("unknown {} '{}'{} ({})", what, word, did_you_mean(word, names), choices_text(names)));
}

}  // namespace bandwright
