// What is validated is named: a folder or a file without measurements is no perfect score.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

Finished validate(const ScratchFolder& folder) {
  return run_bandwright({"validate", "--data", "."}, folder.path());
}

constexpr std::string_view header =
    "model,system,tp,cp,pp,dp,virtual_stages,micro_batch,global_batch,sequence,software,precision,recompute,"
    "sequence_parallel,pp_inside_dp,seconds,source\n";

TEST(Validate, NothingToValidateIsRefused) {
  const ScratchFolder folder;
  expect_refused(validate(folder), "--data: nothing to validate in '.' (no .csv files)");
  folder.write("mine.csv", "a,b\n1,2\n");
  expect_refused(validate(folder), "mine.csv: not a data set this program knows");
  folder.write("training_steps.csv", header);
  expect_refused(validate(folder), "training_steps.csv: no rows to predict");
}

TEST(Validate, AMissingColumnIsRefusedWithWhatIsExpected) {
  const ScratchFolder folder;
  folder.write("training_steps.csv", "model,system\n");
  expect_refused(validate(folder), "training_steps.csv:1: tp: no such column (expected: model,system,tp,");
}

TEST(Validate, AFileWithoutRowsIsSkippedBesideOneThatHasSome) {
  const ScratchFolder folder;
  folder.write("gemm_bf16_sample.csv", "system,m,n,k,latency_ms\n");
  folder.write(
      "training_steps.csv",
      std::string(header) + "gpt-7.5b,dgx-a100,4,1,1,4,1,1,16,2048,megatron-2021,fp16,full,no,no,1,here\n");
  const Finished run = validate(folder);
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, HasSubstr("training_steps"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("gemm")));
  EXPECT_EQ(run.err, "bandwright: gemm_bf16_sample.csv: no rows to predict, skipped\n");
}

}  // namespace
}  // namespace bandwright
