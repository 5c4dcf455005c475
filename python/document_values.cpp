#include "python/document_values.h"

#include <pybind11/stl.h>

#include <string>
#include <type_traits>

#include "report/render.h"

namespace bandwright {
namespace {

namespace py = pybind11;

bool is_for_programs(Shown shown) { return shown != Shown::ToPeople; }

py::str name_of(const Key& key) { return py::str(key.name.data(), key.name.size()); }

py::object python_of(const Value& value) {
  return std::visit(
      [](const auto& each) -> py::object {
        if constexpr (std::is_same_v<std::decay_t<decltype(each)>, std::monostate>) {
          return py::none();
        } else {
          return py::cast(each);
        }
      },
      value.any);
}

py::dict dict_of(const Facts& facts) {
  py::dict dict;
  for (const Fact& fact : facts.rows) {
    if (fact.key != nullptr && is_for_programs(fact.shown)) {
      dict[name_of(*fact.key)] = python_of(fact.value);
    }
  }
  return dict;
}

py::dict row_of(const Table& table, const std::vector<Value>& row) {
  py::dict dict;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (is_for_programs(table.columns[c].shown)) dict[name_of(*table.columns[c].key)] = python_of(row[c]);
  }
  return dict;
}

py::list rows_of(const Table& table) {
  py::list rows(table.rows.size());
  for (std::size_t r = 0; r < table.rows.size(); ++r) rows[r] = row_of(table, table.rows[r]);
  return rows;
}

// A fact of the document's own, or null.
const Fact* find_fact(const Document& document, std::string_view name) {
  for (const Part& part : document.parts) {
    const auto* facts = std::get_if<Facts>(&part);
    if (facts == nullptr || facts->key != nullptr) continue;
    for (const Fact& fact : facts->rows) {
      if (fact.key != nullptr && fact.key->name == name && is_for_programs(fact.shown)) return &fact;
    }
  }
  return nullptr;
}

template <class Kind>
const Kind* find_part(const Document& document, std::string_view name) {
  for (const Part& part : document.parts) {
    const auto* found = std::get_if<Kind>(&part);
    if (found != nullptr && found->key != nullptr && found->key->name == name) return found;
  }
  return nullptr;
}

// The table whose rows are those of the CSV; the first one where none is.
const Table* main_table(const Document& document) {
  const Table* first = nullptr;
  for (const Part& part : document.parts) {
    const auto* table = std::get_if<Table>(&part);
    if (table == nullptr || table->shown == Shown::ToPeople) continue;
    if (table->main) return table;
    if (first == nullptr) first = table;
  }
  return first;
}

[[noreturn]] void refuse(std::string_view name) { throw py::key_error(std::string(name)); }

py::dict facts_as_columns(const Document& document) {
  py::dict columns;
  for (const Part& part : document.parts) {
    const auto* facts = std::get_if<Facts>(&part);
    if (facts == nullptr || facts->key != nullptr) continue;
    for (const Fact& fact : facts->rows) {
      if (fact.key == nullptr || !is_for_programs(fact.shown)) continue;
      py::list column;
      column.append(python_of(fact.value));
      columns[name_of(*fact.key)] = column;
    }
  }
  return columns;
}

struct Names {
  py::list& list;
  void operator()(const Facts& facts) const {
    if (facts.key != nullptr) return add(*facts.key);
    for (const Fact& fact : facts.rows) {
      if (fact.key != nullptr && is_for_programs(fact.shown)) add(*fact.key);
    }
  }
  void operator()(const Table& table) const {
    if (table.key != nullptr && is_for_programs(table.shown)) add(*table.key);
  }
  void operator()(const List& items) const {
    if (items.key != nullptr) add(*items.key);
  }
  void operator()(const Chart& /*chart*/) const {}
  void add(const Key& key) const { list.append(name_of(key)); }
};

}  // namespace

py::list names_of(const Document& document) {
  py::list names;
  names.append("schema_version");
  if (!document.verdict.text.empty()) names.append("verdict");
  for (const Part& part : document.parts) std::visit(Names{names}, part);
  names.append("notes");
  return names;
}

py::object value_of(const Document& document, std::string_view name) {
  if (name == "schema_version") return py::int_(schema_version);
  if (name == "verdict" && !document.verdict.text.empty()) return py::str(document.verdict.text);
  if (name == "notes") return py::cast(document.notes);
  if (const Fact* fact = find_fact(document, name)) return python_of(fact->value);
  if (const auto* facts = find_part<Facts>(document, name)) return dict_of(*facts);
  const auto* table = find_part<Table>(document, name);
  if (table != nullptr && is_for_programs(table->shown)) return rows_of(*table);
  if (const auto* list = find_part<List>(document, name)) return py::cast(list->items);
  refuse(name);
}

py::dict columns_of(const Document& document, std::string_view name) {
  const Table* table = name.empty() ? main_table(document) : find_part<Table>(document, name);
  if (table == nullptr && name.empty()) return facts_as_columns(document);
  if (table == nullptr) refuse(name);
  py::dict columns;
  for (std::size_t c = 0; c < table->columns.size(); ++c) {
    if (!is_for_programs(table->columns[c].shown)) continue;
    py::list column(table->rows.size());
    for (std::size_t r = 0; r < table->rows.size(); ++r) column[r] = python_of(table->rows[r][c]);
    columns[name_of(*table->columns[c].key)] = column;
  }
  return columns;
}

}  // namespace bandwright
