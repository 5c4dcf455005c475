// Random documents: every format says the same, in its own way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "core/io/csv.h"
#include "core/text.h"
#include "report/layout.h"
#include "report/render.h"

namespace bandwright {
namespace {

using Ordered = nlohmann::ordered_json;

class RandomDocument {
 public:
  explicit RandomDocument(unsigned seed) : random_(seed) {}

  Document make() {
    Document document{.title = words(), .verdict = {draw(2) == 0 ? "" : words(), Verdict::Mood::Plain}};
    add_facts(document);
    if (draw(2) == 0) document.add(nested());
    for (std::uint64_t tables = draw(3); tables > 0; --tables) document.add(table(tables == 1));
    document.add(List::of(fresh_key().name, "some", {words(), words()}));
    add_facts(document);
    if (draw(2) == 0) document.notes = {words()};
    return document;
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::string words() {
    static const std::vector<std::string> parts = {"ring", "7",  "<b>", "&", "\"",  ",",
                                                   "é",    "\n", "a-b", "'", "\x1b"};
    std::string text = "w";
    for (std::uint64_t i = draw(6); i > 0; --i) text += (draw(2) == 0 ? " " : "") + parts[draw(parts.size())];
    return text;
  }
  const Key& fresh_key() {
    for (;;) {
      const Key& key = keys()[draw(keys().size())];
      if (used_.insert(key.name).second) return key;
    }
  }
  Value value(Unit unit) {
    if (draw(8) == 0) return {};
    if (unit == Unit::Word) return words();
    if (unit == Unit::Flag) return draw(2) == 0;
    if (unit == Unit::Count) return static_cast<std::int64_t>(draw(1'000'000));
    return std::exp(static_cast<double>(draw(60)) - 30.0) * (1.0 + static_cast<double>(draw(1000)) / 1000.0);
  }
  Shown shown() { return std::vector{Shown::Everywhere, Shown::ToPrograms, Shown::ToPeople}[draw(3)]; }
  void add_facts(Document& document) {
    for (std::uint64_t i = draw(4); i > 0; --i) {
      const Key& key = fresh_key();
      if (draw(2) == 0) {
        document.fact(key.name, value(key.unit));
      } else {
        document.data(key.name, value(key.unit));
      }
    }
    if (draw(2) == 0) document.line(words(), words());
  }
  Facts nested() {
    Facts facts = Facts::of(fresh_key().name, words());
    std::set<std::string_view> inner;
    for (std::uint64_t i = 1 + draw(3); i > 0; --i) {
      const Key& key = keys()[draw(keys().size())];
      if (inner.insert(key.name).second) facts.fact(key.name, value(key.unit));
    }
    return facts;
  }
  Table table(bool main) {
    Table result = Table::of(fresh_key().name, words());
    result.main = main;
    std::set<std::string_view> inner;
    for (std::uint64_t i = 1 + draw(5); i > 0; --i) {
      const Key& key = keys()[draw(keys().size())];
      if (inner.insert(key.name).second) result.column(key.name, draw(2) == 0 ? "" : words(), shown());
    }
    for (std::uint64_t rows = draw(4); rows > 0; --rows) {
      std::vector<Value>& row = result.rows.emplace_back();
      for (const Table::Column& column : result.columns) row.push_back(value(column.key->unit));
    }
    return result;
  }

  std::mt19937_64 random_;
  std::set<std::string_view> used_ = {"schema_version", "verdict", "notes"};
};

std::vector<Document> documents() {
  std::vector<Document> all;
  for (unsigned seed = 1; seed <= 150; ++seed) all.push_back(RandomDocument(seed).make());
  return all;
}

void expect_value(const Ordered& found, const Value& value) {
  if (value.is_nothing()) {
    EXPECT_TRUE(found.is_null());
  } else if (const auto number = value.number()) {
    EXPECT_EQ(found.get<double>(), *number) << "every digit";
  } else if (const auto* flag = std::get_if<bool>(&value.any)) {
    EXPECT_EQ(found, *flag);
  } else {
    EXPECT_EQ(found, std::get<std::string>(value.any));
  }
}

// JSON: what is for programs, once, with all its digits; and nothing else.
TEST(FormatsAgree, JsonHoldsWhatIsForPrograms) {
  for (const Document& document : documents()) {
    const Ordered root = Ordered::parse(render_json(document));
    std::set<std::string> expected = {"schema_version", "notes"};
    if (!document.verdict.text.empty()) expected.insert("verdict");
    for (const Part& part : document.parts) {
      if (const auto* facts = std::get_if<Facts>(&part)) {
        const Ordered& object = facts->key == nullptr ? root : root.at(std::string(facts->key->name));
        if (facts->key != nullptr) expected.emplace(facts->key->name);
        for (const Fact& fact : facts->rows) {
          if (fact.key == nullptr) continue;
          expect_value(object.at(std::string(fact.key->name)), fact.value);
          if (facts->key == nullptr) expected.emplace(fact.key->name);
        }
      } else if (const auto* table = std::get_if<Table>(&part)) {
        expected.emplace(table->key->name);
        const Ordered& rows = root.at(std::string(table->key->name));
        ASSERT_EQ(rows.size(), table->rows.size());
        for (std::size_t r = 0; r < rows.size(); ++r) {
          for (std::size_t c = 0; c < table->columns.size(); ++c) {
            const std::string name(table->columns[c].key->name);
            const bool there = table->columns[c].shown != Shown::ToPeople;
            ASSERT_EQ(rows[r].contains(name), there);
            if (there) expect_value(rows[r].at(name), table->rows[r][c]);
          }
        }
      } else if (const auto* list = std::get_if<List>(&part)) {
        expected.emplace(list->key->name);
        EXPECT_EQ(root.at(std::string(list->key->name)), list->items);
      }
    }
    std::set<std::string> names;
    for (const auto& [name, value] : root.items()) names.insert(name);
    EXPECT_EQ(names, expected);
  }
}

// CSV: its rows are those of the main table in JSON, facts repeated in front, cell by cell.
TEST(FormatsAgree, CsvHoldsTheRowsOfJson) {
  for (const Document& document : documents()) {
    const Ordered root = Ordered::parse(render_json(document));
    const CsvTable csv = parse_csv(render_csv(document), "answer.csv");
    const Table* main = nullptr;
    for (const Part& part : document.parts) {
      const auto* table = std::get_if<Table>(&part);
      if (table != nullptr && table->main) main = table;
    }
    if (main == nullptr) continue;
    const Ordered& rows = root.at(std::string(main->key->name));
    if (rows.empty() || csv.header->names.empty()) continue;
    ASSERT_EQ(csv.rows.size(), rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (const std::string& name : csv.header->names) {
        const Ordered& value = rows[r].contains(name) ? rows[r].at(name) : root.at(name);
        const std::string& cell = csv.rows[r].text(name);
        if (value.is_null()) {
          EXPECT_EQ(cell, "");
        } else if (value.is_number()) {
          EXPECT_EQ(std::stod(cell), value.get<double>()) << name;
        } else if (value.is_boolean()) {
          EXPECT_EQ(cell, value.get<bool>() ? "true" : "false");
        }
      }
    }
  }
}

// HTML: every element that is opened is closed, in order; no name opens one; no character moves a cursor.
TEST(FormatsAgree, HtmlIsWellFormed) {
  for (const Document& document : documents()) {
    const std::string html = html_fragment(document);
    std::vector<std::string> open;
    for (std::size_t i = 0; i < html.size(); ++i) {
      const auto c = static_cast<unsigned char>(html[i]);
      EXPECT_TRUE(c >= 0x20 || c == '\n');
      if (c == '>') ADD_FAILURE() << "a > outside a tag";
      if (c != '<') continue;
      const std::size_t end = html.find('>', i);
      ASSERT_NE(end, std::string::npos);
      std::string tag = html.substr(i + 1, end - i - 1);
      i = end;
      const bool closes = tag.starts_with('/');
      tag = tag.substr(closes ? 1 : 0, tag.find(' ') - (closes ? 1 : 0));
      const std::set<std::string> known = {"h1", "h2", "p",  "div", "table", "tr",    "th",
                                           "td", "ul", "li", "pre", "thead", "tbody", "tfoot"};
      ASSERT_TRUE(known.contains(tag)) << tag;
      if (!closes) {
        open.push_back(tag);
      } else {
        ASSERT_FALSE(open.empty());
        EXPECT_EQ(open.back(), tag);
        open.pop_back();
      }
    }
    EXPECT_TRUE(open.empty());
  }
}

// Text: no line wider than asked, whatever the names; colours change nothing but the look.
TEST(FormatsAgree, TextKeepsToItsWidth) {
  for (const Document& document : documents()) {
    const std::string text = render_text(document, {.width = 80});
    for (const std::string_view line : split(text, '\n')) EXPECT_LE(width_of(line), 80U) << line;
    std::string coloured = render_text(document, {.width = 80, .ansi = true});
    for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b')) {
      coloured.erase(at, coloured.find('m', at) - at + 1);
    }
    EXPECT_EQ(coloured, text);
  }
}

// Markdown: rows of one table have as many cells as its heading, whatever stands in them; a name begins no
// tag.
TEST(FormatsAgree, MarkdownTablesKeepTheirColumns) {
  for (const Document& document : documents()) {
    const std::string markdown = render_markdown(document);
    std::size_t bars = 0;  // of the table's rows so far; 0 outside of one
    for (const std::string_view line : split(markdown, '\n')) {
      std::size_t here = 0;
      for (std::size_t i = 0; i < line.size(); ++i) {
        EXPECT_GE(static_cast<unsigned char>(line[i]), 0x20);
        const bool escaped = i > 0 && line[i - 1] == '\\';
        if (line[i] == '|' && !escaped) ++here;
        if (line[i] == '<') {
          EXPECT_TRUE(escaped) << line;
        }
      }
      const bool row = line.starts_with('|');
      if (row && bars > 0) {
        EXPECT_EQ(here, bars) << line;
      }
      bars = row ? here : 0;
    }
  }
}

// A table that is broken in blocks or within cells loses no word, and each block begins with the first
// column.
TEST(Layout, EveryWordIsThere) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 300; ++trial) {
    TextGrid grid;
    const std::size_t columns = 1 + random() % 6;
    std::multiset<std::string> words;
    const auto cell = [&](bool left) {
      std::string text;
      for (auto i = 1 + random() % (left ? 5 : 1); i > 0; --i) {
        const std::string word(1 + random() % 9, static_cast<char>('a' + random() % 26));
        text += (text.empty() ? "" : " ") + word;
        words.insert(word);
      }
      return text;
    };
    for (std::size_t c = 0; c < columns; ++c) {
      grid.left.push_back(random() % 2 == 0);
      grid.headings.push_back(cell(false));
    }
    for (auto rows = random() % 4; rows > 0; --rows) {
      std::vector<std::string>& row = grid.rows.emplace_back();
      for (std::size_t c = 0; c < columns; ++c) row.push_back(cell(grid.left[c]));
    }
    const auto blocks = laid_out(grid, 40);
    std::multiset<std::string> found;
    for (const auto& block : blocks) {
      for (const std::string& line : block) {
        EXPECT_LE(width_of(line), blocks.size() == 1 && columns < 3 ? 1000U : 64U) << line;
        for (const std::string_view word : split(line, ' ')) {
          if (!word.empty()) found.emplace(word);
        }
      }
    }
    for (std::size_t more = 1; more < blocks.size(); ++more) {  // the first column again
      for (const std::string_view word : split(grid.headings[0], ' ')) words.emplace(word);
      for (const auto& row : grid.rows) {
        for (const std::string_view word : split(row[0], ' ')) words.emplace(word);
      }
    }
    EXPECT_EQ(found, words);
  }
}

}  // namespace
}  // namespace bandwright
