#include "simulator/event_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

namespace bandwright {
namespace {

TEST(EventQueue, EqualTimesComeInTheOrderTheyWerePushed) {
  EventQueue<int> queue;
  queue.push(Time(5), 1);
  queue.push(Time(3), 2);
  queue.push(Time(5), 3);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.now(), Time(3));
  EXPECT_FALSE(queue.more_now());
  queue.push(Time(5), 4);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_TRUE(queue.more_now());
  EXPECT_EQ(queue.pop(), 3);
  EXPECT_EQ(queue.pop(), 4);
  EXPECT_TRUE(queue.empty());
}

// Against a stable sort: random times with many ties, pushed while others are taken out.
TEST(EventQueue, IsAStableSortOfAnyFuture) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    EventQueue<int> queue;
    std::vector<std::pair<std::int64_t, int>> expected;
    std::vector<std::pair<std::int64_t, int>> taken;
    const std::int64_t span = std::int64_t{1} << (round % 40);
    for (int number = 0; number < 2000; ++number) {
      const std::int64_t time =
          queue.now().value() + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span));
      queue.push(Time(time), number);
      expected.emplace_back(time, number);
      if (random() % 3 == 0) {
        const int event = queue.pop();
        taken.emplace_back(queue.now().value(), event);
      }
    }
    while (!queue.empty()) {
      const int event = queue.pop();
      taken.emplace_back(queue.now().value(), event);
    }
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    EXPECT_EQ(taken, expected);
  }
}

}  // namespace
}  // namespace bandwright
