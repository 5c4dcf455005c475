// Does the replay follow every byte and name what is impossible?
#include "memory/replay.h"

#include <gtest/gtest.h>

#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

// a writes t0 (2 pages), b writes t1 (1 page), c reads both. 1000 ns each; an argument in slow memory adds
// 100 ns.
TrainingGraph three_kernels() {
  TrainingGraph graph;
  graph.tensors = {{"t0", page * 2}, {"t1", page}};
  graph.kernels = {
      {.name = "a", .arguments = {0}, .fast_ns = 1000, .slow_ns = {100}},
      {.name = "b", .arguments = {1}, .fast_ns = 1000, .slow_ns = {100}},
      {.name = "c", .arguments = {0, 1}, .outputs_from = 2, .fast_ns = 1000, .slow_ns = {100, 100}}};
  return graph;
}

// Copies of t0: 8192 B at 10 GB/s to slow, 819.2 ns; at 20 GB/s to fast, 409.6 ns.
TEST(Replay, AddsUpKernelsAndCopies) {
  const Schedule schedule{.born_fast = {true, false},
                          .actions = {{0, 0, Move::WriteBack}, {0, 0, Move::Drop}, {2, 0, Move::Fetch}}};
  const Replay played = replay(three_kernels(), test_tiers(), schedule, page * 2);
  EXPECT_EQ(played.fault, "");
  EXPECT_EQ(played.kernels, nanoseconds(1000 + 1100 + 1100));
  EXPECT_EQ(played.copy_stall, nanoseconds(819.2 + 409.6));
  EXPECT_EQ(played.total, played.kernels + played.copy_stall);
  EXPECT_EQ(played.to_slow, page * 2);
  EXPECT_EQ(played.to_fast, page * 2);
  EXPECT_EQ(played.peak_fast, page * 2);
  EXPECT_EQ(played.peak_slow, page * 3);
  // Kernels touch t0 twice and t1 twice, 6 pages in all; t0's 4 in fast memory.
  EXPECT_DOUBLE_EQ(played.fast_share, 4.0 / 6.0);
}

TEST(Replay, ACopyBesideAKernelCostsOnlyWhatSticksOut) {
  TierPair tiers = test_tiers();
  const Schedule schedule{
      .born_fast = {true, true},
      .actions = {{1, 0, Move::WriteBack, true}, {1, 0, Move::Drop}, {2, 0, Move::Fetch}}};
  // 819.2 ns beside b's 1000 ns: hidden.
  EXPECT_EQ(replay(three_kernels(), tiers, schedule, page * 3).overlap_stall, Time());
  tiers.overlapped.to_slow = gb_per_s(4);  // 2048 ns: 1048 ns stick out
  const Replay played = replay(three_kernels(), tiers, schedule, page * 3);
  EXPECT_EQ(played.overlap_stall, nanoseconds(1048));
  EXPECT_EQ(played.total, nanoseconds(3000 + 1048 + 409.6));
}

struct Fault {
  Schedule schedule;
  Bytes limit;
  std::string message;
};
class ReplayFault : public ::testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(
    Faults, ReplayFault,
    ::testing::Values(Fault{{{true, true}, {}}, page * 2, "kernel 'b': tensor 't1' overflows fast memory"},
                      Fault{{{true, true}, {{0, 0, Move::Drop}}},
                            page * 3,
                            "kernel 'a': tensor 't0' is dropped without a copy"},
                      Fault{{{false, true}, {{0, 0, Move::WriteBack}}},
                            page * 3,
                            "kernel 'a': tensor 't0' is not where it is copied from"},
                      Fault{{{true, true}, {{1, 0, Move::Fetch}}},
                            page * 9,
                            "kernel 'b': tensor 't0' is in fast memory already"}));

TEST_P(ReplayFault, IsNamed) {
  EXPECT_EQ(replay(three_kernels(), test_tiers(), GetParam().schedule, GetParam().limit).fault,
            GetParam().message);
}

}  // namespace
}  // namespace bandwright
