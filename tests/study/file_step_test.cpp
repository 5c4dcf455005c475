// Jobs of other tools' files, against the step times those tools report: traces of a GPT of four layers on
// networks of ASTRA-sim 2, whose cycles are nanoseconds. Times are of its congestion-unaware network, and
// where links are shared of its congestion-aware one.
#include "study/job/file_step.h"

#include <gtest/gtest.h>

#include "simulator/event_driven.h"
#include "simulator/player/player.h"
#include "tests/experiment/support.h"
#include "tests/support/gpt_traces.h"

namespace bandwright {
namespace {

Time folded(const FileStep& step) {
  return simulate_folded(
             {step.graph, step.network, step.library, step.bandwidth, step.library.after_collective})
      .step_time;
}

// Every NPU by itself.
Time ranked(const FileStep& step) {
  return simulate_full(
             {step.ranks->graph, step.network, step.library, step.bandwidth, step.library.after_collective},
             *step.ranks)
      .step_time;
}

// Networks in ASTRA-sim 2's form: GB/s and ns of each dimension.
struct GptNetwork {
  const char* kinds;
  const char* npus;
  const char* bandwidth = "50";
  const char* latency = "500";
};
// A fast ring inside, slower switches between.
constexpr const char* fast_inside = "200, 50";
constexpr const char* latencies_of_two = "500, 1000";

class GptTraces : public testing::Test {
 protected:
  // NPU by NPU the step takes as long as in ASTRA-sim 2, to the nanosecond; folded within `tolerance`.
  void expect_cycles(const GptNetwork& network, double cycles, double tolerance) const {
    const FileStep step = step_on(network);
    EXPECT_EQ(ranked(step), nanoseconds(cycles)) << network.kinds << ' ' << network.npus;
    EXPECT_NEAR(to_ns(folded(step)) / cycles, 1.0, tolerance) << network.kinds << ' ' << network.npus;
  }

  // Over shared links, which whole messages cross one by one in ASTRA-sim 2's congestion-aware network and
  // share fairly here.
  void expect_shared(const GptNetwork& network, double cycles, double tolerance) const {
    FileStep step = step_on(network);
    step.library.network = NetworkModel::Flows;
    EXPECT_NEAR(to_ns(ranked(step)) / cycles, 1.0, tolerance) << network.kinds << ' ' << network.npus;
  }

  [[nodiscard]] FileStep step_on(const GptNetwork& network) const {
    write_file(folder / "network.yml",
               fmt::format("topology: [{}]\nnpus_count: [{}]\nbandwidth: [{}]\nlatency: [{}]\n",
                           network.kinds, network.npus, network.bandwidth, network.latency));
    const bool two = std::string_view(network.npus).find(',') != std::string_view::npos;
    std::string collectives;
    for (const char* kind : {"all-reduce", "all-gather", "reduce-scatter", "all-to-all"}) {
      collectives += fmt::format(R"("{}-implementation": ["ring"{}], )", kind, two ? R"(, "ring")" : "");
    }
    write_file(folder / "system.json",
               "{" + collectives +
                   R"("scheduling-policy": "LIFO", "endpoint-delay": 10, "active-chunks-per-dimension": 1,
                      "preferred-dataset-splits": 4, "collective-optimization": "localBWAware",
                      "local-mem-bw": 1600, "roofline-enabled": 1, "peak-perf": 312})");
    return load_files({.workload = (folder / "w").string(),
                       .network = (folder / "network.yml").string(),
                       .library = (folder / "system.json").string()},
                      {});
  }

  const TemporaryFolder folder;
};

TEST_F(GptTraces, EightNpus) {
  write_gpt_traces({.trace = "flat 8", .data = 2, .tensor = 4}, folder.path());
  expect_cycles({"Ring", "8"}, 7410516, 1e-9);
  expect_cycles({"Switch", "8"}, 7434516, 1e-9);
  expect_cycles({"Ring, Switch", "4, 2", fast_inside, latencies_of_two}, 3191100, 1e-9);
  expect_shared({"Ring", "8"}, 11584884, 0.01);
  expect_shared({"Switch", "8"}, 13063940, 0.01);
}

TEST_F(GptTraces, SixtyFourNpus) {
  write_gpt_traces({.trace = "flat 64", .data = 8, .tensor = 8}, folder.path());
  expect_cycles({"Ring", "64"}, 16591108, 2e-3);
  expect_cycles({"Switch", "64"}, 12937108, 1e-9);
  expect_cycles({"Ring, Switch", "8, 8", fast_inside, latencies_of_two}, 12245060, 1e-9);
  expect_shared({"Ring", "64"}, 71575072, 2e-4);  // eight data-parallel rings over each link
  expect_shared({"Switch", "64"}, 22882260, 0.01);
}

TEST_F(GptTraces, FiveHundredAndTwelveNpus) {
  write_gpt_traces({.trace = "flat 64", .data = 64, .tensor = 8}, folder.path());
  expect_cycles({"Ring", "512"}, 54124180, 1e-9);
}

// All NPUs of the pipeline finish; one that did not would be an error.
TEST_F(GptTraces, PipelineOfSixtyFourNpus) {
  write_gpt_traces({.trace = "pipeline", .data = 4, .tensor = 4, .stages = 4}, folder.path());
  expect_cycles({"Ring", "64"}, 17844961, 0.04);
  expect_cycles({"Ring, Switch", "8, 8", fast_inside, latencies_of_two}, 7932180, 0.002);
}

}  // namespace
}  // namespace bandwright
