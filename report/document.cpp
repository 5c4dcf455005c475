#include "report/document.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <utility>

namespace bandwright {
namespace {

bool is_finite(const Value& value) {
  if (const auto* number = std::get_if<double>(&value.any)) return std::isfinite(*number);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value.any)) {
    for (const double number : *numbers) {
      if (!std::isfinite(number)) return false;
    }
  }
  return true;
}

const Key* key_or_none(std::string_view name) { return name.empty() ? nullptr : &bandwright::key(name); }

// Keys of the document's own level, told apart as they come.
class Faults {
 public:
  void operator()(const Facts& facts) {
    if (facts.key != nullptr) see(*facts.key);
    std::set<std::string_view> inner;
    for (const Fact& fact : facts.rows) {
      if (fact.key == nullptr) continue;
      if (facts.key == nullptr) {
        see(*fact.key);
      } else if (!inner.insert(fact.key->name).second) {
        note(fmt::format("{} stands twice", fact.key->name));
      }
      if (!is_finite(fact.value)) note(fmt::format("{} is not a finite number", fact.key->name));
    }
  }
  void operator()(const Table& table) {
    if (table.key != nullptr) see(*table.key);
    std::set<std::pair<std::string_view, std::string_view>> columns;
    for (const Table::Column& column : table.columns) {
      if (column.shown == Shown::ToPeople) continue;
      const std::string_view object = column.within == nullptr ? std::string_view() : column.within->name;
      if (!columns.insert({object, column.key->name}).second)
        note(fmt::format("{} stands twice", column.key->name));
    }
    for (const auto& row : table.rows) see_row(table, row);
    if (!table.total.empty()) see_row(table, table.total);
  }
  void operator()(const List& list) {
    if (list.key != nullptr) see(*list.key);
  }
  void operator()(const Chart& chart) {
    if (std::string fault = fault_of(chart); !fault.empty()) note(std::move(fault));
  }

  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  void see_row(const Table& table, const std::vector<Value>& row) {
    if (row.size() != table.columns.size()) note(fmt::format("a row of {} cells", row.size()));
    for (std::size_t c = 0; c < std::min(row.size(), table.columns.size()); ++c) {
      if (!is_finite(row[c])) note(fmt::format("{} is not a finite number", table.columns[c].key->name));
    }
  }
  void see(const Key& key) {
    if (!seen_.insert(key.name).second) note(fmt::format("{} stands twice", key.name));
  }
  void note(std::string fault) {
    if (first_.empty()) first_ = std::move(fault);
  }
  std::set<std::string_view> seen_;
  std::string first_;
};

}  // namespace

std::optional<double> Value::number() const {
  if (const auto* real = std::get_if<double>(&any)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&any)) return static_cast<double>(*whole);
  return std::nullopt;
}

Facts& Facts::fact(std::string_view name, Value value, std::string words, std::string label) {
  rows.push_back({&bandwright::key(name), std::move(value), std::move(words), std::move(label)});
  return *this;
}

Facts& Facts::data(std::string_view name, Value value) {
  rows.push_back({.key = &bandwright::key(name), .value = std::move(value), .shown = Shown::ToPrograms});
  return *this;
}

Facts& Facts::line(std::string label, std::string words) {
  rows.push_back({.words = std::move(words), .label = std::move(label), .shown = Shown::ToPeople});
  return *this;
}

Facts Facts::of(std::string_view name, std::string heading) {
  return {.key = key_or_none(name), .heading = std::move(heading)};
}

Table& Table::column(std::string_view name, std::string words, Shown who) {
  columns.push_back({&bandwright::key(name), std::move(words), who});
  return *this;
}

Table& Table::column_within(std::string_view object, std::string_view name) {
  columns.push_back(
      {.key = &bandwright::key(name), .shown = Shown::ToPrograms, .within = &bandwright::key(object)});
  return *this;
}

Table Table::of(std::string_view name, std::string heading) {
  return {.key = key_or_none(name), .heading = std::move(heading)};
}

List List::of(std::string_view name, std::string heading, std::vector<std::string> items) {
  return {.key = key_or_none(name), .heading = std::move(heading), .items = std::move(items)};
}

Document& Document::add(Part part) {
  parts.push_back(std::move(part));
  return *this;
}

Facts& Document::own_facts() {
  if (!parts.empty()) {
    auto* last = std::get_if<Facts>(&parts.back());
    if (last != nullptr && last->key == nullptr && last->heading.empty()) return *last;
  }
  parts.emplace_back(Facts{});
  return std::get<Facts>(parts.back());
}

Document& Document::fact(std::string_view name, Value value, std::string words, std::string label) {
  own_facts().fact(name, std::move(value), std::move(words), std::move(label));
  return *this;
}

Document& Document::data(std::string_view name, Value value) {
  own_facts().data(name, std::move(value));
  return *this;
}

Document& Document::line(std::string label, std::string words) {
  own_facts().line(std::move(label), std::move(words));
  return *this;
}

std::string fault_of(const Document& document) {
  Faults faults;
  for (const Part& part : document.parts) std::visit(faults, part);
  return faults.first();
}

}  // namespace bandwright
