#include "optimizer/constraint_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "core/error.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::array<double, 4> prices = {1000.0, 2000.0, 2000.0, 50000.0};

Constraint parse(std::string_view text) { return parse_constraint(text, 4, prices); }

// Everything moves to the left: coefficients . b (sense) bound.
TEST(ConstraintText, ReadsTheFormsOfThePaper) {
  const Constraint ordering = parse("b1 >= b2");
  EXPECT_THAT(ordering.coefficients, ElementsAre(1, -1, 0, 0));
  EXPECT_EQ(ordering.sense, Sense::AtLeast);
  EXPECT_EQ(ordering.bound, 0.0);
  EXPECT_EQ(ordering.name, "b1 >= b2");

  const Constraint sum = parse(" b3+B4 = 200 ");
  EXPECT_THAT(sum.coefficients, ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(sum.sense, Sense::Equal);
  EXPECT_EQ(sum.bound, 200.0);

  const Constraint cap = parse("b1 <= 0.7 TB/s");
  EXPECT_THAT(cap.coefficients, ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(cap.sense, Sense::AtMost);
  EXPECT_DOUBLE_EQ(cap.bound, 700.0);
}

TEST(ConstraintText, CollectsTermsOfBothSides) {
  const Constraint mixed = parse("2 b1 - 0.5*b2 + 10 < -b3 + 2b1 + 30 GB/s - b4");
  EXPECT_THAT(mixed.coefficients, ElementsAre(0, -0.5, 1, 1));
  EXPECT_EQ(mixed.sense, Sense::AtMost);
  EXPECT_DOUBLE_EQ(mixed.bound, 20.0);
  EXPECT_THAT(parse("-b1 > -7").coefficients, ElementsAre(-1, 0, 0, 0));
}

TEST(ConstraintText, KnowsTotalAndCost) {
  EXPECT_THAT(parse("total <= 500").coefficients, ElementsAre(1, 1, 1, 1));
  const Constraint cost = parse("cost <= $1.5M");
  EXPECT_THAT(cost.coefficients, ElementsAre(1000, 2000, 2000, 50000));
  EXPECT_EQ(cost.bound, 1.5e6);
  EXPECT_THAT([] { parse_constraint("cost <= $1", 4, {}); },
              testing::ThrowsMessage<InputError>(HasSubstr("prices are missing")));
}

// Whatever is written on either side: what the constraint says of an allocation is what its sides say.
TEST(ConstraintText, IsTheDifferenceOfItsSides) {
  std::mt19937 random(71);
  const auto draw = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  const std::vector<double> b = {3.0, 7.0, 19.0, 31.0};
  for (int trial = 0; trial < 500; ++trial) {
    std::string text;
    double difference = 0.0;
    for (const double side : {1.0, -1.0}) {
      for (int term = 1 + draw(4); term > 0; --term) {
        const bool first = text.empty() || text.back() == '=';
        const bool minus = draw(2) == 0;
        if (minus || !first) text += minus ? "- " : "+ ";
        const int d = draw(4);
        double value = 0.0;
        switch (draw(6)) {
          case 0:
            text += fmt::format("b{} ", d + 1);
            value = b[static_cast<std::size_t>(d)];
            break;
          case 1:
            text += fmt::format("2.5 B{} ", d + 1);
            value = 2.5 * b[static_cast<std::size_t>(d)];
            break;
          case 2:
            text += fmt::format(".5*b{}", d + 1);
            value = 0.5 * b[static_cast<std::size_t>(d)];
            break;
          case 3:
            text += "3 MB/s";
            value = 3e-3;
            break;
          case 4:
            text += "2 * Total";
            value = 2.0 * (3.0 + 7.0 + 19.0 + 31.0);
            break;
          default:
            text += "$1.5k";
            value = 1500.0;
        }
        difference += side * (minus ? -value : value);
      }
      if (side > 0) text += draw(2) == 0 ? "<=" : " ==";
    }
    Constraint constraint;
    try {
      constraint = parse(text);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("no bandwidth is left")) << text;
      continue;
    }
    double sum = -constraint.bound;
    for (std::size_t d = 0; d < 4; ++d) sum += constraint.coefficients[d] * b[d];
    EXPECT_NEAR(sum, difference, 1e-9) << text;
  }
}

struct BadText {
  const char* text;
  const char* problem;
};

class BadConstraint : public testing::TestWithParam<BadText> {};

TEST_P(BadConstraint, IsRefusedWithItsTextAndReason) {
  EXPECT_THAT([] { parse(GetParam().text); },
              testing::ThrowsMessage<InputError>(
                  testing::AllOf(HasSubstr(GetParam().problem), testing::StartsWith("constraint '"))));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, BadConstraint,
    testing::Values(
        BadText{"", "a term is missing"}, BadText{"b1", "<=, >= or = is missing"},
        BadText{"b1 <=", "a term is missing"}, BadText{"<= 3", "'<= 3' is unexpected"},
        BadText{"b1 <= 3 4", "unknown word '4'"}, BadText{"b1 <= 3 <= b2", "'<= b2' is unexpected"},
        BadText{"b5 <= 3", "there is no dimension b5 (b1 to b4)"}, BadText{"b0 <= 3", "no dimension b0"},
        BadText{"b1 + <= 3", "is unexpected"}, BadText{"b1 <= nan", "unknown word 'nan'"},
        BadText{"b1 <= 1e308", "is not a number up to 1e+12"}, BadText{"b1 <= inf", "unknown word 'inf'"},
        BadText{"b1 <= 3 parsecs", "unknown word 'parsecs'"}, BadText{"totl <= 3", "did you mean 'total'"},
        BadText{"b1 = b1", "no bandwidth is left"}, BadText{"3 <= 4", "no bandwidth is left"},
        BadText{"2 * <= 4", "is unexpected"}, BadText{"b1 * 2 <= 4", "'* 2 <= 4' is unexpected"},
        BadText{"\x01\xff", "is unexpected"}));

TEST(ConstraintText, RefusesMoneyThatIsNone) {
  EXPECT_THAT([] { parse("cost <= $ten"); },
              testing::ThrowsMessage<InputError>(HasSubstr("'$ten' is not an amount")));
}

// A word ends where neither a letter, a digit, / nor _ follows: the whole of it is what nobody knows.
TEST(ConstraintText, NamesWholeWords) {
  for (const std::string word : {"AZaz", "Z", "z09", "A_Z/a", "a/9Z_"}) {
    EXPECT_THAT([&] { static_cast<void>(parse(word + " <= 3")); },
                testing::ThrowsMessage<InputError>(HasSubstr("'" + word + "'")));
  }
}

}  // namespace
}  // namespace bandwright
