#include "tests/inputs/mutations.h"

#include <charconv>
#include <vector>

#include "core/io/csv.h"
#include "tests/inputs/yaml_copy.h"

namespace bandwright {
namespace {

// The values to put in place of one; with its unit where it is a number.
std::vector<YamlTree> values_instead_of(const YamlTree& value) {
  std::vector<YamlTree> values = {YamlTree(), YamlTree::quoted(""), YamlTree::list(), YamlTree::map()};
  if (value.form != YamlTree::Form::Text) {
    values.push_back(YamlTree::quoted("5"));
    return values;
  }
  const std::string& text = value.text;
  values.push_back(YamlTree::quoted(text.substr(0, text.size() / 2)));
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit =
      error == std::errc() ? text.substr(static_cast<std::size_t>(end - text.data())) : "";
  for (const std::string other : {"-1", "0", "nan", "inf", "1e308", "1e-308", "1e30", "0.5"}) {
    values.push_back(YamlTree::quoted(other + unit));
  }
  if (error == std::errc()) values.push_back(YamlTree::quoted("-" + text));
  return values;
}

}  // namespace

void for_each_mutation(const YamlValue& root, std::size_t most,
                       const std::function<void(const Mutation&)>& visit) {
  constexpr std::size_t per_part = 17;
  const std::string kind(root.declared_kind());
  YamlTree tree = copy_of(root);
  std::size_t parts = 0;
  for_each_part(tree, [&](YamlTree&, std::size_t) { ++parts; });
  const std::size_t stride = parts * per_part / most + 1;
  std::size_t number = 0;
  for_each_part(tree, [&](YamlTree& holder, std::size_t index) {
    const std::vector<YamlTree::Part> before = holder.parts;
    const std::string key = before[index].key;
    const auto show = [&](const std::string& what) {
      if (number++ % stride == 0) visit({as_file(kind, tree), key, key + " " + what});
      holder.parts = before;
    };
    for (const YamlTree& value : values_instead_of(before[index].value)) {
      holder.parts[index].value = value;
      show("-> " + yaml_line(value));
    }
    holder.parts.erase(holder.parts.begin() + static_cast<std::ptrdiff_t>(index));
    show("deleted");
    holder.parts.push_back(before[index]);
    show("twice");
    if (holder.form != YamlTree::Form::Map) return;
    holder.parts[index].key += 'x';
    show("misspelt");
  });
}

namespace {

using Row = std::vector<std::string>;

// The header and a few rows, from the first to the last.
std::vector<Row> some_rows(const std::string& text) {
  constexpr std::size_t rows_taken = 4;
  const CsvTable table = parse_csv(text, "shipped.csv");
  std::vector<Row> rows = {table.header->names};
  const std::size_t taken = std::min(rows_taken, table.rows.size());
  for (std::size_t i = 0; i < taken; ++i) {
    rows.push_back(table.rows[i * (table.rows.size() - 1) / std::max<std::size_t>(1, taken - 1)].fields());
  }
  return rows;
}

void for_each_cell(std::vector<Row>& rows, std::size_t column,
                   const std::function<void(const std::string& what)>& show) {
  for (std::size_t r = 1; r < rows.size(); ++r) {
    const std::string before = rows[r][column];
    for (const std::string& value :
         {"-" + before, std::string("-1"), std::string("0"), std::string("nan"), std::string("inf"),
          std::string("1e308"), std::string("1e-308"), std::string("1e9"), std::string("0.5"),
          before.substr(0, before.size() / 2), std::string()}) {
      rows[r][column] = value;
      show("-> '" + value + "'");
    }
    rows[r][column] = before;
  }
}

}  // namespace

void for_each_csv_mutation(const std::string& text, std::size_t most,
                           const std::function<void(const Mutation&)>& visit) {
  std::vector<Row> rows = some_rows(text);
  const std::size_t columns = rows[0].size();
  const std::size_t stride = columns * (rows.size() * 11 + 3) / most + 1;
  std::size_t number = 0;
  const auto show = [&](const std::string& column, const std::string& what) {
    if (number++ % stride == 0) visit({csv_text(rows), column, column + ' ' + what});
  };
  for (std::size_t c = 0; c < columns; ++c) {
    const std::string name = rows[0][c];
    for_each_cell(rows, c, [&](const std::string& what) { show(name, what); });
    const std::vector<Row> before = rows;
    rows[0][c] += 'x';
    show(name, "misspelt");
    rows = before;
    for (Row& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(c));
    show(name, "deleted");
    rows = before;
    for (Row& row : rows) row.push_back(row[c]);
    show(name, "twice");
    rows = before;
  }
  for (const std::string& end : {std::string(","), std::string("\n") + rows[1][0], std::string("\"")}) {
    visit(
        {csv_text(rows) + csv_text(std::vector<Row>{rows[1]}) + end, rows[0][0], "a row twice, then " + end});
  }
  const std::string whole = csv_text(rows);
  for (std::size_t part = 1; part < 8; ++part) {
    visit({whole.substr(0, whole.size() * part / 8), rows[0][0], "cut off"});
  }
}

}  // namespace bandwright
