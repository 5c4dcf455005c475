// Do blocks of memory never overlap?
#include "memory/addresses.h"

#include <gtest/gtest.h>

#include "memory/allocator.h"
#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

TEST(BestFitAllocator, TakesTheSmallestBlockThatFits) {
  BestFitAllocator allocator(page * 10);
  EXPECT_EQ(allocator.allocate(page * 4), bytes(0));
  EXPECT_EQ(allocator.allocate(page), page * 4);
  EXPECT_EQ(allocator.allocate(page * 2), page * 5);
  EXPECT_EQ(allocator.allocate(page), page * 7);
  allocator.free(bytes(0), page * 4);
  allocator.free(page * 5, page * 2);
  // Free: pages 0-3, 5-6 and 8-9. Two pages fit all three; the two smallest are as good, the lower one is
  // taken.
  EXPECT_EQ(allocator.allocate(page * 2), page * 5);
  EXPECT_EQ(allocator.allocate(page * 3), bytes(0));
  EXPECT_EQ(allocator.allocate(page * 3), std::nullopt);
}

TEST(BestFitAllocator, JoinsFreeNeighboursOnBothSides) {
  BestFitAllocator allocator(page * 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(allocator.allocate(page), page * i);
  allocator.free(bytes(0), page);
  allocator.free(page * 2, page);
  EXPECT_EQ(allocator.allocate(page * 2), std::nullopt);
  allocator.free(page, page);
  EXPECT_EQ(allocator.allocate(page * 3), bytes(0));
}

TEST(BestFitAllocator, RoundsUpToPagesAndGivesNothingForNothing) {
  BestFitAllocator allocator(page * 2);
  EXPECT_EQ(allocator.allocate(bytes(0)), bytes(0));
  EXPECT_EQ(allocator.allocate(bytes(1)), bytes(0));
  EXPECT_EQ(allocator.allocate(bytes(1)), page);
  EXPECT_EQ(allocator.allocate(bytes(1)), std::nullopt);
}

TEST(Addresses, StaysThatMeetInTimeNeverShareAByte) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const TrainingGraph graph = random_graph(seed, 10, false);
    const Schedule everything{.born_fast = std::vector<bool>(graph.tensors.size(), true)};
    const AddressPlan plan = assign_addresses(graph, everything, peak_live(graph));
    ASSERT_EQ(plan.blocks.size(), graph.tensors.size());
    EXPECT_GE(plan.high_water, peak_live(graph));
    for (const Placed& a : plan.blocks) {
      for (const Placed& b : plan.blocks) {
        const bool meet = a.stay.first <= b.stay.last && b.stay.first <= a.stay.last;
        if (a.stay.tensor == b.stay.tensor || !meet) continue;
        EXPECT_TRUE(a.offset + graph.tensors[a.stay.tensor].bytes <= b.offset ||
                    b.offset + graph.tensors[b.stay.tensor].bytes <= a.offset)
            << "seed " << seed;
      }
    }
  }
}

// t0 (2 pages) is dropped after kernel 0 and fetched for kernel 2: two stays.
TEST(Addresses, AStayLastsFromFetchToDrop) {
  TrainingGraph graph;
  graph.tensors = {{"t0", page * 2}, {"t1", page}};
  graph.kernels = {{.name = "a", .arguments = {0}},
                   {.name = "b", .arguments = {1}},
                   {.name = "c", .arguments = {0, 1}, .outputs_from = 2}};
  const Schedule schedule{.born_fast = {true, true},
                          .actions = {{0, 0, Move::WriteBack}, {0, 0, Move::Drop}, {2, 0, Move::Fetch}}};
  const std::vector<Residency> expected = {{0, 0, 0}, {0, 2, 2}, {1, 1, 2}};
  EXPECT_EQ(residencies(graph, schedule), expected);
}

}  // namespace
}  // namespace bandwright
