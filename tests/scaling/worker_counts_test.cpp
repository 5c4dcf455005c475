#include "scaling/worker_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;

TEST(WorkerCounts, ListsAndRanges) {
  EXPECT_THAT(parse_worker_counts("8, 1,2,2"), ElementsAre(1, 2, 8));
  EXPECT_THAT(parse_worker_counts("2..5+1"), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(parse_worker_counts("64..600"), ElementsAre(64, 128, 256, 512));
  EXPECT_THAT(parse_worker_counts("1,8..30+8"), ElementsAre(1, 8, 16, 24));
  EXPECT_THAT(parse_worker_counts("1..27*3"), ElementsAre(1, 3, 9, 27));
}

TEST(WorkerCounts, BadOnesAreRefused) {
  for (const char* bad : {"", ",", "1,,2", "0", "-1", "1.5", "5..4", "1..", "..3", "1..9+0", "1..9*1",
                          "1..9*", "x", "1..20000+1", "99999999999"}) {
    EXPECT_THROW(parse_worker_counts(bad), InputError) << bad;
  }
  EXPECT_THROW(parse_worker_counts("9", 8), InputError);
}

}  // namespace
}  // namespace bandwright
