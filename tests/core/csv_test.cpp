#include "core/io/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::string problem_of_csv(std::string_view text) {
  try {
    parse_csv(text, "f.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  const CsvTable table =
      parse_csv("n,what\n1,\"a, b\"\n2,\"the \"\"old\"\" one\"\n3,\"two\nlines\"\n4,\"\"\n", "f");
  ASSERT_THAT(table.rows, SizeIs(4));
  EXPECT_EQ(table.rows[0].text("what"), "a, b");
  EXPECT_EQ(table.rows[1].text("what"), "the \"old\" one");
  EXPECT_EQ(table.rows[2].text("what"), "two\nlines");
  EXPECT_EQ(table.rows[3].text("what"), "");
  // Every row knows its line, past the one that takes two.
  EXPECT_EQ(table.rows[2].line(), 4);
  EXPECT_EQ(table.rows[3].line(), 6);
}

TEST(Csv, ARowIsFilledIn) {
  const CsvTable table = parse_csv("n,s\n1,\n2,b\n", "f.csv");
  const CsvRow filled = table.rows[0].with("s", "a").with("more", "7");
  EXPECT_EQ(filled.text("s"), "a");
  EXPECT_EQ(filled.count("more"), 7);
  EXPECT_EQ(filled.line(), 2);
  EXPECT_FALSE(table.rows[0].has("s"));
  EXPECT_FALSE(table.rows[1].has("more"));  // the others' header is as it was
}

TEST(Csv, MarkOfTheByteOrderCarriageReturnsAndBlankLinesAreNoContent) {
  const CsvTable table = parse_csv("\xEF\xBB\xBFn,s\r\n\r\n 1 ,\"2\" \r\n\n3,4", "f");
  EXPECT_THAT(table.header->names, ElementsAre("n", "s"));
  ASSERT_THAT(table.rows, SizeIs(2));
  EXPECT_THAT(table.rows[0].fields(), ElementsAre("1", "2"));
  EXPECT_THAT(table.rows[1].fields(), ElementsAre("3", "4"));
  EXPECT_EQ(table.rows[0].line(), 3);
}

TEST(Csv, CommentsOnlyWhereTheyAreAskedFor) {
  EXPECT_THAT(parse_csv("#made by hand\nn\n#1\n2\n", "f", '#').rows, SizeIs(1));
  EXPECT_THAT(parse_csv("# layers,n\n1,2\n", "f").header->names, ElementsAre("# layers", "n"));
}

TEST(Csv, ErrorsNameFileAndLine) {
  EXPECT_EQ(problem_of_csv("a,b\n1,2\n1\n"), "f.csv:3: 1 fields, expected the 2 of the header");
  EXPECT_EQ(problem_of_csv("a,b\n1,2,3\n"), "f.csv:2: 3 fields, expected the 2 of the header");
  EXPECT_EQ(problem_of_csv("a,b\n1,\"2\n3,4\n"), "f.csv:2: a quote that is not closed");
  EXPECT_EQ(problem_of_csv("a,b\n1,\"2\"3\n"), "f.csv:2: text after the quote that ends a field");
  EXPECT_EQ(problem_of_csv("a,b\n1,2\"\n").substr(0, 33), "f.csv:2: a quote inside a field; ");
  EXPECT_EQ(problem_of_csv("a,b,a\n"), "f.csv:1: a: this column stands twice");
}

TEST(Csv, CellsSayWhatIsWrongWithThem) {
  const CsvTable table = parse_csv("n,s\n0,x\n", "f.csv");
  const auto problem = [](auto read) {
    try {
      read();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(problem([&] { return table.rows[0].count("n"); }),
            "f.csv:2: n: expected a whole number of 1 to 1e9");
  EXPECT_EQ(problem([&] { return table.rows[0].number("s"); }).substr(0, 12), "f.csv:2: s: ");
  EXPECT_EQ(problem([&] { return table.rows[0].text("t"); }), "f.csv:2: t: no such column");
  EXPECT_FALSE(table.rows[0].has("t"));
}

// Whatever the fields hold, they read back as they were written.
TEST(Csv, WhatIsWrittenReadsBack) {
  std::mt19937 random(7);
  const std::string letters = "ab,\"\n\r \t#;";
  for (int trial = 0; trial < 500; ++trial) {
    const std::size_t columns = 1 + random() % 4;
    std::vector<std::vector<std::string>> rows(1 + random() % 4, std::vector<std::string>(columns));
    for (std::size_t c = 0; c < columns; ++c) rows[0][c] = "column" + std::to_string(c);
    for (std::size_t r = 1; r < rows.size(); ++r) {
      for (std::string& field : rows[r]) {
        for (std::size_t left = random() % 5; left > 0; --left) field += letters[random() % letters.size()];
      }
    }
    const std::string text = csv_text(rows);
    const CsvTable read = parse_csv(text, "f.csv");
    ASSERT_EQ(read.header->names, rows[0]);
    ASSERT_EQ(read.rows.size(), rows.size() - 1) << text;
    for (std::size_t r = 1; r < rows.size(); ++r) ASSERT_EQ(read.rows[r - 1].fields(), rows[r]) << text;
  }
}

TEST(Csv, YesAndNoAndNumbersOfARange) {
  const CsvTable table = parse_csv("a,b\nyes,1\nFalse,1e-9\n,-1\n1,nan\n", "t.csv");
  EXPECT_TRUE(table.rows[0].yes("a"));
  EXPECT_FALSE(table.rows[1].yes("a"));
  EXPECT_FALSE(table.rows[2].yes("a"));
  EXPECT_FALSE(table.rows[0].yes("c"));
  EXPECT_THROW(static_cast<void>(table.rows[3].yes("a")), InputError);
  EXPECT_EQ(table.rows[1].number_in("b", 0.0, 1.0), 1e-9);
  EXPECT_THROW(static_cast<void>(table.rows[2].number_in("b", 0.0, 1.0)), InputError);
  EXPECT_THROW(static_cast<void>(table.rows[3].number_in("b", 0.0, 1.0)), InputError);
}

}  // namespace
}  // namespace bandwright
