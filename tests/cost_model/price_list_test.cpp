#include "cost_model/price_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/io/paths.h"

namespace bandwright {
namespace {

using ::testing::HasSubstr;

PriceList parse(const std::string& text) { return read_price_list(YamlValue::parse(text, "p.yaml")); }

TEST(PriceList, FindsClassesInAnyCase) {
  const PriceList list =
      parse("name: p\ncables: Shared\ndollars_per_gb_per_s:\n  Pod: {link: 7.8, nic: 0}\n");
  EXPECT_EQ(list.price("POD", Element::Link), dollars(7.8));
  EXPECT_EQ(list.price("Pod", Element::Nic), dollars(0.0));
  EXPECT_EQ(list.price("Pod", Element::Switch), std::nullopt);
  EXPECT_EQ(list.price("Tile", Element::Link), std::nullopt);
}

TEST(PriceList, EveryShippedListReads) {
  const std::vector<std::string> names = input_names("prices");
  EXPECT_THAT(names, testing::IsSupersetOf({"artifact", "astra1", "ispass"}));
  for (const std::string& name : names) EXPECT_EQ(load_price_list(name).name, name);
}

TEST(PriceList, RejectsBadInputByLineAndKey) {
  struct Case {
    const char* text;
    const char* problem;
  };
  const std::string start = "name: p\ncables: shared\ndollars_per_gb_per_s:\n";
  const std::array cases = {
      Case{"cables: shared\n", "missing key 'name'"},
      Case{"name: p\n", "missing key 'cables'"},
      Case{"name: p\ncables: shared\n", "missing key 'dollars_per_gb_per_s'"},
      Case{"name: p\ncables: split\ndollars_per_gb_per_s: {Pod: {link: 1}}\n",
           "p.yaml:2: cables: unknown way to count cables 'split'"},
      Case{"nme: p\n", "did you mean 'name'"},
      Case{"name: p\ncables: shared\ndollars_per_gb_per_s: {}\n", "p.yaml:3: dollars_per_gb_per_s: expected"},
  };
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT([&text = text] { parse(text); }, testing::ThrowsMessage<InputError>(HasSubstr(problem)))
        << text;
  }
  for (const char* price : {"-1", "nan", "inf", "1e308", "cheap", "", "[1]", "{a: 1}"}) {
    EXPECT_THAT([&] { parse(start + "  Pod: {link: " + price + "}\n"); },
                testing::ThrowsMessage<InputError>(HasSubstr("p.yaml:4: dollars_per_gb_per_s.Pod.link: ")))
        << price;
  }
  EXPECT_THAT([&] { parse(start + "  Pod: {lnk: 1}\n"); },
              testing::ThrowsMessage<InputError>(HasSubstr("did you mean 'link'")));
  EXPECT_THAT([&] { parse(start + "  Pod: {link: 1}\n  pod: {link: 2}\n"); },
              testing::ThrowsMessage<InputError>(HasSubstr("stands twice")));
}

}  // namespace
}  // namespace bandwright
