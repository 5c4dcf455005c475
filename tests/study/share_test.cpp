// Jobs that share a network, in words.
#include "study/built/share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

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

std::string refusal(std::vector<std::string> jobs) {
  try {
    share(question(std::move(jobs)));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Share, OneLineForWhatIsWrong) {
  const std::string what = "; collective: all-reduce; size: 1 MiB";
  EXPECT_THAT(refusal({"name: a; at: npu[:4]" + what, "name: b; at: npu[3:]" + what}),
              HasSubstr("of a and of b"));
  EXPECT_THAT(refusal({"at: npu[99]" + what}), HasSubstr("takes none of 16"));
  EXPECT_THAT(refusal({"at: switch[0]" + what}), HasSubstr("is no NPU"));
  EXPECT_THROW(parse_sharing_job("colour: red"), InputError);
  EXPECT_THROW(parse_sharing_job("red"), InputError);
}

}  // namespace
}  // namespace bandwright
