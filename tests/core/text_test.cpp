#include "core/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "core/catalogue.h"

namespace bandwright {
namespace {

TEST(Text, SplitsAndTrims) {
  EXPECT_EQ(split(" a, b ,,c", ','), (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

// Whatever stands between separators, without the blanks around it.
TEST(Text, SplitsWhatIsJoined) {
  std::mt19937 random(1);
  const std::string letters = "ab \t;";
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<std::string> parts(1 + random() % 5);
    std::string joined;
    for (std::string& part : parts) {
      for (auto i = random() % 5; i > 0; --i) part += letters[random() % letters.size()];
      joined += (&part == &parts.front() ? "" : ",") + part;
    }
    const auto found = split(joined, ',');
    ASSERT_EQ(found.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(found[i], trimmed(parts[i]));
      EXPECT_EQ(trimmed(found[i]), found[i]);
    }
  }
  EXPECT_EQ(trimmed(" \t\r\n"), "");
  EXPECT_EQ(trimmed("\r x y\n"), "x y");
}

// Every code point but surrogates, encoded as RFC 3629 has it, is text; cut short or with a byte changed to
// one that begins nothing it is not.
TEST(Text, EveryCodePointIsText) {
  const auto byte = [](unsigned value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  const auto encoded = [&](unsigned point) -> std::string {
    const char last = byte(0x80 | (point & 0x3F));
    if (point < 0x80) return {byte(point)};
    if (point < 0x800) return {byte(0xC0 | point >> 6), last};
    const char before = byte(0x80 | (point >> 6 & 0x3F));
    if (point < 0x10000) return {byte(0xE0 | point >> 12), before, last};
    return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)), before, last};
  };
  for (unsigned point = 0; point <= 0x10FFFF; point += point < 0x1000 ? 1 : 97) {
    const std::string text = encoded(point);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    ASSERT_EQ(is_utf8(text), !surrogate) << point;
    if (text.size() > 1) {
      ASSERT_FALSE(is_utf8(std::string_view(text).substr(0, text.size() - 1))) << point;
    }
    std::string spoilt = text;
    spoilt.back() = '\xFF';
    ASSERT_FALSE(is_utf8(spoilt)) << point;
  }
  EXPECT_TRUE(is_utf8(encoded(0x10FFFF)));
  EXPECT_FALSE(is_utf8(encoded(0x110000)));
  EXPECT_TRUE(is_utf8(encoded(0xD7FF)) && is_utf8(encoded(0xE000)));
}

// Once is enough, text of one line stays as it is, and what turns the direction of writing does not pass.
TEST(Text, WhatIsPrintableStaysSo) {
  std::mt19937 random(2);
  for (int trial = 0; trial < 500; ++trial) {
    std::string text;
    for (auto i = random() % 40; i > 0; --i) text += static_cast<char>(random() % 256);
    const std::string clean = printable(text);
    EXPECT_TRUE(is_utf8(clean));
    EXPECT_EQ(printable(clean), clean);
    for (const char c : clean) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  }
  EXPECT_EQ(printable("caf\xc3\xa9 \xe2\x82\xac"), "caf\xc3\xa9 \xe2\x82\xac");
  for (const char* turned :
       {"\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xc2\x80", "\xc2\x9f"}) {
    EXPECT_EQ(printable(turned), "?");
  }
  for (const char* kept : {"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\xa5", "\xe2\x81\xaa", "\xc2\xa0"}) {
    EXPECT_EQ(printable(kept), kept);
  }
  EXPECT_EQ(printable(std::string(400, 'x')), std::string(400, 'x'));
  EXPECT_EQ(printable(std::string(401, 'x')), std::string(400, 'x') + "...");
}

TEST(Text, PrintableIsOneSafeLine) {
  EXPECT_EQ(printable("a\nb\x1b[31m"), "a?b?[31m");
  EXPECT_EQ(printable("\xff\xc3\xa9"), "?\xc3\xa9");
  EXPECT_LE(printable(std::string(100000, 'x')).size(), 403U);
}

TEST(Text, RecognisesUtf8) {
  EXPECT_TRUE(is_utf8("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Text, NearestIsTheWordThatWasMeant) {
  constexpr std::array<std::string_view, 3> words = {"NoOverlap", "Overlap", "Perf"};
  EXPECT_EQ(nearest("nooverlp", words), "NoOverlap");
  EXPECT_EQ(nearest("prf", words), "Perf");
  EXPECT_EQ(nearest("zzzzzz", words), "");
}

// The distance by its definition: the fewest letters put in, left out or changed.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const std::size_t change = a.front() == b.front() ? 0 : 1;
  return std::min({distance(a.substr(1), b.substr(1)) + change, distance(a.substr(1), b) + 1,
                   distance(a, b.substr(1)) + 1});
}

// Of words that are near the nearest, the first of equal ones, but one that only adds to the word before any
// with other letters; of others the first that holds it.
TEST(Text, NearestHasTheSmallestDistance) {
  std::mt19937 random(3);
  const auto word = [&](std::size_t longest) {
    std::string letters;
    for (std::size_t i = 1 + random() % longest; i > 0; --i) letters += static_cast<char>('a' + random() % 3);
    return letters;
  };
  for (int trial = 0; trial < 300; ++trial) {
    const std::string meant = word(5) + "aa";
    std::vector<std::string> words(4);
    for (std::string& each : words) each = word(6);
    const std::vector<std::string_view> candidates(words.begin(), words.end());
    std::string_view best;
    std::size_t least = 3;  // of words of up to eight letters, two may be wrong
    for (const std::string_view each : candidates) {
      if (distance(meant, each) < least && distance(meant, each) < each.size()) {
        best = each;
        least = distance(meant, each);
      }
    }
    const auto holds = [&](std::string_view each) { return each.find(meant) != std::string_view::npos; };
    const bool near = !best.empty();
    for (const std::string_view each : candidates) {
      if (!holds(each)) continue;
      if (!holds(best) || (near && each.size() < best.size())) best = each;
    }
    EXPECT_EQ(nearest(meant, candidates), best) << meant;
  }
  constexpr std::array<std::string_view, 2> words = {"synchronous", "asynchronous"};
  EXPECT_EQ(nearest("chron", words), "synchronous");  // holds it
  constexpr std::array<std::string_view, 3> machines = {"dgx-h100", "h100-pcie", "h800"};
  EXPECT_EQ(nearest("h100", machines), "dgx-h100");
  EXPECT_EQ(nearest("sy", words), "");  // two letters say nothing
  EXPECT_EQ(did_you_mean("sinchronus", words), "; did you mean 'synchronous'?");
  EXPECT_EQ(did_you_mean("x", words), "");
}

TEST(Text, ManyChoicesAreTheFirstOnes) {
  std::vector<std::string_view> words(9, "w");
  EXPECT_EQ(choices_text(words), "choices: w, w, w, w, w, w, w, w, w");
  words.resize(12, "x");
  EXPECT_EQ(choices_text(words), "choices: w, w, w, w, w, w, w, w and 4 more; bandwright list shows all");
}

// The published vectors of FNV-1a in 64 bits (Noll): "", "a", "foobar".
TEST(Text, ContentHashIsFnv1a) {
  EXPECT_EQ(content_hash(""), "cbf29ce484222325");
  EXPECT_EQ(content_hash("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(content_hash("foobar"), "85944171f73967e8");
}

TEST(Text, CaseOfLettersAlone) {
  EXPECT_TRUE(equal_ignoring_case("Ring-BOTH_1", "rING-both_1"));
  EXPECT_FALSE(equal_ignoring_case("ring", "rings"));
  EXPECT_FALSE(equal_ignoring_case("rings", "ring"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));  // as far apart as letters of two cases
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

struct Row {
  std::string_view name;
  std::string_view help;
};

TEST(Catalogue, FindsByNameAndNamesTheChoices) {
  static constexpr std::array<Row, 2> rows = {Row{"ring", ""}, Row{"switch", ""}};
  EXPECT_EQ(&find_in_catalogue<Row>(rows, "RING", "topology"), &rows[0]);
  try {
    find_in_catalogue<Row>(rows, "rong", "topology");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "unknown topology 'rong'; did you mean 'ring'? (choices: ring, switch)");
  }
}

}  // namespace
}  // namespace bandwright
