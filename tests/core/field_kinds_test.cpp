// What a member of an input can be: written and read it is the same, and what it is not is refused with its
// place.
#include "core/field_kinds.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "core/field_collections.h"
#include "core/input_kinds.h"
#include "core/parse_option.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

template <class T>
T read_as(const Kind<T>& kind, const std::string& text) {
  return kind.read(YamlValue::parse("key: " + text + "\n", "f.yaml").at("key"));
}

template <class T>
std::string refusal_of(const Kind<T>& kind, const std::string& text) {
  try {
    static_cast<void>(read_as(kind, text));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

template <class T>
void expect_kept(const Kind<T>& kind, const std::vector<T>& values) {
  for (const T& value : values) {
    const std::string text = yaml_line(kind.write(value));
    EXPECT_EQ(read_as(kind, text), value) << text;
  }
}

TEST(Kinds, WhatIsWrittenReadsAsTheSame) {
  expect_kept<std::string>(kinds::text(), {"a",
                                           "no",
                                           "1",
                                           "null",
                                           "~",
                                           "a: b",
                                           "#",
                                           "\"quoted\"",
                                           "back\\slash",
                                           "[",
                                           "tab\tand\nline",
                                           "\xc3\xa9t\xc3\xa9",
                                           " spaces ",
                                           "- x",
                                           "{a}",
                                           "*a",
                                           "&a",
                                           "!a",
                                           "%",
                                           "@",
                                           "`",
                                           "1e3",
                                           ".5",
                                           "0x10",
                                           "yes",
                                           "true",
                                           "2020-01-01"});
  expect_kept<bool>(kinds::flag(), {true, false});
  expect_kept<std::int64_t>(kinds::integer(-5, 1'000'000'000'000), {-5, 0, 7, 1'000'000'000'000});
  expect_kept<Bytes>(kinds::size(), {bytes(0), bytes(1), bytes(1'234'567'890'123)});
  expect_kept<Time>(kinds::time(), {picoseconds(0), picoseconds(1), picoseconds(1000), picoseconds(1'500),
                                    picoseconds(86'400'000'000'000'000)});
  expect_kept<Money>(kinds::dollars(1e9), {Money(0.0), Money(0.01), Money(123456.78)});
}

// Numbers keep their last bit.
TEST(Kinds, RandomNumbersReadBackExactly) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(-6.0, 9.0);
  for (int i = 0; i < 500; ++i) {
    const double value = std::pow(10.0, exponent(random));
    expect_kept<double>(kinds::number(0.0, 1e9), {value});
    expect_kept<Bandwidth>(kinds::bandwidth(), {Bandwidth(std::min(value, 1e9))});
    expect_kept<double>(kinds::gb_per_s(), {value});
    expect_kept<FlopRate>(kinds::flop_rate(), {FlopRate(1e9 * value)});
  }
}

// So do times, to the picosecond of the last day of the clock, and sizes to the last byte.
TEST(Kinds, WholeQuantitiesReadBackExactly) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 500; ++i) {
    const auto limit = static_cast<std::uint64_t>(clock_end.value()) >> (random() % 60);
    const Time time = picoseconds(static_cast<std::int64_t>(random() % (limit + 1)));
    expect_kept<Time>(kinds::time(), {time, time / 1000 * 1000, clock_end - time});
    expect_kept<Bytes>(kinds::size(), {bytes(static_cast<std::int64_t>(random() >> (14 + random() % 50)))});
  }
  EXPECT_EQ(read_as(kinds::time(), "86399999999999 ns"), picoseconds(86'399'999'999'999'000));
  EXPECT_EQ(read_as(kinds::time(), "8640000 s"), clock_end);
  EXPECT_EQ(read_as(kinds::time(), "8639999 s") - read_as(kinds::time(), "8639998999 ms"), nanoseconds(1e6));
}

TEST(Kinds, RefusalsNamePlaceTextAndWhatWasExpected) {
  EXPECT_EQ(refusal_of(kinds::integer(1, 9), "10"), "f.yaml:1: key: '10' is not a whole number from 1 to 9");
  EXPECT_EQ(refusal_of(kinds::integer(1, 9), "2.5"),
            "f.yaml:1: key: '2.5' is not a whole number from 1 to 9");
  EXPECT_THAT(refusal_of(kinds::number(0.5, 2.0), "3"), StartsWith("f.yaml:1: key: '3' "));
  for (const char* text : {"nan", ".nan", "inf", "-.inf", "1e400", "abc", "", "[1]", "{a: 1}"}) {
    EXPECT_THAT(refusal_of(kinds::number(0.0, 1e9), text), StartsWith("f.yaml:1: key: ")) << text;
    EXPECT_THAT(refusal_of(kinds::integer(0, 9), text), StartsWith("f.yaml:1: key: ")) << text;
    EXPECT_THAT(refusal_of(kinds::time(), text), StartsWith("f.yaml:1: key: ")) << text;
    EXPECT_THAT(refusal_of(kinds::size(), text), StartsWith("f.yaml:1: key: ")) << text;
    EXPECT_THAT(refusal_of(kinds::bandwidth(), text), StartsWith("f.yaml:1: key: ")) << text;
    EXPECT_THAT(refusal_of(kinds::dollars(1e9), text), StartsWith("f.yaml:1: key: ")) << text;
  }
  EXPECT_THAT(refusal_of(kinds::time(), "5"), HasSubstr("ns"));         // no unit: which there are
  EXPECT_THAT(refusal_of(kinds::time(), "5 GB"), HasSubstr("is not"));  // another kind of unit
  EXPECT_THAT(refusal_of(kinds::flag(), "maybe"), StartsWith("f.yaml:1: key: "));
  EXPECT_THAT(refusal_of(kinds::text(), "\"\""), StartsWith("f.yaml:1: key: "));
}

TEST(Kinds, QuantitiesHaveALeast) {
  EXPECT_THAT(refusal_of(kinds::size(bytes(8)), "7 B"), HasSubstr("expected at least 8 B"));
  EXPECT_EQ(read_as(kinds::size(bytes(8)), "8 B"), bytes(8));
  EXPECT_THAT(refusal_of(kinds::bandwidth(gb_per_s(1.0)), "0.5 GB/s"), HasSubstr("expected at least 1 GB/s"));
  // Nothing divides by less than a kilobyte a second.
  EXPECT_THAT(refusal_of(kinds::gb_per_s(), "0 GB/s"), HasSubstr("expected at least 1e-06 GB/s"));
}

enum class Shade : std::uint8_t { Light, Dark };
constexpr std::array shades = {Choice{Shade::Light, "light", "as snow"},
                               Choice{Shade::Dark, "dark", "as coal"},
                               Choice{Shade::Dark, "black", "another word for it"}};

TEST(Kinds, ChoicesAreNamedInAnyCaseAndTheFirstWordIsWritten) {
  const Kind<Shade> kind = kinds::choice(shades, "shade");
  EXPECT_EQ(read_as(kind, "LIGHT"), Shade::Light);
  EXPECT_EQ(read_as(kind, "Black"), Shade::Dark);
  EXPECT_EQ(yaml_line(kind.write(Shade::Dark)), "dark");
  EXPECT_EQ(refusal_of(kind, "drak"),
            "f.yaml:1: key: unknown shade 'drak'; did you mean 'dark'? (choices: light, dark, black)");
  EXPECT_EQ(kind.shape.choices, (std::vector<std::string>{"light", "dark", "black"}));
  EXPECT_EQ(choice_named(shades, "lIgHt", "shade"), Shade::Light);
}

TEST(Kinds, RowsOfACatalogueAreOneRow) {
  struct Row {
    std::string_view name;
    std::string_view help;
  };
  static constexpr std::array rows = {Row{"Ring", "round"}, Row{"Switch", "star"}};
  const auto kind = kinds::row(std::span<const Row>(rows), "kind");
  EXPECT_EQ(read_as(kind, "ring"), &rows[0]);
  EXPECT_EQ(yaml_line(kind.write(&rows[1])), "Switch");
  // Kept as text it has the row's own spelling.
  EXPECT_EQ(read_as(kinds::name_of(std::span<const Row>(rows), "kind"), "SWITCH"), "Switch");
}

TEST(Kinds, ListsAndNamesAreReadAndWrittenInTheirOrder) {
  expect_kept<std::vector<bool>>(kinds::list(kinds::flag()), {{}, {true}, {false, true, true}});
  expect_kept<std::vector<std::string>>(kinds::list(kinds::text()), {{}, {"b", "a"}, {"a, b", "[c]"}});
  const auto named = kinds::named(kinds::integer(0, 99));
  const std::vector<std::pair<std::string, std::int64_t>> pairs = {{"b", 2}, {"a", 1}, {"1", 3}};
  EXPECT_EQ(read_as(named, yaml_line(named.write(pairs))), pairs);
  EXPECT_THAT(refusal_of(kinds::list(kinds::flag(), 2), "[true]"),
              HasSubstr("expected a list of at least 2"));
  EXPECT_THAT(refusal_of(kinds::list(kinds::integer(0, 9)), "[1, 2, 10]"), StartsWith("f.yaml:1: key[2]: "));
  EXPECT_THAT(refusal_of(named, "{a: 1, b: 100}"), StartsWith("f.yaml:1: key.b: "));
}

TEST(Kinds, OneValueStandsForAListOfIt) {
  const auto kind = kinds::one_or_list(kinds::integer(0, 99));
  EXPECT_EQ(read_as(kind, "5"), std::vector<std::int64_t>{5});
  EXPECT_EQ(read_as(kind, "[5]"), std::vector<std::int64_t>{5});
  EXPECT_EQ(read_as(kind, "[5, 6]"), (std::vector<std::int64_t>{5, 6}));
  EXPECT_EQ(yaml_line(kind.write({5})), "5");
  EXPECT_EQ(yaml_line(kind.write({5, 6})), "[5, 6]");
  EXPECT_NE(refusal_of(kind, "[]"), "");
}

TEST(Kinds, WhatMayBeMissingIsNothing) {
  const auto kind = kinds::maybe(kinds::integer(0, 9));
  EXPECT_EQ(read_as(kind, "3"), std::optional<std::int64_t>(3));
  EXPECT_EQ(yaml_line(kind.write(3)), "3");
  EXPECT_EQ(kind.write(std::nullopt).form, YamlTree::Form::Nothing);
}

TEST(Kinds, AMappedValueIsCheckedAsWhatItIsWrittenAs) {
  const Kind<std::string> kind = kinds::mapped<std::string>(
      kinds::integer(0, 3),
      [](const std::int64_t& n) { return std::string(static_cast<std::size_t>(n), '*'); },
      [](const std::string& stars) { return static_cast<std::int64_t>(stars.size()); });
  EXPECT_EQ(read_as(kind, "3"), "***");
  EXPECT_EQ(yaml_line(kind.write("**")), "2");
  EXPECT_NE(refusal_of(kind, "4"), "");
}

TEST(Kinds, AnArrayOverACatalogueLeavesOutWhatIsNotSaid) {
  const auto kind = kinds::per_row(shades, kinds::integer(0, 9));
  const auto values = read_as(kind, "{dark: 4}");
  EXPECT_FALSE(values[0]);
  EXPECT_EQ(values[1], std::optional<std::int64_t>(4));
  EXPECT_EQ(yaml_line(kind.write(values)), "{dark: 4}");
  EXPECT_THAT(refusal_of(kind, "{grey: 4}"), HasSubstr("unknown key 'grey'"));
}

// Every kind of file is known by one name, has a help that begins with its article and says who takes it.
TEST(InputKinds, AreFoundByTheirNames) {
  std::map<std::string_view, int> names;
  for (const InputKind& kind : input_kinds()) {
    EXPECT_EQ(&input_kind(kind.name), &kind);
    EXPECT_EQ(++names[kind.name], 1) << kind.name;
    EXPECT_TRUE(kind.help.starts_with("a ") || kind.help.starts_with("an ") ||
                kind.help.starts_with("what ") || kind.help.find(' ') != std::string_view::npos);
    EXPECT_FALSE(use_text(kind).empty()) << kind.name;
  }
  EXPECT_THROW(input_kind("machin"), InputError);
}

TEST(ParseOption, NamesTheOption) {
  const auto whole = [](std::string_view text) { return parse_integer(text, 1, 9); };
  EXPECT_EQ(parse_option("--tp", "4", whole), 4);
  try {
    parse_option("--tp", "x", whole);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "--tp: 'x' is not a whole number from 1 to 9");
  }
}

}  // namespace
}  // namespace bandwright
