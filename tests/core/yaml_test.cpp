#include "core/yaml.h"

#include <gtest/gtest.h>

namespace bandwright {
namespace {

template <class Read>
std::string error_of(std::string_view text, Read read) {
  try {
    static_cast<void>(read(YamlValue::parse(text, "f.yaml")));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Yaml, ReadsTypedValues) {
  const YamlValue root = YamlValue::parse("a: 3\nb: {c: 0.5 us}\nd: [1 GiB, 2 B]\n", "f.yaml");
  root.require_keys({"a", "b", "d", "e"});
  EXPECT_EQ(root.at("a").as_integer(0, 9), 3);
  EXPECT_EQ(root.at("b").at("c").as_time(), picoseconds(500'000));
  EXPECT_EQ(root.at("d").items()[1].as_bytes(), bytes(2));
  EXPECT_FALSE(root.find("e"));
}

TEST(Yaml, MessagesHaveFileLineKeyAndExpectation) {
  EXPECT_EQ(error_of("a: 1\nbandwidht: 2\n",
                     [](const YamlValue& v) {
                       v.require_keys({"a", "bandwidth"});
                     }),
            "f.yaml:2: unknown key 'bandwidht'; did you mean 'bandwidth'? (known: a, bandwidth)");
  EXPECT_EQ(error_of("a:\n  b: x\n", [](const YamlValue& v) { return v.at("a").at("b").as_integer(1, 5); }),
            "f.yaml:2: a.b: 'x' is not a whole number from 1 to 5");
  EXPECT_EQ(error_of("a: 1\n", [](const YamlValue& v) { return v.at("b"); }), "f.yaml:1: missing key 'b'");
  EXPECT_EQ(error_of("a: [1]\n", [](const YamlValue& v) { return v.at("a").as_number(0, 1); }),
            "f.yaml:1: a: expected a number, got a list");
  EXPECT_EQ(error_of("a: 1\na: 2\n", [](const YamlValue& v) { return v.at("a"); }),
            "f.yaml:2: key 'a' stands twice");
}

// Of a map with many keys the nearest and a few.
TEST(Yaml, ManyKnownKeysAreNotAllNamed) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("key_" + std::to_string(i));
  const std::vector<std::string_view> known(names.begin(), names.end());
  EXPECT_EQ(
      error_of("keyy_39: 1\n", [&](const YamlValue& v) { v.require_keys(known); }),
      "f.yaml:1: unknown key 'keyy_39'; did you mean 'key_39'? (known: key_0, key_1, key_2, key_3, key_4, "
      "key_5, key_6, key_7 and 32 more; bandwright check --reference has all)");
}

TEST(Yaml, RefusesWhatIsNotOneDocumentOfText) {
  const auto nothing = [](const YamlValue&) {};
  EXPECT_EQ(error_of("", nothing), "f.yaml: is empty, expected YAML");
  EXPECT_EQ(error_of("# only a comment\n", nothing), "f.yaml: is empty, expected YAML");
  EXPECT_EQ(error_of("\xff\xfe", nothing), "f.yaml: is not UTF-8 text");
  EXPECT_EQ(error_of(std::string_view("a\0b", 3), nothing), "f.yaml: is binary, expected YAML text");
  EXPECT_EQ(error_of("a: 1\n---\nb: 1\n", nothing),
            "f.yaml:2: does not belong to the YAML document above, expected one document");
  EXPECT_EQ(error_of(",", nothing),
            "f.yaml:1: does not belong to the YAML document above, expected one document");
  EXPECT_NE(error_of("a: [1\n", nothing).find("not valid YAML"), std::string::npos);
  EXPECT_NE(error_of(std::string(100'000, '['), nothing).find("not valid YAML"), std::string::npos);
}

TEST(Yaml, RefusesATreeThatAliasesMakeEndlessOrHuge) {
  const auto nothing = [](const YamlValue&) {};
  EXPECT_EQ(error_of("a: 1\nb: &b [*b]\n", nothing),
            "f.yaml:2: is nested more than 64 levels deep, or holds itself");
  // Each of 8 lines repeats the one above ten times: 10^8 values.
  std::string text = "a0: &a0 [1]\n";
  for (int level = 1; level <= 8; ++level) {
    const std::string above = "*a" + std::to_string(level - 1);
    text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + above;
    for (int i = 1; i < 10; ++i) text += ", " + above;
    text += "]\n";
  }
  EXPECT_EQ(error_of(text, [](const YamlValue&) {}), "f.yaml: holds more than 500000 values");
}

// Before any of them takes memory: the parser gives 500 bytes to each.
TEST(Yaml, ManyValuesAreRefusedWhileTheyAreCounted) {
  std::string text = "a: [1";
  for (int i = 0; i < 1'100'000; ++i) text += ",1";
  EXPECT_EQ(error_of(text + "]\n", [](const YamlValue&) {}), "f.yaml: holds more than 500000 values");
}

}  // namespace
}  // namespace bandwright
