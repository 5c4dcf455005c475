#include "core/text.h"

#include <gtest/gtest.h>

#include <array>

#include "core/catalogue.h"

namespace bandwright {
namespace {

TEST(Text, SplitsAndTrims) {
  EXPECT_EQ(split(" a, b ,,c", ','), (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
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
