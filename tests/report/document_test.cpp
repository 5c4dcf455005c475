// Documents: what they are made of, what is wrong with one, and where it comes from.
#include "report/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "core/text.h"
#include "report/origin.h"
#include "report/render.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

// Whole numbers of any kind, times in seconds that are nearest to their picoseconds, nothing for what is not.
TEST(Value, IsWhatItIsMadeOf) {
  EXPECT_EQ(Value(std::size_t{7}).number(), 7.0);
  EXPECT_EQ(Value(std::uint8_t{255}).number(), 255.0);
  EXPECT_EQ(plain(Value(-3)), "-3");
  EXPECT_EQ(plain(Value(true)), "true");
  EXPECT_EQ(Value(true).number(), std::nullopt);
  EXPECT_EQ(Value("7").number(), std::nullopt);
  EXPECT_EQ(plain(Value(Time(25012500000))), "0.0250125");
  EXPECT_EQ(plain(Value(Time(1))), "1e-12");
  EXPECT_TRUE(Value(std::optional<Time>()).is_nothing());
  EXPECT_EQ(plain(Value(std::optional<int>(4))), "4");
  EXPECT_EQ(plain(Value(std::vector<double>{0.1, 1e300})), "0.1 1e+300");
  EXPECT_EQ(plain(Value(std::vector<std::string>{"a b", "c"})), "a b c");
  EXPECT_EQ(plain(Value()), "");
}

// What people read: one scale for a list, a dash for nothing.
TEST(Value, IsSpoken) {
  EXPECT_EQ(spoken(Value(), Unit::Seconds), "-");
  EXPECT_EQ(spoken(Value(false), Unit::Flag), "no");
  EXPECT_EQ(spoken(Value(std::vector<double>{0.001, 2.0}), Unit::Seconds), "0.0010, 2.0000 s");
  EXPECT_EQ(spoken(Value(std::vector<double>{}), Unit::GbPerS), " GB/s");
  EXPECT_EQ(spoken(Value(std::vector<std::string>{"TP", "DP"}), Unit::Word), "TP, DP");
}

// Facts that follow each other stand together, what comes after a table or a heading apart.
TEST(Document, OwnFactsStandTogether) {
  Document document;
  document.fact("npus", 8).line("a", "line").data("tensor", 2);
  EXPECT_EQ(document.parts.size(), 1U);
  document.add(Table::of("bill"));
  document.fact("model", "m");
  EXPECT_EQ(document.parts.size(), 3U);
  document.add(Facts::of("", "with a heading"));
  document.fact("context", 1);
  EXPECT_EQ(document.parts.size(), 5U);
  document.add(Facts::of("division"));
  document.fact("pipeline", 1);
  EXPECT_EQ(document.parts.size(), 7U);
}

Table two_columns() { return Table::of("bill").column("price_class").column("cost_usd"); }

struct FaultyCase {
  const char* name;
  Document document;
  const char* fault;
};

// Each is a programmer's mistake that would lose or spoil a number: no format renders it.
TEST(Document, FaultsAreNamed) {
  const double endless = std::numeric_limits<double>::infinity();
  const auto with = [](Table table) { return Document{}.add(std::move(table)); };
  Table total = two_columns();
  total.rows = {{"Pod", 1.0}};
  total.total = {"total", endless};
  Table short_total = two_columns();
  short_total.rows = {{"Pod", 1.0}};
  short_total.total = {"total"};
  Table short_row = two_columns();
  short_row.rows = {{"Pod"}};
  Table cell = two_columns();
  cell.rows = {{"Pod", 1.0}, {"Node", std::nan("")}};
  Table inside = two_columns();
  inside.column_within("division", "tensor").column_within("division", "tensor");
  Document lists;
  lists.fact("bandwidth_gb_per_s", std::vector<double>{1.0, endless});
  Document twice;
  twice.fact("npus", 8).add(two_columns()).fact("npus", 9);
  const std::vector<FaultyCase> cases = {
      {"a total", with(total), "cost_usd is not a finite number"},
      {"a total of another length", with(short_total), "a row of 1 cells"},
      {"a row of another length", with(short_row), "a row of 1 cells"},
      {"a cell", with(cell), "cost_usd is not a finite number"},
      {"a column that stands twice", with(two_columns().column("cost_usd")), "cost_usd stands twice"},
      {"a column of an object that stands twice", with(inside), "tensor stands twice"},
      {"a list", lists, "bandwidth_gb_per_s is not a finite number"},
      {"a fact that stands twice", twice, "npus stands twice"},
      {"a fact and a table of one name", Document{}.add(two_columns()).add(two_columns()),
       "bill stands twice"},
      {"a fact twice in an object", Document{}.add(Facts::of("division").fact("tensor", 1).fact("tensor", 2)),
       "tensor stands twice"}};
  for (const FaultyCase& each : cases) {
    EXPECT_EQ(fault_of(each.document), each.fault) << each.name;
    for (const AnswerFormat& format : answer_formats()) {
      EXPECT_EQ(refused([&] { return format.render(each.document, {}); }),
                "the answer: " + std::string(each.fault))
          << each.name << " " << format.name;
    }
  }
}

// A column that people see in other words beside the one for programs, and the same name in another object.
TEST(Document, NamesThatAreToldApartAreNoFault) {
  Table table = two_columns().column("cost_usd", "in words", Shown::ToPeople);
  table.column_within("division", "tensor").column("tensor");
  table.rows = {{"Pod", 1.0, 1.0, 2, 3}};
  EXPECT_EQ(fault_of(Document{}.add(table)), "");
  EXPECT_EQ(fault_of(Document{}.fact("tensor", 1).add(Facts::of("division").fact("tensor", 2))), "");
  EXPECT_EQ(fault_of(Document{}), "");
}

// A command as a shell reads it.
TEST(Origin, CommandsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(typed({"plan", "llama3-8b", "--npus=8"}), "bandwright plan llama3-8b --npus=8");
  EXPECT_EQ(typed({"plan", "", "a b", "it's", "$HOME", "FatTree(64)"}),
            R"(bandwright plan '' 'a b' 'it'\''s' '$HOME' 'FatTree(64)')");
  EXPECT_EQ(typed({}), "bandwright");
}

// The day that is given, so that the same inputs give the same bytes; files that were read with their hashes.
TEST(Origin, SaysWhenAndOfWhat) {
  const TemporaryFolder folder;
  const std::string file = folder / "mine.yaml";
  std::ofstream(file) << "words";
  ASSERT_EQ(::setenv("SOURCE_DATE_EPOCH", "86399", 1), 0);
  const Facts origin = origin_of({"estimate", file},
                                 {file, "--machine=" + file, "--npus=8", "estimate", folder.path().string()});
  ASSERT_EQ(::unsetenv("SOURCE_DATE_EPOCH"), 0);
  ASSERT_EQ(origin.rows.size(), 5U) << "a folder and what is no file have no hash";
  EXPECT_EQ(origin.rows[0].words, "bandwright estimate " + file);
  EXPECT_THAT(origin.rows[1].words, testing::StartsWith("1970-01-01 23:59 UTC, with bandwright "));
  EXPECT_EQ(origin.rows[2].words.size(), 16U);
  for (const std::size_t row : {3U, 4U}) {
    EXPECT_EQ(origin.rows[row].label, file);
    EXPECT_EQ(origin.rows[row].words, content_hash("words"));
  }
}

}  // namespace
}  // namespace bandwright
