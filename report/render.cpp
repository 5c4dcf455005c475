#include "report/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/catalogue.h"

namespace bandwright {
namespace {

constexpr std::array all_formats = {AnswerFormat{"text", "for people", render_text},
                                    AnswerFormat{"json", "for programs", render_json},
                                    AnswerFormat{"csv", "for spreadsheets", render_csv},
                                    AnswerFormat{"html", "a page of its own", render_html},
                                    AnswerFormat{"markdown", "for issues and wikis", render_markdown}};

std::vector<double> numbers_of(const Table& table, std::size_t column) {
  std::vector<double> numbers;
  const auto add = [&](const std::vector<Value>& row) {
    const auto number = column < row.size() ? row[column].number() : std::nullopt;
    if (number) numbers.push_back(*number);
  };
  for (const auto& row : table.rows) add(row);
  add(table.total);
  return numbers;
}

}  // namespace

std::span<const AnswerFormat> answer_formats() { return all_formats; }

const AnswerFormat& find_answer_format(std::string_view name) {
  return find_in_catalogue(answer_formats(), name, "format");
}

std::string plain(const Value& value) {
  struct Plain {
    std::string operator()(std::monostate /*nothing*/) const { return ""; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const std::vector<double>& numbers) const {
      return fmt::format("{}", fmt::join(numbers, " "));
    }
    std::string operator()(const std::vector<std::string>& texts) const {
      return fmt::format("{}", fmt::join(texts, " "));
    }
  };
  return std::visit(Plain{}, value.any);
}

std::string spoken(const Value& value, Unit unit) {
  if (value.is_nothing()) return "-";
  if (const auto* flag = std::get_if<bool>(&value.any)) return *flag ? "yes" : "no";
  if (const auto number = value.number()) return quantity(*number, unit);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value.any)) {
    return fmt::format("{}", fmt::join(*texts, ", "));
  }
  const auto* numbers = std::get_if<std::vector<double>>(&value.any);
  if (numbers == nullptr) return plain(value);
  const NumberStyle style = style_of(unit, *numbers);
  std::string text;
  for (const double number : *numbers) text += (text.empty() ? "" : ", ") + format(number, style);
  return text + (style.scale.name.empty() ? "" : fmt::format(" {}", style.scale.name));
}

std::vector<NumberStyle> styles_of(const Table& table) {
  std::map<Unit, double> largest;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    double& most = largest[table.columns[c].key->unit];
    for (const double number : numbers_of(table, c)) most = std::max(most, std::abs(number));
  }
  std::vector<NumberStyle> styles;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Unit unit = table.columns[c].key->unit;
    styles.push_back(style_of(unit, numbers_of(table, c), largest[unit]));
  }
  return styles;
}

std::string heading_of(const Table::Column& column, const NumberStyle& style) {
  std::string heading = column.heading.empty() ? std::string(column.key->label) : column.heading;
  const std::string_view unit = style.scale.name;
  if (unit.empty() || heading.find(unit) != std::string::npos) return heading;
  return heading + fmt::format(" ({})", unit);
}

std::string cell_of(const Value& value, const NumberStyle& style) {
  if (value.is_nothing()) return "-";
  if (const auto number = value.number()) return format(*number, style);
  return spoken(value, style.unit);
}

bool is_for_people(const Fact& fact) {
  if (fact.shown == Shown::ToPrograms) return false;
  return !fact.words.empty() || (fact.key != nullptr && !fact.value.is_nothing());
}

bool is_for_people(const Table& table) {
  const bool is_empty = table.rows.empty() && table.total.empty();
  return table.shown != Shown::ToPrograms && !is_empty &&
         std::any_of(table.columns.begin(), table.columns.end(),
                     [](const Table::Column& column) { return column.shown != Shown::ToPrograms; });
}

std::string label_of(const Fact& fact) {
  if (!fact.label.empty() || fact.key == nullptr) return fact.label;
  return std::string(fact.key->label);
}

std::string words_of(const Fact& fact) {
  return fact.words.empty() ? spoken(fact.value, fact.key->unit) : fact.words;
}

TextGrid grid_of(const Table& table) {
  const std::vector<NumberStyle> styles = styles_of(table);
  TextGrid grid;
  std::vector<std::size_t> shown;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].shown == Shown::ToPrograms) continue;
    shown.push_back(c);
    grid.headings.push_back(heading_of(table.columns[c], styles[c]));
    grid.left.push_back(table.columns[c].key->unit == Unit::Word);
  }
  const auto add = [&](const std::vector<Value>& row) {
    std::vector<std::string> cells;
    for (const std::size_t c : shown) cells.push_back(cell_of(row[c], styles[c]));
    grid.rows.push_back(std::move(cells));
  };
  for (std::size_t r = 0; r < table.rows.size() && (table.for_people == 0 || r < table.for_people); ++r) {
    add(table.rows[r]);
  }
  if (!table.total.empty()) {
    add(table.total);
    for (std::string& cell : grid.rows.back()) {
      if (cell == "-") cell.clear();
    }
  }
  return grid;
}

}  // namespace bandwright
