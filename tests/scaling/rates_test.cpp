#include "scaling/rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "scaling/gpu_memory.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Rates, EveryMatchOfEveryLineThatIsANumberAboveZero) {
  const RatePattern pattern("img/s: ([-0-9.e+]+)");
  EXPECT_THAT(pattern.rates_in("start\nimg/s: 10 img/s: 12.5\nimg/s: 0\nimg/s: ...\nepoch 2, img/s: 1e3\n"),
              ElementsAre(10.0, 12.5, 1000.0));
  EXPECT_THAT(pattern.rates_in(""), IsEmpty());
}

// The expression needs stack for each character: what stands far to the right of a line is not looked at.
TEST(Rates, ALineWithoutEndIsCut) {
  EXPECT_THAT(RatePattern("([0-9]+) *x").rates_in(std::string(5'000'000, 'a') + "7x\n8x"), ElementsAre(8.0));
}

// A progress bar draws its line over and over: each time it is drawn counts, however often.
TEST(Rates, EachTimeAProgressBarIsDrawnIsALine) {
  std::string drawn = "epoch 1\r\n";
  for (int i = 1; i <= 2000; ++i)
    drawn += "\r 50%|#####     | 5/10 [00:01<00:01, " + std::to_string(i) + ".5it/s]";
  const std::vector<double> rates = RatePattern("([0-9.]+)it/s").rates_in(drawn + "\r\ndone\r\n");
  ASSERT_EQ(rates.size(), 2000U);
  EXPECT_EQ(rates.front(), 1.5);
  EXPECT_EQ(rates.back(), 2000.5);
}

TEST(Rates, APatternHasOneGroup) {
  EXPECT_THROW(RatePattern("[0-9]+"), InputError);
  EXPECT_THROW(RatePattern("([0-9]+) of ([0-9]+)"), InputError);
  EXPECT_THROW(RatePattern("("), InputError);
  EXPECT_NO_THROW(RatePattern("(?:img|image)s/s ([0-9]+)"));
}

// Of 1 ... 101 the 16th percentile stands at place 16 of 0 ... 100: 17; the 84th at 84: 85.
TEST(Rates, TheCentralRangeIsFromThe16thToThe84thPercentile) {
  std::vector<double> values;
  for (int i = 101; i >= 1; --i) values.push_back(i);
  const CentralRange range = central_range(values);
  EXPECT_DOUBLE_EQ(range.median, 51.0);
  EXPECT_DOUBLE_EQ(range.low, 17.0);
  EXPECT_DOUBLE_EQ(range.high, 85.0);
  // Between two values: 0.16 of the way from one to the other.
  EXPECT_DOUBLE_EQ(central_range({10.0, 20.0}).low, 11.6);
  EXPECT_DOUBLE_EQ(central_range({5.0}).high, 5.0);
}

// MiB per line, of each GPU.
TEST(GpuMemory, IsThatOfTheFullestGpu) {
  EXPECT_EQ(fullest_gpu("10\n81559\n0\n"), std::int64_t{81559} << 20);
  EXPECT_EQ(fullest_gpu("[N/A]\n"), std::nullopt);
  EXPECT_EQ(fullest_gpu(""), std::nullopt);
}

}  // namespace
}  // namespace bandwright
