#include "core/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/choice.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;

enum class Color : std::uint8_t { Red, Green };
constexpr std::array colors = {Choice{Color::Red, "red", "like fire"},
                               Choice{Color::Green, "green", "like grass"}};

struct Wheel {
  double radius = 0.5;
  std::vector<std::string> spokes;
};
struct Cart {
  std::string name;
  std::int64_t seats = 2;
  Color color = Color::Red;
  std::optional<Time> delay;
  std::vector<Wheel> wheels;
  std::vector<std::pair<std::string, Bandwidth>> ports;
  bool ready = false;
  int twice = 0;
};

static_assert(member_count<Wheel> == 2);
static_assert(member_count<Cart> == 8);

const Fields<Wheel>& wheel_fields() {
  static const Fields<Wheel> fields(
      "wheel", "a wheel", optional("radius", &Wheel::radius, kinds::number(0.1, 2.0), "in m"),
      optional("spokes", &Wheel::spokes, kinds::list(kinds::text()), "by name"));
  return fields;
}

const Fields<Cart>& cart_fields() {
  static const Fields<Cart> fields =
      Fields<Cart>(
          "library", "a cart", required("name", &Cart::name, kinds::text(), "of the cart"),
          optional("seats", &Cart::seats, kinds::integer(1, 9), "for people"),
          optional("color", &Cart::color, kinds::choice(colors, "color"), ""),
          optional("delay", &Cart::delay, kinds::time(), "until it starts"),
          optional("wheels", &Cart::wheels, kinds::list(kinds::object(wheel_fields())), "from the left"),
          optional("ports", &Cart::ports, kinds::named(kinds::bandwidth()), "by name"),
          optional("ready", &Cart::ready, kinds::flag(), "to go"),
          derived("twice", &Cart::twice, kinds::integer<int>(0, 18), "the seats"))
          .rule("seats", [](Cart& cart) {
            cart.twice = static_cast<int>(2 * cart.seats);
            if (cart.seats == 7) throw InputError("7 brings bad luck");
          });
  return fields;
}

Cart read(const std::string& text) { return cart_fields().read(YamlValue::parse(text, "cart.yaml")); }

std::string problem(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "read";
}

TEST(Fields, WhatIsLeftOutIsAsTheStructHasIt) {
  const Cart cart = read("name: a\n");
  EXPECT_EQ(cart.seats, 2);
  EXPECT_EQ(cart.twice, 4);
  EXPECT_FALSE(cart.delay);
  EXPECT_EQ(cart_fields().file_text(cart), "bandwright: library\nname: a\n");
}

TEST(Fields, WritesWhatItReads) {
  const std::string text =
      "bandwright: library\nname: \"a: \\\"b\\\"\\\\\"\nseats: 3\ncolor: green\ndelay: 1500 ps\nwheels:\n"
      "  - {radius: 0.75}\n  - {spokes: [x, \"0\", \"no\"]}\nports: {left: 0.1 GB/s, \"1\": 1e+100 "
      "GB/s}\nready: true\n";
  std::string small = text;
  small.replace(small.find("1e+100"), 6, "20");
  const Cart cart = read(small);
  EXPECT_EQ(cart.name, "a: \"b\"\\");
  EXPECT_EQ(cart.wheels[1].spokes[1], "0");
  EXPECT_EQ(cart_fields().file_text(cart), small);
  EXPECT_EQ(cart_fields().content(read(cart_fields().file_text(cart))), cart_fields().content(cart));
}

TEST(Fields, LongValuesStandBelowTheirKey) {
  Cart cart = read("name: a\n");
  cart.wheels.push_back({0.5, std::vector<std::string>(40, "spoke")});
  cart.wheels.push_back({});
  const std::string text = cart_fields().file_text(cart);
  EXPECT_THAT(text, HasSubstr("wheels:\n  - spokes:\n      - spoke\n"));
  EXPECT_EQ(cart_fields().content(read(text)), cart_fields().content(cart));
}

TEST(Fields, EveryMemberChangesTheContent) {
  const Cart cart = read("name: a\n");
  const std::vector<void (*)(Cart&)> changes = {[](Cart& c) { c.name = "b"; },
                                                [](Cart& c) { c.seats = 3; },
                                                [](Cart& c) { c.color = Color::Green; },
                                                [](Cart& c) { c.delay = Time(0); },
                                                [](Cart& c) { c.wheels.emplace_back(); },
                                                [](Cart& c) { c.ports.emplace_back("a", Bandwidth(1.0)); },
                                                [](Cart& c) { c.ready = true; },
                                                [](Cart& c) { c.twice = 5; }};
  ASSERT_EQ(changes.size(), member_count<Cart>);
  for (const auto change : changes) {
    Cart other = cart;
    change(other);
    EXPECT_NE(cart_fields().content(other), cart_fields().content(cart));
  }
}

TEST(Fields, ErrorsSayWhere) {
  EXPECT_EQ(
      problem("name: a\nseets: 3\n"),
      "cart.yaml:2: unknown key 'seets'; did you mean 'seats'? (known: name, seats, color, delay, wheels, "
      "ports, ready)");
  EXPECT_EQ(problem("seats: 3\n"), "cart.yaml:1: missing key 'name'");
  EXPECT_EQ(problem("name: a\nseats: 10\n"), "cart.yaml:2: seats: '10' is not a whole number from 1 to 9");
  EXPECT_EQ(problem("name: a\nseats: 7\n"), "cart.yaml:2: seats: 7 brings bad luck");
  EXPECT_THAT(problem("name: a\ncolor: grean\n"),
              HasSubstr("cart.yaml:2: color: unknown color 'grean'; did you mean"));
  EXPECT_THAT(problem("name: a\nwheels:\n  - {}\n  - {radius: 3}\n"),
              HasSubstr("cart.yaml:4: wheels[1].radius: "));
  EXPECT_THAT(problem("name: a\nname: b\n"), HasSubstr("key 'name' stands twice"));
  EXPECT_THAT(problem("name: a\ntwice: 4\n"), HasSubstr("unknown key 'twice'"));
}

TEST(Fields, TheFirstKeySaysWhatAFileIs) {
  EXPECT_EQ(read("bandwright: library\nname: a\n").name, "a");
  EXPECT_THAT(problem("bandwright: machine\nname: a\n"),
              HasSubstr("cart.yaml:1: bandwright: the file is a machine"));
  EXPECT_THAT(problem("bandwright: librari\nname: a\n"), HasSubstr("did you mean 'library'"));
  EXPECT_THAT(problem("name: a\nbandwright: library\n"), HasSubstr("cart.yaml:2: unknown key 'bandwright'"));
  EXPECT_THAT(problem("bandwright:\nname: a\n"), HasSubstr("cart.yaml:1: bandwright: expected"));
}

}  // namespace
}  // namespace bandwright
