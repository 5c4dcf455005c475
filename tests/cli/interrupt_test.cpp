// Ctrl-C: exit status 130, soon, and whatever stands on the disk is whole.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

constexpr std::chrono::milliseconds under_way(400);

class Interrupt : public ::testing::Test {
 protected:
  Finished press(const Words& words) {
    const auto start = std::chrono::steady_clock::now();
    Finished run = interrupt_bandwright(words, folder_.path(), under_way);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    EXPECT_EQ(run.status, 130) << words[0] << "\n" << run.err;
    // A sanitized build on a busy machine; each of these runs for much longer than that.
    EXPECT_LT(seconds_, 10.0) << words[0];
    return run;
  }
  ScratchFolder folder_;
  double seconds_ = 0.0;
};

TEST_F(Interrupt, AStepThatIsPlayedLeavesNothing) {
  for (const char* transport : {"ports", "flows"}) {
    const Finished run = press(
        {"simulate",    "dgx-a100", "--model",   "gpt3-175b",      "--npus",     "1024",           "--tp",
         "8",           "--pp",     "8",         "--global-batch", "12288",      "--npu-fidelity", "full",
         "--transport", transport,  "--no-leap", "--force",        "--timeline", "step.json.gz"});
    EXPECT_EQ(run.out, "") << transport;
    EXPECT_TRUE(folder_.names().empty()) << transport;
  }
}

// Tensors are placed first, which Ctrl-C ends with the best so far: it is no longer what ends the program.
TEST_F(Interrupt, AStepThatIsPlayedAfterAPlacement) {
  const Finished run = press({"simulate",
                              "dgx-h100",
                              "--model",
                              "llama3-70b",
                              "--npus",
                              "4096",
                              "--tp",
                              "8",
                              "--pp",
                              "8",
                              "--global-batch",
                              "4096",
                              "--sequence-parallel",
                              "--tiers",
                              "hbm-ddr",
                              "--fast",
                              "70 GiB",
                              "--npu-fidelity",
                              "full",
                              "--no-leap",
                              "--force"});
  EXPECT_EQ(run.out, "");
}

TEST_F(Interrupt, ASearchGivesWhatItHasFound) {
  const Finished run = press({"plan", "deepseek-v3", "--machine", "dgx-h100", "--npus",
                              "2048,4096,8192,16384", "--global-batch", "8192", "--best", "10000", "--proof",
                              "proof.jsonl", "--output", "plan.json", "--format", "json"});
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(folder_.names(), std::vector<std::string>{"plan.json"});
  EXPECT_EQ(contents(folder_.path() / "plan.json").back(), '\n');
}

TEST_F(Interrupt, ASweepContinues) {
  folder_.write(
      "fine.yaml",
      "name: fine\nlibraries: astra1\nrecompute: full\nnetworks: [2D, 3D, 4D]\nmodels: [17B, 175B, 1T]\n"
      "budgets: {from: 100 GB/s, to: 1000 GB/s, step: 4 GB/s}\n");
  press({"evaluate", "fine.yaml", "--output", "results"});
  const Finished rest = run_bandwright({"evaluate", "fine.yaml", "--output", "results"}, folder_.path());
  EXPECT_EQ(rest.status, 0) << rest.err;
}

// A folder of traces is there as a whole or not at all, and nothing is left beside it.
TEST_F(Interrupt, AnExportLeavesNothing) {
  press({"export", "1T", "--npus", "65536", "-o", "traces"});
  EXPECT_TRUE(folder_.names().empty());
}

TEST_F(Interrupt, AMeasurementEndsWhatItHasStarted) {
  press({"scale", "measure", "--workers", "1", "--", "sh", "-c", "sleep 60"});
}

}  // namespace
}  // namespace bandwright
