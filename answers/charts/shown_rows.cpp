#include "answers/charts/shown_rows.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace bandwright {
namespace {

template <class Get>
std::vector<std::string> different(const std::vector<ShownRows::Shown>& rows, Get get) {
  std::vector<std::string> values;
  for (const ShownRows::Shown& shown : rows) {
    const std::string& value = get(shown);
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

// Whether points of one view and loop differ in a column.
bool varies(const std::vector<ShownRows::Shown>& rows, const Column& column) {
  std::map<std::pair<std::string, std::string>, std::string> seen;
  return std::any_of(rows.begin(), rows.end(), [&](const ShownRows::Shown& shown) {
    const std::string text = cell_text(*shown.row, column);
    return seen.try_emplace({shown.row->view, shown.row->loop}, text).first->second != text;
  });
}

}  // namespace

ShownRows::ShownRows(const std::vector<Result>& results) {
  for (const Result& result : results) {
    if (result.row.status == "ok") rows_.push_back({&result.row, result.row.network});
  }
  name_apart();
}

// No line may join points of two price lists, machines or divisions: each is a network of its own.
void ShownRows::name_apart() {
  constexpr std::array<std::string_view, 9> apart = {
      "engine", "library", "wiring", "recompute", "tables", "machine", "compute_scale", "prices", "options"};
  for (const Column& column : columns()) {
    if (std::find(apart.begin(), apart.end(), column.name) == apart.end() || !varies(rows_, column)) continue;
    for (ShownRows::Shown& shown : rows_) shown.network += ", " + cell_text(*shown.row, column);
  }
}

ShownRows ShownRows::of(const std::string& loop) const {
  ShownRows kept;
  for (const ShownRows::Shown& shown : rows_) {
    const bool first_view = kept.empty() || shown.row->view == kept.rows_.front().row->view;
    if (shown.row->loop == loop && first_view) kept.rows_.push_back(shown);
  }
  return kept;
}

ShownRows ShownRows::of_model_on(const std::string& model, const std::string& network) const {
  ShownRows kept;
  for (const ShownRows::Shown& shown : rows_) {
    if (shown.row->model == model && shown.network == network) kept.rows_.push_back(shown);
  }
  return kept;
}

std::vector<std::string> ShownRows::loops() const {
  return different(rows_,
                   [](const ShownRows::Shown& shown) -> const std::string& { return shown.row->loop; });
}

std::vector<std::string> ShownRows::models() const {
  return different(rows_,
                   [](const ShownRows::Shown& shown) -> const std::string& { return shown.row->model; });
}

std::vector<std::string> ShownRows::sources() const {
  return different(rows_,
                   [](const ShownRows::Shown& shown) -> const std::string& { return shown.row->source; });
}

std::vector<std::string> ShownRows::networks(double Row::*budget) const {
  std::map<std::string, std::set<double>> budgets;
  std::map<std::string, std::int64_t> dimensions;
  for (const ShownRows::Shown& shown : rows_) {
    if (shown.row->*budget > 0.0) budgets[shown.network].insert(shown.row->*budget);
    dimensions.emplace(shown.network, shown.row->dimensions);
  }
  std::vector<std::string> names;
  for (const auto& [network, different_budgets] : budgets) {
    if (different_budgets.size() > 1) names.push_back(network);
  }
  std::stable_sort(names.begin(), names.end(),
                   [&](const std::string& a, const std::string& b) { return dimensions[a] < dimensions[b]; });
  return names;
}

double ShownRows::middle_budget() const {
  std::set<double> budgets;
  for (const ShownRows::Shown& shown : rows_) {
    if (shown.row->budget_gb_per_s > 0.0) budgets.insert(shown.row->budget_gb_per_s);
  }
  return budgets.empty() ? 0.0 : *std::next(budgets.begin(), static_cast<std::ptrdiff_t>(budgets.size() / 2));
}

}  // namespace bandwright
