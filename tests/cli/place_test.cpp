// What placement does through the program: transformers, and what estimate and optimize make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

class Place : public testing::Test {
 protected:
  nlohmann::json answer(Words words, int status = 0) {
    words.insert(words.end(), {"--format", "json"});
    const Finished finished = run_bandwright(words, folder_.path());
    EXPECT_EQ(finished.status, status) << finished.err;
    return nlohmann::json::parse(finished.out);
  }
  // The one line on standard error of what is refused.
  std::string refusal(const Words& words) {
    const Finished finished = run_bandwright(words, folder_.path());
    EXPECT_EQ(finished.status, 2) << finished.out;
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    return finished.err;
  }
  std::string kernels(const std::string& lines) {
    return folder_.write("k.csv", "name,op,inputs,outputs,input_bytes,output_bytes,config,time_us\n" + lines);
  }

  ScratchFolder folder_;
};

const Words llama = {"--machine", "dgx-h100", "--tp", "4"};

TEST_F(Place, TransformersAreSlowerWithLessFastMemory) {
  double last = 0.0;
  for (const char* fast : {"60 GiB", "20 GiB", "5 GiB"}) {
    const nlohmann::json place =
        answer(extended({"place", "llama3-8b"},
                        extended(llama, {"--tiers", "hbm-ddr", "--fast", fast, "--policy", "static"})));
    const double ms = place["results"][0]["policy_time_s"];
    EXPECT_GE(ms, last) << fast;
    EXPECT_NEAR(place["linear_model_median_error"], 0.144, 1e-9);
    last = ms;
  }
}

TEST_F(Place, FeedsEstimateAndOptimize) {
  const Words job = extended({"estimate", "llama3-8b", "--npus", "8"}, llama);
  const nlohmann::json before = answer(job);
  EXPECT_TRUE(before["placement"].is_null());
  const nlohmann::json all = answer(extended(job, {"--tiers", "hbm-ddr"}));
  EXPECT_NEAR(all["step_time_s"], before["step_time_s"], 1e-6);  // everything fits into HBM
  const nlohmann::json small =
      answer(extended(job, {"--tiers", "hbm-ddr", "--fast", "10 GiB", "--offload", "static"}));
  EXPECT_GT(small["step_time_s"], 1.2 * before["step_time_s"].get<double>());
  EXPECT_GT(small["placement"]["optimizer_slowdown"], 1.0);
  EXPECT_EQ(small["fits"], true);
  const Words design =
      extended({"optimize", "dgx-h100", "500", "llama3-8b", "Perf", "--npus", "16", "--tp", "4"}, {});
  EXPECT_GT(answer(extended(
                design, {"--tiers", "hbm-ddr", "--fast", "10 GiB", "--offload", "static"}))["step_time_s"],
            answer(design)["step_time_s"]);
}

TEST_F(Place, ImpossibleInputsAreRefusedByName) {
  EXPECT_THAT(refusal(extended({"estimate", "llama3-8b", "--npus", "8"},
                               extended(llama, {"--tiers", "hbm-ddr", "--fast", "79 GiB"}))),
              HasSubstr("--fast: 84.83 GB is more than the"));
  EXPECT_THAT(refusal({"estimate", "llama3-8b", "--machine", "dgx-h100", "--npus", "8", "--tiers", "hbm-ddr",
                       "--offload", "cache"}),
              HasSubstr("gives no schedule"));
  // Measured in fast memory alone, which is too small for it.
  EXPECT_THAT(refusal({"place", "--kernels",
                       kernels("big,Conv,,t,,8000000,|D,1\nuse,Conv,t,,8000000,,D|,1\n"), "--fast", "4 MB"}),
              HasSubstr("kernel 'big' needs 8.004 MB of fast memory, more than the 4 MB allowed"));
  EXPECT_THAT(refusal({"place", "--kernels",
                       folder_.write("n.csv", "name,op,inputs,outputs,input_bytes,output_bytes,time_us\n")}),
              HasSubstr("config"));
  EXPECT_THAT(refusal({"place", "--kernels", kernels("a,Conv,u,t,8,8,D|D,1\nb,Conv,t,u,8,8,D|D,1\n")}),
              HasSubstr("the graph is cyclic"));
  const std::string tiers =
      folder_.write("t.yaml",
                    "name: T\nhelp: none\nfast: {name: F, capacity: 1 GB, read: 0 GB/s, write: 1 GB/s, "
                    "price_per_gb: 1}\nslow: "
                    "{name: S, capacity: 1 GB, read: 1 GB/s, write: 1 GB/s, price_per_gb: 1}\ncopies: "
                    "{to_fast: 1 GB/s, to_slow: "
                    "1 GB/s}\noverlapped: {to_fast: 1 GB/s, to_slow: 1 GB/s}\ncompute: 1 TFLOP/s\n");
  EXPECT_THAT(refusal({"place", "vgg19", "--tiers", tiers}), HasSubstr("t.yaml:3: fast.read"));
}

}  // namespace
}  // namespace bandwright
