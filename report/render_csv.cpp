#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/csv.h"
#include "report/render.h"

namespace bandwright {
namespace {

// Names of columns and the cells that are the same in every row.
struct Columns {
  std::vector<std::string> names;
  std::vector<std::string> cells;

  void add(std::string name, std::string cell) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    names.push_back(std::move(name));
    cells.push_back(std::move(cell));
  }
};

const Table* main_table(const Document& document) {
  for (const Part& part : document.parts) {
    const auto* table = std::get_if<Table>(&part);
    if (table != nullptr && table->main) return table;
  }
  return nullptr;
}

bool is_column(const Table* table, std::string_view name) {
  return table != nullptr && std::any_of(table->columns.begin(), table->columns.end(), [&](const auto& c) {
           return c.shown != Shown::ToPeople && c.key->name == name;
         });
}

// A number of a list has a column of its own where rows are not those of a table: utilization_1 ...
void add_fact(const Fact& fact, const Table* table, Columns& columns) {
  if (fact.key == nullptr || fact.shown == Shown::ToPeople || is_column(table, fact.key->name)) return;
  const std::string name(fact.key->name);
  const auto* numbers = std::get_if<std::vector<double>>(&fact.value.any);
  if (numbers == nullptr) return columns.add(name, plain(fact.value));
  if (table != nullptr) return;
  for (std::size_t i = 0; i < numbers->size(); ++i) {
    columns.add(fmt::format("{}_{}", name, i + 1), fmt::format("{}", (*numbers)[i]));
  }
}

}  // namespace

std::string csv_row(std::span<const std::string> fields) {
  std::vector<std::string> clean;
  for (const std::string& field : fields) {
    std::string& lines = clean.emplace_back();
    for (std::size_t from = 0; from <= field.size();) {
      const std::size_t end = std::min(field.find('\n', from), field.size());
      lines += (from > 0 ? "\n" : "") + without_controls(std::string_view(field).substr(from, end - from));
      from = end + 1;
    }
  }
  std::string row;
  append_csv_row(row, clean);
  return row;
}

std::string render_csv(const Document& document, const TextStyle& /*style*/) {
  if (const std::string fault = fault_of(document); !fault.empty()) throw InputError("the answer: " + fault);
  const Table* table = main_table(document);
  Columns columns;
  for (const Part& part : document.parts) {
    const auto* facts = std::get_if<Facts>(&part);
    if (facts == nullptr || (facts->key != nullptr && table != nullptr)) continue;
    for (const Fact& fact : facts->rows) add_fact(fact, table, columns);
  }
  if (table == nullptr) return csv_row(columns.names) + csv_row(columns.cells);
  std::vector<std::string> names = columns.names;
  for (const Table::Column& column : table->columns) {
    if (column.shown != Shown::ToPeople) names.emplace_back(column.key->name);
  }
  std::string text = csv_row(names);
  if (table->rows.empty() && !columns.names.empty()) {
    columns.cells.resize(names.size());
    return text + csv_row(columns.cells);
  }
  for (const auto& row : table->rows) {
    std::vector<std::string> cells = columns.cells;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (table->columns[c].shown != Shown::ToPeople) cells.push_back(plain(row[c]));
    }
    text += csv_row(cells);
  }
  return text;
}

}  // namespace bandwright
