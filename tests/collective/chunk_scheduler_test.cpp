#include "collective/chunk_scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/error.h"

namespace bandwright {
namespace {

using Orders = std::vector<DimensionOrder>;

// A problem that owns what it refers to.
struct Case {
  std::vector<int> npus;
  std::vector<double> ns_per_byte;
  double bytes = 1.0;
  int chunks = 1;

  [[nodiscard]] Orders orders(std::string_view scheduler) const {
    return chunk_scheduler(scheduler).orders({npus, ns_per_byte, bytes, chunks});
  }
};

// Busy time of each dimension, from the definition: a pass over n NPUs moves (n-1)/n of the data and leaves
// 1/n of it.
std::vector<double> loads(const Case& problem, const Orders& orders) {
  std::vector<double> result(problem.npus.size(), 0.0);
  for (const DimensionOrder& order : orders) {
    double bytes = problem.bytes;
    for (const std::uint8_t d : order) {
      result[d] += bytes * (1.0 - 1.0 / problem.npus[d]) * problem.ns_per_byte[d];
      bytes /= problem.npus[d];
    }
  }
  return result;
}

Case random_case(std::mt19937& dice) {
  const auto up_to = [&](int most) { return std::uniform_int_distribution(1, most)(dice); };
  Case problem{.bytes = 1000.0 * up_to(1000), .chunks = up_to(64)};
  const int dimensions = up_to(4);
  for (int d = 0; d < dimensions; ++d) {
    problem.npus.push_back(1 + up_to(15));
    problem.ns_per_byte.push_back(1.0 / up_to(100));
  }
  return problem;
}

TEST(ChunkScheduler, EveryOrderHasEveryDimensionOnce) {
  std::mt19937 dice(1);
  for (int i = 0; i < 200; ++i) {
    const Case problem = random_case(dice);
    DimensionOrder all(problem.npus.size());
    std::iota(all.begin(), all.end(), std::uint8_t{0});
    for (const ChunkScheduler& scheduler : chunk_schedulers()) {
      const Orders orders = problem.orders(scheduler.name);
      ASSERT_EQ(orders.size(), static_cast<std::size_t>(problem.chunks));
      EXPECT_EQ(orders.front(), all) << "nothing is loaded yet: " << scheduler.name;
      for (const DimensionOrder& order : orders) {
        EXPECT_TRUE(std::is_permutation(order.begin(), order.end(), all.begin())) << scheduler.name;
      }
    }
    EXPECT_EQ(problem.orders("ascending"), Orders(static_cast<std::size_t>(problem.chunks), all));
  }
}

// Two dimensions of 4 NPUs, 16 B, 1 ns per byte: the first chunk takes 12 ns on the first and 3 ns on the
// second, a difference of 9, not less than the shortest pass, 3. The second starts on the second: 15 and 15.
// Loads are equal then, and it begins again.
TEST(Themis, AlternatesBetweenEqualDimensions) {
  const Case problem{{4, 4}, {1.0, 1.0}, 16.0, 4};
  EXPECT_EQ(problem.orders("themis"), (Orders{{0, 1}, {1, 0}, {0, 1}, {1, 0}}));
}

// Dimensions of 2 NPUs, 8 B: passes of 4 and 2 ns. The second at 2 ns per byte: 4 and 4 ns, always equal, so
// that the shortest pass, 4, is never reached and every chunk ascends.
TEST(Themis, AscendsWhileLoadsAreEven) {
  const Case problem{{2, 2}, {1.0, 2.0}, 8.0, 5};
  EXPECT_EQ(problem.orders("themis"), Orders(5, DimensionOrder{0, 1}));
}

// At 1 and 1 ns per byte: 4 and 2, a difference of 2, which is the shortest pass already: 4+2 and 2+4.
TEST(Themis, LeavesOffAtADifferenceOfTheShortestPass) {
  const Case problem{{2, 2}, {1.0, 1.0}, 8.0, 3};
  EXPECT_EQ(problem.orders("themis"), (Orders{{0, 1}, {1, 0}, {0, 1}}));
  // A second dimension of 1.25 ns per byte: 4 and 2.5, 1.5 apart, below 2.5; then 8 and 5, beyond it.
  const Case uneven{{2, 2}, {1.0, 1.25}, 8.0, 3};
  EXPECT_EQ(uneven.orders("themis"), (Orders{{0, 1}, {0, 1}, {1, 0}}));
}

// Neither bytes nor the unit of time change an order.
TEST(Themis, DoesNotDependOnScale) {
  std::mt19937 dice(2);
  for (int i = 0; i < 200; ++i) {
    const Case problem = random_case(dice);
    Case larger = problem;
    larger.bytes *= 4.0;
    for (double& ns : larger.ns_per_byte) ns *= 0.5;
    EXPECT_EQ(problem.orders("themis"), larger.orders("themis"));
  }
}

// The busiest dimension is what a collective takes. A chunk that is not in ascending order starts on the
// least loaded dimension, so that no other gets its largest pass, and dimensions end within two passes of a
// chunk.
TEST(Themis, StartsOnTheLeastLoadedDimension) {
  std::mt19937 dice(3);
  for (int i = 0; i < 300; ++i) {
    const Case problem = random_case(dice);
    const Orders orders = problem.orders("themis");
    for (std::size_t chunk = 1; chunk < orders.size(); ++chunk) {
      const std::vector<double> before =
          loads(problem, Orders(orders.begin(), orders.begin() + static_cast<std::ptrdiff_t>(chunk)));
      const auto loaded = [&](std::uint8_t a, std::uint8_t b) { return before[a] < before[b]; };
      const DimensionOrder& order = orders[chunk];
      if (std::is_sorted(order.begin(), order.end())) continue;
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end(), loaded));
    }
  }
}

TEST(ChunkScheduler, NamesAreACatalogue) {
  for (const ChunkScheduler& scheduler : chunk_schedulers()) {
    EXPECT_EQ(&chunk_scheduler(scheduler.name), &scheduler);
    EXPECT_FALSE(scheduler.help.empty());
  }
  EXPECT_THROW(chunk_scheduler("themys"), InputError);
}

}  // namespace
}  // namespace bandwright
