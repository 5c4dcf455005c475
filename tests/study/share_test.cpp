// Jobs that share a network, in words.
#include "study/built/share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/chakra/chakra_export.h"
#include "study/simulate.h"
#include "tests/support/temporary_folder.h"
#include "workload/training_loop.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

ShareQuestion question(std::vector<std::string> jobs) {
  ShareQuestion result{.network = "LeafSpine(2x8, spines 1, oversubscription 4, bandwidth 50)"};
  for (const std::string& job : jobs) result.jobs.push_back(parse_sharing_job(job));
  return result;
}

// Interleaved under both leaves, they share a trunk of 100 GB/s; each has a leaf of its own when they are
// laid side by side.
TEST(Share, NeighboursOnTheTrunkCost) {
  const std::string what = "; collective: all-to-all; size: 64 MiB; chunks: 1";
  const ShareAnswer mixed = share(question({"name: a; at: npu[::2]" + what, "at: npu[1::2]" + what}));
  ASSERT_EQ(mixed.jobs.size(), 2U);
  EXPECT_EQ(mixed.jobs[0].name, "a");
  EXPECT_EQ(mixed.jobs[1].name, "job 2");
  EXPECT_EQ(mixed.jobs[0].npus, 8);
  EXPECT_GT(mixed.jobs[0].lost(), Time(0));
  const ShareAnswer apart = share(question({"at: npu[:8]" + what, "at: npu[8:]" + what}));
  EXPECT_EQ(apart.jobs[0].lost(), Time(0));
  EXPECT_LT(apart.jobs[0].shared.step_time, mixed.jobs[0].shared.step_time);
}

TEST(Share, AModelBesideACollective) {
  const ShareAnswer answer = share(question(
      {"name: model; at: npu[::2]; model: llama3-8b; machine: dgx-h100; tp: 8; global_batch: 1; chunks: 1",
       "name: other; at: npu[1::2]; start: 1 ms; collective: all-reduce; size: 256 MiB; chunks: 1"}));
  EXPECT_GT(answer.jobs[0].lost(), Time(0));
  EXPECT_EQ(answer.jobs[1].start, nanoseconds(1e6));
}

// Traces of eight NPUs, every two a tensor-parallel group: by themselves they take what `simulate` says of a
// network of their own, under a leaf of their own they lose nothing, and interleaved they do.
TEST(Share, TracesBesideACollective) {
  const TemporaryFolder folder;
  const Network network = parse_network("Switch(8)");
  const auto call = [](Axis axis, std::int64_t size) {
    return Communication{axis, {CollectiveKind::AllReduce, Bytes(size)}};
  };
  const Line line{.name = "layer",
                  .forward = {nanoseconds(1000), call(Axis::Tensor, 4 << 20)},
                  .input_gradient = {nanoseconds(2000), call(Axis::Tensor, 4 << 20)},
                  .weight_gradient = {nanoseconds(3000), call(Axis::Data, 64 << 20)}};
  const Model model{.name = "small", .tensor_parallel = 2, .lines = {line, line}};
  write_traces(build_step(model, network, training_loop("NoOverlap"), {}), network, folder / "traces",
               "small");
  const std::string traces = "; workload: " + (folder / "traces").string();
  const std::string other = "; collective: all-to-all; size: 64 MiB; chunks: 1";
  const ShareAnswer apart = share(question({"at: npu[:8]" + traces, "at: npu[8:]" + other}));
  EXPECT_EQ(apart.jobs[0].lost(), Time(0));
  const SimulationAnswer alone =
      simulate({.workload = (folder / "traces").string(), .network = "LeafSpine(1x8, bandwidth 50)"},
               {.routing = {.routing = Routing::Ecmp}});
  EXPECT_EQ(apart.jobs[0].alone, alone.result.step_time);
  const ShareAnswer mixed = share(question({"at: npu[::2]" + traces, "at: npu[1::2]" + other}));
  EXPECT_GT(mixed.jobs[0].lost(), Time(0));
  EXPECT_GT(mixed.jobs[1].lost(), Time(0));
}

std::string share_refusal(std::vector<std::string> jobs) {
  try {
    share(question(std::move(jobs)));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Share, OneLineForWhatIsWrong) {
  const std::string what = "; collective: all-reduce; size: 1 MiB";
  EXPECT_THAT(share_refusal({"name: a; at: npu[:4]" + what, "name: b; at: npu[3:]" + what}),
              HasSubstr("of a and of b"));
  EXPECT_THAT(share_refusal({"at: npu[99]" + what}), HasSubstr("takes none of 16"));
  EXPECT_THAT(share_refusal({"at: switch[0]" + what}), HasSubstr("is no NPU"));
  EXPECT_THROW(parse_sharing_job("colour: red"), InputError);
  EXPECT_THROW(parse_sharing_job("red"), InputError);
}

// 4,096 NPUs send each other something in 64 chunks, 1e9 messages; 65,536 of them 2.7e11, days of them.
TEST(Share, WhatWouldNotEndIsRefusedBeforeItStarts) {
  const auto asked = [](const std::string& network) {
    ShareQuestion question;
    question.network = network;
    question.jobs = {parse_sharing_job("collective: all-to-all; size: 1 GB")};
    return question;
  };
  try {
    share(asked("FatTree(65536, radix 64, levels 3, bandwidth 50)"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("(fewer NPUs, or less to send)"));
  }
}

}  // namespace
}  // namespace bandwright
