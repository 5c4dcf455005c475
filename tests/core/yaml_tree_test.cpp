#include "core/yaml_tree.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/error.h"
#include "core/yaml.h"

namespace bandwright {
namespace {

// A tree of lists and maps of texts, as deep as asked, with characters that mean something to YAML.
class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed) {}

  YamlTree tree(int depth) {
    const unsigned form = draw(depth > 0 ? 4 : 2);
    if (form < 2) return YamlTree::quoted(text());
    YamlTree result = form == 2 ? YamlTree::list() : YamlTree::map();
    for (unsigned i = draw(5); i > 0; --i) {
      result.add(form == 2 ? "" : text() + std::to_string(i), tree(depth - 1), silence_ && draw(4) == 0);
    }
    return result;
  }
  YamlTree map(int depth, bool silence) {
    silence_ = silence;
    YamlTree result = YamlTree::map();
    for (unsigned i = 1 + draw(4); i > 0; --i) {
      result.add("key" + std::to_string(i), tree(depth), silence_ && draw(4) == 0);
    }
    return result;
  }

 private:
  unsigned draw(unsigned below) { return static_cast<unsigned>(random_() % below); }
  std::string text() {
    static const std::vector<std::string> parts = {"a",   "Z",    "0",  "-",  "_", ":", ": ", "#", " #", "\"",
                                                   "'",   "\\",   "{",  "}",  "[", "]", ",",  "&", "*",  "!",
                                                   "yes", "null", "\n", "\t", "é", "~", ".5", " ", "|",  ">"};
    std::string result;
    for (unsigned i = 1 + draw(6); i > 0; --i) result += parts[draw(static_cast<unsigned>(parts.size()))];
    return result;
  }

  std::mt19937 random_;
  bool silence_ = false;
};

// What a parser makes of a text, and the tree it should be; silent parts left out where `silent`.
void expect_same(const YamlValue& read, const YamlTree& tree, bool silent) {
  std::vector<const YamlTree::Part*> parts;
  for (const YamlTree::Part& part : tree.parts) {
    if (!(silent && part.silent)) parts.push_back(&part);
  }
  if (tree.form == YamlTree::Form::Map) {
    ASSERT_TRUE(read.is_map());
    const auto entries = read.entries();
    ASSERT_EQ(entries.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(entries[i].first, parts[i]->key);
      expect_same(entries[i].second, parts[i]->value, silent);
    }
  } else if (tree.form == YamlTree::Form::List) {
    ASSERT_TRUE(read.is_list());
    const auto items = read.items();
    ASSERT_EQ(items.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) expect_same(items[i], parts[i]->value, silent);
  } else {
    EXPECT_EQ(read.parsed("text", [](std::string_view text) { return std::string(text); }), tree.text);
  }
}

TEST(YamlTree, ALineIsReadAsItWasWritten) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    const YamlTree tree = RandomTree(seed).map(3, false);
    const std::string line = yaml_line(tree);
    ASSERT_EQ(line.find('\n'), std::string::npos) << line;
    expect_same(YamlValue::parse(line, "line.yaml"), tree, false);
  }
}

TEST(YamlTree, AFileIsReadAsItWasWritten) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    const YamlTree tree = RandomTree(seed).map(3, true);
    const std::string text = yaml_text(tree);
    const bool none =
        std::all_of(tree.parts.begin(), tree.parts.end(), [](const auto& part) { return part.silent; });
    if (none) {
      EXPECT_EQ(text, "");
      continue;
    }
    expect_same(YamlValue::parse(text, "file.yaml"), tree, true);
  }
}

// Different values have different lines: the identity of an input is one.
TEST(YamlTree, DifferentTreesHaveDifferentLines) {
  YamlTree empty_text = YamlTree::list();
  empty_text.add("", YamlTree::quoted(""));
  YamlTree nothing = YamlTree::list();
  nothing.add("", YamlTree());
  YamlTree word = YamlTree::list();
  word.add("", YamlTree::word("true"));
  YamlTree text = YamlTree::list();
  text.add("", YamlTree::quoted("true"));
  YamlTree two = YamlTree::list();
  two.add("", YamlTree::quoted("a"));
  two.add("", YamlTree::quoted("b"));
  YamlTree comma = YamlTree::list();
  comma.add("", YamlTree::quoted("a, b"));
  std::set<std::string> lines;
  const std::vector<YamlTree> trees = {empty_text, nothing,          word,           text, two,
                                       comma,      YamlTree::list(), YamlTree::map()};
  for (const YamlTree& tree : trees) EXPECT_TRUE(lines.insert(yaml_line(tree)).second) << yaml_line(tree);
}

// What YAML takes for something else stands in quotes; plain words do not.
TEST(YamlTree, QuotesWhatIsNoPlainWord) {
  for (const char* word : {"ring", "dgx-a100", "gpt3_175b", "A"})
    EXPECT_EQ(yaml_line(YamlTree::quoted(word)), word);
  for (const char* word : {"", "true", "No", "NULL", "off", "y", "4D", "-a", "a b", "a:b", "50", "é"}) {
    EXPECT_EQ(yaml_line(YamlTree::quoted(word)), '"' + std::string(word) + '"');
  }
  EXPECT_EQ(yaml_line(YamlTree::quoted("a\"\\\n\x7f")), R"("a\"\\\x0A\x7F")");
  EXPECT_EQ(yaml_line(YamlTree()), "~");
}

// The example of the header, and what is too long for a line.
TEST(YamlTree, FilesAreWrittenForPeople) {
  YamlTree dimension = YamlTree::map();
  dimension.add("kind", YamlTree::quoted("Ring"));
  dimension.add("npus", YamlTree::word("2"));
  YamlTree dimensions = YamlTree::list();
  dimensions.add("", dimension);
  YamlTree file = YamlTree::map();
  file.add("name", YamlTree::quoted("4D"));
  file.add("help", YamlTree::quoted("as usual"), true);
  file.add("dimensions", dimensions);
  EXPECT_EQ(yaml_line(file), R"({name: "4D", help: "as usual", dimensions: [{kind: Ring, npus: 2}]})");
  EXPECT_EQ(yaml_text(file), "name: \"4D\"\ndimensions:\n  - {kind: Ring, npus: 2}\n");
  YamlTree lengthy = YamlTree::list();
  for (int i = 0; i < 30; ++i) lengthy.add("", YamlTree::quoted("number" + std::to_string(i)));
  YamlTree wide = YamlTree::map();
  wide.add("numbers", lengthy);
  EXPECT_TRUE(yaml_text(wide).starts_with("numbers:\n  - number0\n  - number1\n"));
}

}  // namespace
}  // namespace bandwright
