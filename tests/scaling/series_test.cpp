#include "scaling/series.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace bandwright {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_scaling_csv(text, "t.csv", ScalingMode::Strong);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// What `scale measure --rate` writes has both; a rate is read only where it is asked for.
TEST(ScalingCsv, TimesAreReadUnlessTheRateIsAskedFor) {
  const std::string text = "workers,median_s,items_per_s\n1,10,100\n2,10,180\n";
  EXPECT_EQ(parse_scaling_csv(text, "t.csv", ScalingMode::Strong)[0].value_name, "median_s");
  const ScalingSeries rates = parse_scaling_csv(text, "t.csv", ScalingMode::Strong, MeasuredAs::Rate)[0];
  EXPECT_EQ(rates.value_name, "items_per_s");
  EXPECT_TRUE(rates.is_rate);
  EXPECT_DOUBLE_EQ(rates.points[1].seconds, 1.0 / 180.0);
  EXPECT_THROW(parse_scaling_csv("n,seconds\n1,2\n2,1\n", "t.csv", ScalingMode::Strong, MeasuredAs::Rate),
               InputError);
}

TEST(ScalingCsv, ReadsColumnsInAnyOrderAndSortsByWorkers) {
  const auto all =
      parse_scaling_csv("seconds,host,N\r\n5.5,a,4\r\n\r\n10,b,\"1\"\r\n", "t.csv", ScalingMode::Strong);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].points, (std::vector<ScalingPoint>{{1, 10.0}, {4, 5.5}}));
}

TEST(ScalingCsv, KeepsSeriesApartInFileOrder) {
  const auto all =
      parse_scaling_csv("series,n,seconds\nb,1,3\na,1,5\nb,2,2\na,2,4\n", "t.csv", ScalingMode::Strong);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "b");
  EXPECT_EQ(all[1].points, (std::vector<ScalingPoint>{{1, 5.0}, {2, 4.0}}));
}

TEST(ScalingCsv, RatesAreWeakScalingAndSecondsPerItem) {
  const auto all = parse_scaling_csv("nodes,images_per_sec\n1,0.5\n2,1.0\n", "t.csv", ScalingMode::Strong);
  EXPECT_EQ(all[0].mode, ScalingMode::Weak);
  EXPECT_EQ(all[0].points, (std::vector<ScalingPoint>{{1, 2.0}, {2, 1.0}}));
  EXPECT_DOUBLE_EQ(all[0].shown(2, 1.0), 1.0);
}

TEST(ScalingCsv, WeakSecondsAreSharedByTheWorkThatGrew) {
  // 4 workers took 12 s for 4 units of work: 3 s each.
  const auto all = parse_scaling_csv("n,seconds\n1,10\n4,12\n", "t.csv", ScalingMode::Weak);
  EXPECT_EQ(all[0].points[1], (ScalingPoint{4, 3.0}));
  EXPECT_DOUBLE_EQ(all[0].shown(4, 3.0), 12.0);
}

TEST(ScalingCsv, QuotedFieldsMayHoldCommas) {
  const auto all = parse_scaling_csv("series,n,seconds\r\n\"A100, 80 GB\",1,5\r\n\"A100, 80 GB\",2,3\r\n",
                                     "t.csv", ScalingMode::Strong);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "A100, 80 GB");
}

TEST(ScalingCsv, SaysWhatIsWrongInOneLine) {
  EXPECT_EQ(error_of(""), "t.csv: no measurements, expected columns n,seconds");
  EXPECT_EQ(error_of("n,seconds\n"), "t.csv: no measurements, expected columns n,seconds");
  EXPECT_EQ(error_of("n,time\n1,2\n"),
            "t.csv:1: no column 'seconds' (or a rate such as 'images_per_sec'), found: n, time");
  EXPECT_EQ(error_of("cores,seconds\n1,2\n"),
            "t.csv:1: no column 'n' (or 'workers', 'nodes'), found: cores, seconds");
  EXPECT_EQ(error_of("n,seconds\n1,-2\n2,1\n"), "t.csv:2: seconds: '-2' must be above 0");
  EXPECT_EQ(error_of("n,seconds\n1,0\n2,1\n"), "t.csv:2: seconds: '0' must be above 0");
  EXPECT_EQ(error_of("n,seconds\n1,5\n"), "t.csv: 1 point; a law needs at least two worker counts");
  EXPECT_EQ(error_of("n,seconds\n1,5\n2,4\n2,4\n"),
            "t.csv:4: n: 2 stands twice; give each worker count once, as the median of its runs");
  EXPECT_EQ(error_of("n,seconds\n1,fast\n"),
            "t.csv:2: seconds: 'fast' is not a number from -1000000000000 to 1000000000000");
  EXPECT_EQ(error_of("n,seconds\n1\n"), "t.csv:2: 1 fields, expected the 2 of the header");
  EXPECT_EQ(error_of("n,seconds\n1.5,2\n"), "t.csv:2: n: '1.5' is not a whole number from 1 to 1000000000");
}

TEST(ScalingCsv, NumbersThatAreNoNumbersAreRefused) {
  for (const char* bad : {"nan", "inf", "1e999", "-inf", "1e13", "", "0x10", "1 s"}) {
    EXPECT_NE(error_of(std::string("n,seconds\n1,") + bad + "\n2,3\n"), "no error") << bad;
  }
  for (const char* bad : {"0", "-1", "99999999999", "nan", "1e3", ""}) {
    EXPECT_NE(error_of(std::string("n,seconds\n") + bad + ",5\n1,3\n"), "no error") << bad;
  }
}

}  // namespace
}  // namespace bandwright
