#include "report/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "core/text.h"
#include "report/layout.h"

namespace bandwright {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string evil = "<b>\"x\" & 'y'</b>,\x1b[31m\nred\xC2\x9B";

// Something of every kind, with a name as somebody may have chosen it.
Document everything() {
  Document document{.title = "model " + evil,
                    .verdict = {"does NOT fit: 1,420 of 80 GiB", Verdict::Mood::Bad}};
  document.fact("model", evil).fact("step_time_s", 0.0250125).fact("fits", false).fact("mfu", 0.4375);
  document.fact("usd_per_million_tokens", std::optional<double>());
  document.data("bandwidth_gb_per_s", std::vector<double>{100.0, 25.5});
  document.line("for people", "a line");
  document.add(Facts::of("division", "how").fact("tensor", 8));
  Table table = Table::of("breakdown", "where the time goes");
  table.column("part").column("exposed_s").column("share", "%", Shown::ToPeople).column("hidden_s");
  table.rows = {{"compute", 0.02, 0.8, 0.0}, {evil, 0.005, 0.2, std::optional<double>()}};
  table.total = {"step", 0.025, 1.0, Value()};
  table.main = true;
  document.add(table);
  document.add(List::of("findings", "Findings", {"one " + evil, "two"}));
  document.add(Chart{.name = "fig",
                     .caption = "caption " + evil,
                     .x = {"budget"},
                     .y = {"cost " + evil, true},
                     .panels = {{"panel " + evil, {{evil, {1.0, 2.0}, {10.0, 1000.0}}}}},
                     .command = "draw"});
  document.notes = {"mind this"};
  return document;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

TEST(Text, TheVerdictStandsInLineTwo) {
  const auto lines = lines_of(render_text(everything(), {}));
  EXPECT_EQ(lines[1], "does NOT fit: 1,420 of 80 GiB");
}

TEST(Text, NothingIsWiderThanAsked) {
  Document document = everything();
  document.line("a long one",
                std::string(20, 'x') + " " + std::string(15, 'y') + " word word word word word");
  Table wide = Table::of("bill");
  for (const char* name :
       {"dimension", "kind", "npus", "price_class", "element", "bought_gb_per_s", "cost_usd"}) {
    wide.column(name);
  }
  wide.rows = {{1, "FullyConnected", 8, "Package", "a switch of many words", 123456.789, 1234567.0}};
  document.add(wide);
  for (const std::size_t width : {40U, 60U, 100U, 200U}) {
    for (const std::string& line : lines_of(render_text(document, {.width = width}))) {
      EXPECT_LE(width_of(line), width) << line;
    }
  }
}

TEST(Text, OneUnitPerTableWithItsNameInTheHeading) {
  const std::string text = render_text(everything(), {});
  EXPECT_THAT(text, HasSubstr("exposed (ms)"));
  EXPECT_THAT(text, HasSubstr("20.000"));
  EXPECT_THAT(text, HasSubstr("step time"));
  EXPECT_THAT(text, HasSubstr("25.01 ms"));
}

TEST(Text, ColoursAreForTerminals) {
  EXPECT_THAT(render_text(everything(), {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_text(everything(), {.ansi = true}), HasSubstr("\x1b[1;31mdoes NOT fit"));
}

TEST(Text, NamesMoveNoCursor) {
  const std::string text = render_text(everything(), {});
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_THAT(text, Not(HasSubstr("\xC2\x9B")));
}

TEST(Json, HasEveryKeyForProgramsAndNoneForPeople) {
  const json root = json::parse(render_json(everything()));
  EXPECT_EQ(root["schema_version"], 2);
  EXPECT_EQ(root["model"], evil);
  EXPECT_EQ(root["step_time_s"], 0.0250125);
  EXPECT_EQ(root["fits"], false);
  EXPECT_TRUE(root["usd_per_million_tokens"].is_null());
  EXPECT_EQ(root["bandwidth_gb_per_s"], (std::vector<double>{100.0, 25.5}));
  EXPECT_EQ(root["division"], (json{{"tensor", 8}}));
  EXPECT_EQ(root["breakdown"].size(), 2U);  // without the total
  EXPECT_EQ(root["breakdown"][0], (json{{"part", "compute"}, {"exposed_s", 0.02}, {"hidden_s", 0.0}}));
  EXPECT_EQ(root["notes"], json{"mind this"});
}

TEST(Csv, RepeatsTheFactsInFrontOfEachRow) {
  const std::string text = render_csv(everything());
  EXPECT_TRUE(
      text.starts_with("model,step_time_s,fits,mfu,usd_per_million_tokens,part,exposed_s,hidden_s\n"));
  EXPECT_THAT(text, HasSubstr(",0.0250125,false,0.4375,,compute,0.02,0\n"));
  EXPECT_THAT(text, HasSubstr("\"<b>\"\"x\"\" & 'y'</b>,?[31m\nred"));
}

TEST(Csv, WithoutATableItIsOneRowWithListsSpread) {
  Document document;
  document.fact("network", "Ring(8)").fact("bandwidth_gb_per_s", std::vector<double>{3.0, 4.0});
  EXPECT_EQ(render_csv(document), "network,bandwidth_gb_per_s_1,bandwidth_gb_per_s_2\nRing(8),3,4\n");
}

TEST(Html, EscapesNamesEverywhere) {
  const std::string html = render_html(everything());
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;"));
  EXPECT_THAT(html, HasSubstr("class=\"verdict bad\""));
  EXPECT_THAT(html, HasSubstr("For print: <code>draw</code>"));
  EXPECT_THAT(html, Not(HasSubstr("src=\"http")));
}

// A number that is shown with fewer digits keeps all of them for sorting and for the CSV.
TEST(Html, TablesKeepEveryDigitAndTheNamesOfJson) {
  Document document;
  Table table = Table::of("breakdown", "parts");
  table.column("part").column("exposed_s");
  table.rows = {{"compute", 0.0200001}, {"rest", 1.5}};
  document.add(table).add(table = Table::of("", "parts"));
  const std::string html = render_html(document);
  EXPECT_THAT(html, HasSubstr("<table data-name=\"breakdown\">"));
  EXPECT_THAT(html, HasSubstr("data-key=\"exposed_s\""));
  EXPECT_THAT(html, HasSubstr("data-v=\"0.0200001\">"));
}

TEST(Html, ContentsOriginAndWordsStandOnThePage) {
  Document document{.title = "t"};
  document.fact("mfu", 0.5);
  for (const char* heading : {"one", "two", "three", "four"}) document.add(List::of("", heading, {"item"}));
  document.origin.line("made by", "bandwright x");
  const std::string html = render_html(document);
  EXPECT_THAT(html, HasSubstr("<a href=\"#part-4\">four</a>"));
  EXPECT_THAT(html, HasSubstr("<h2 id=\"part-4\">four</h2>"));
  EXPECT_THAT(html, HasSubstr("<footer>\n<p>made by: <code>bandwright x</code></p>"));
  EXPECT_THAT(html, HasSubstr(escaped_html(key("mfu").help)));
  EXPECT_THAT(html_fragment(document), Not(HasSubstr("<nav")));
}

TEST(Render, EveryFormatRendersAnyDocumentAndAnEmptyOne) {
  for (const AnswerFormat& format : answer_formats()) {
    EXPECT_FALSE(format.render(everything(), {}).empty()) << format.name;
    EXPECT_EQ(format.render(everything(), {}), format.render(everything(), {})) << format.name;
    EXPECT_NO_THROW(format.render(Document{}, {})) << format.name;
  }
}

TEST(Render, NoAnswerHoldsANumberThatIsNotFinite) {
  for (const double number : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    Document fact;
    fact.fact("step_time_s", number);
    Document cell;
    Table table = Table::of("bill");
    table.column("cost_usd").rows = {{number}};
    cell.add(table);
    for (const AnswerFormat& format : answer_formats()) {
      EXPECT_THROW(format.render(fact, {}), InputError) << format.name;
      EXPECT_THROW(format.render(cell, {}), InputError) << format.name;
    }
  }
}

// Whatever the words: as long as each column fits beside the first, no line is wider than the page.
TEST(Layout, NoLineIsWiderThanThePage) {
  std::mt19937 random(22);  // NOLINT(cert-msc51-cpp): the same tables every time
  const auto below = [&](std::size_t n) { return random() % n; };
  const auto cell = [&](std::size_t words) {
    std::string text;
    for (std::size_t w = 0; w <= below(words); ++w)
      text += (w > 0 ? " " : "") + std::string(1 + below(30), 'a');
    return text;
  };
  for (int trial = 0; trial < 300; ++trial) {
    TextGrid grid;
    const std::size_t columns = 1 + below(9);
    for (std::size_t c = 0; c < columns; ++c) {
      grid.left.push_back(below(2) == 0);
      grid.headings.push_back(cell(grid.left.back() ? 2 : 1));
    }
    for (int r = 0; r < 4; ++r) {
      std::vector<std::string> row;
      for (std::size_t c = 0; c < columns; ++c) row.push_back(cell(grid.left[c] ? 6 : 1));
      grid.rows.push_back(row);
    }
    for (const auto& block : laid_out(grid, 100)) {
      for (const std::string& line : block) EXPECT_LE(width_of(line), 100U) << trial << ": " << line;
    }
  }
}

// Typed as they stand, the lines of a command are the command.
TEST(Layout, ALongCommandGoesOnBehindABackslash) {
  const std::string command =
      "bandwright optimize 'Ring(4) x 2' --size \"1 GiB\" --network a-long-name --constraint 'b_1 <= 2 * "
      "b_2'";
  EXPECT_EQ(continued(command, 200), std::vector<std::string>{command});
  for (const std::size_t width : {38U, 45U, 60U, 90U}) {
    const std::vector<std::string> lines = continued(command, width);
    std::string typed;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_LE(width_of(lines[i]), width) << lines[i];
      const bool last = i + 1 == lines.size();
      EXPECT_EQ(lines[i].ends_with(" \\"), !last) << lines[i];
      const std::string part = lines[i].substr(i > 0 ? 4 : 0);
      typed += (i > 0 ? " " : "") + (last ? part : part.substr(0, part.size() - 2));
    }
    EXPECT_EQ(typed, command) << width;
    for (const std::string& line : lines)
      EXPECT_EQ(std::count(line.begin(), line.end(), '\'') % 2, 0) << line;
  }
}

TEST(Layout, WrapsBetweenWordsAndKeepsAnIndent) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("  of it", 20), (std::vector<std::string>{"  of it"}));
  EXPECT_EQ(wrapped("", 5), (std::vector<std::string>{""}));
}

TEST(Layout, WhatIsTooWideComesInBlocksThatBeginWithTheFirstColumn) {
  const TextGrid grid{
      .headings = {"name", "first", "second"}, .rows = {{"a", "1", "2"}}, .left = {true, false, false}};
  const auto blocks = laid_out(grid, 12);  // "name  first" is 11 wide
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0], (std::vector<std::string>{"name  first", "a         1"}));
  EXPECT_EQ(blocks[1], (std::vector<std::string>{"name  second", "a          2"}));
}

// `text` without characters that a backslash makes plain.
std::string unescaped(std::string_view text) {
  std::string rest;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else {
      rest += text[i];
    }
  }
  return rest;
}

TEST(Markdown, RowsHaveAsManyCellsAsTheirTable) {
  std::ptrdiff_t bars = 0;
  int rows = 0;
  for (const std::string& line : lines_of(render_markdown(everything()))) {
    const std::string bare = unescaped(line);
    if (!bare.starts_with('|')) {
      bars = 0;
      continue;
    }
    const auto here = std::count(bare.begin(), bare.end(), '|');
    EXPECT_TRUE(bars == 0 || here == bars) << line;
    bars = here;
    ++rows;
  }
  // Own facts: heading, rule and 5 that are told; parallelism: 2 and 1; breakdown: 2, two rows and the total.
  EXPECT_EQ(rows, 7 + 3 + 5);
}

TEST(Markdown, NamesAreText) {
  const std::string bare = unescaped(render_markdown(everything()));
  EXPECT_THAT(bare, Not(HasSubstr("<")));
  EXPECT_THAT(bare, Not(HasSubstr("&")));
  EXPECT_THAT(bare, Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_markdown(everything()), HasSubstr("does NOT fit: 1,420 of 80 GiB\n"));
  EXPECT_THAT(render_markdown(everything()), HasSubstr("> mind this\n"));
}

}  // namespace
}  // namespace bandwright
