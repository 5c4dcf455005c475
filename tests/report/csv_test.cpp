// CSV and text at their edges: no rows, lists, names that must be quoted, commands that are typed.
#include "core/io/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/text.h"
#include "report/render.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Table bill_rows() {
  Table table =
      Table::of("bill").column("price_class").column("cost_usd").column("share", "", Shown::ToPeople);
  table.main = true;
  return table;
}

// Facts in front of each row; a fact that is a column, too, stands once; lists and objects are not spread.
TEST(CsvEdges, FactsStandInFrontOfTheRows) {
  Document document;
  document.fact("network", "Ring(8)").fact("bandwidth_gb_per_s", std::vector<double>{1.0, 2.0});
  document.fact("cost_usd", 9.0).line("for people", "alone");
  document.add(Facts::of("division").fact("tensor", 8));
  Table table = bill_rows();
  table.rows = {{"Pod", 1.0, 0.5}, {"Node", 8.0, 0.5}};
  table.total = {"total", 9.0, 1.0};
  document.add(table).fact("npus", 8);
  EXPECT_EQ(render_csv(document), "network,npus,price_class,cost_usd\nRing(8),8,Pod,1\nRing(8),8,Node,8\n");
}

// A table without rows still says what the facts are.
TEST(CsvEdges, ATableWithoutRowsHasItsFacts) {
  Document document;
  document.fact("network", "Ring(8)").add(bill_rows());
  EXPECT_EQ(render_csv(document), "network,price_class,cost_usd\nRing(8),,\n");
  EXPECT_EQ(render_csv(Document{}.add(bill_rows())), "price_class,cost_usd\n");
  EXPECT_EQ(render_csv(Document{}.add(Facts::of("division").fact("tensor", 8))), "tensor\n8\n");
}

// What is written reads back, whatever is in it but what moves a cursor or turns the direction of text.
TEST(CsvEdges, RowsReadBack) {
  const std::array<std::string, 6> fields = {"plain",        "a, b",     "say \"so\"",
                                             "two\nlines\n", " spaces ", "\xC3\xA9t\xC3\xA9"};
  const std::string text = "a,b,c,d,e,f\n" + csv_row(fields);
  const CsvTable table = parse_csv(text, "row.csv");
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].text("b"), "a, b");
  EXPECT_EQ(table.rows[0].text("c"), "say \"so\"");
  EXPECT_EQ(table.rows[0].text("d"), "two\nlines\n");
  EXPECT_EQ(table.rows[0].text("f"), "\xC3\xA9t\xC3\xA9");
  // ESC, DEL, CSI in two bytes, a turn to the left, and a byte that is no UTF-8.
  const std::array<std::string, 1> odd = {std::string("a\x1b[1m\x7f") + "\xC2\x9B" + "b\xE2\x80\xAE" +
                                          std::string("c") + "\xFF\r"};
  EXPECT_EQ(csv_row(odd), "a?[1m??b?c??\n");
  const std::array<std::string, 2> empty = {"", ""};
  EXPECT_EQ(csv_row(empty), ",\n");
}

// The same characters in no format for people or spreadsheets.
TEST(CsvEdges, NoFormatTurnsTextAround) {
  Document document{.title = "m\xE2\x80\xAEodel\xC2\x9B"};
  document.fact("model", "a\xE2\x81\xA6z\xC2\x9Bz");
  document.add(List::of("findings", "F\xC2\x9B", {"x\xE2\x80\xAEy"}));
  document.notes = {"n\xC2\x9Bote"};
  for (const AnswerFormat& format : answer_formats()) {
    if (format.name == "json") continue;  // programs get what there is
    const std::string text = format.render(document, {});
    for (const char* odd : {"\xE2\x80\xAE", "\xE2\x81\xA6", "\xC2\x9B"})
      EXPECT_THAT(text, Not(HasSubstr(odd))) << format.name;
  }
}

// Commands are typed as they stand: with every space that is quoted, and no word broken, however long.
TEST(TextEdges, CommandsGoOnBetweenTheirWords) {
  const std::string head = "bandwright estimate 'my  model.yaml'";
  const std::string note = "--note '" + std::string(500, 'x') + "'";
  List list = List::of("commands", "To type", {head + " " + note, "cd 'a   b'"});
  list.commands = true;
  const std::string text = render_text(Document{}.add(list), {.width = 60});
  EXPECT_THAT(text, HasSubstr("  " + head + " \\\n      " + note + "\n"));
  EXPECT_THAT(text, HasSubstr("  cd 'a   b'\n"));
  EXPECT_THAT(html_fragment(Document{}.add(list)), HasSubstr("cd &#39;a   b&#39;\n"));
}

// A table that has a total alone is shown, one that has nothing is not, and none that is for programs: by
// every format for people.
TEST(TextEdges, TablesAreShownAlike) {
  Table only_total = Table::of("bill", "What it costs").column("price_class").column("cost_usd");
  only_total.total = {"total", 5.0};
  Table nothing = Table::of("bill", "What it costs").column("price_class").column("cost_usd");
  Table for_programs = only_total;
  for_programs.shown = Shown::ToPrograms;
  Table of_such_columns = Table::of("bill", "What it costs").column("cost_usd", "", Shown::ToPrograms);
  of_such_columns.rows = {{5.0}, {6.0}};
  for (const AnswerFormat& format : answer_formats()) {
    if (format.name == "json" || format.name == "csv") continue;
    EXPECT_THAT(format.render(Document{}.add(only_total), {}), HasSubstr("What it costs")) << format.name;
    EXPECT_THAT(format.render(Document{}.add(only_total), {}), HasSubstr("5")) << format.name;
    EXPECT_THAT(format.render(Document{}.add(nothing), {}), Not(HasSubstr("What it costs"))) << format.name;
    EXPECT_THAT(format.render(Document{}.add(for_programs), {}), Not(HasSubstr("What it costs")))
        << format.name;
    EXPECT_EQ(format.render(Document{}.add(of_such_columns), {}), format.render(Document{}, {}))
        << format.name;
  }
}

// So many rows for people, all of them for programs; a cell of the total that is nothing is blank.
TEST(TextEdges, SomeRowsAreForPrograms) {
  Table table = Table::of("bill").column("price_class").column("element").column("cost_usd");
  for (int i = 1; i <= 5; ++i) table.rows.push_back({"class " + std::to_string(i), Value(), 1.0 * i});
  table.total = {"total", Value(), 15.0};
  table.for_people = 2;
  const Document document = Document{}.add(table);
  const TextGrid grid = grid_of(table);
  ASSERT_EQ(grid.rows.size(), 3U);
  EXPECT_THAT(grid.rows[1], ElementsAre("class 2", "-", "$2"));
  EXPECT_THAT(grid.rows[2], ElementsAre("total", "", "$15"));
  EXPECT_THAT(grid.left, ElementsAre(true, true, false));
  EXPECT_THAT(render_json(document), HasSubstr("class 5"));
}

// A unit stands in a heading once.
TEST(TextEdges, HeadingsHaveTheirUnit) {
  const NumberStyle style = style_of(Unit::Seconds, std::array{0.002});
  EXPECT_EQ(heading_of({.key = &key("exposed_s")}, style), "exposed (ms)");
  EXPECT_EQ(heading_of({.key = &key("exposed_s"), .heading = "in ms"}, style), "in ms");
  EXPECT_EQ(heading_of({.key = &key("npus")}, style_of(Unit::Count, std::array{2.0})), key("npus").label);
}

// Words keep to the width but for one that is wider; an indent stays on the first line.
TEST(Wrapping, KeepsWordsWhole) {
  EXPECT_THAT(wrapped("a bb ccc", 4), ElementsAre("a bb", "ccc"));
  EXPECT_THAT(wrapped("longer a", 3), ElementsAre("longer", "a"));
  EXPECT_THAT(wrapped("  a  b ", 100), ElementsAre("  a b"));
  EXPECT_THAT(wrapped("   ", 2), ElementsAre("   "));
  EXPECT_THAT(wrapped("\xC3\xA9\xC3\xA9 \xC3\xA9", 4), ElementsAre("\xC3\xA9\xC3\xA9 \xC3\xA9"));
  EXPECT_EQ(width_of("\xC3\xA9t\xC3\xA9"), 3U);
  EXPECT_EQ(width_of(""), 0U);
}

}  // namespace
}  // namespace bandwright
