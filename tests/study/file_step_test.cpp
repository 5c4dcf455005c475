// Jobs of other tools' files, against the step times those tools report: the GPT traces of
// ../shared/reference/chakra on the networks and systems of ../shared/reference/astra_sim_2,
// congestion-unaware.
#include "study/job/file_step.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "simulator/event_driven.h"
#include "simulator/player/player.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

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

class GptTraces : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(shared)) GTEST_SKIP() << shared << " is absent";
    unpack(shared / "astra_sim_2/configs.tar.gz");
  }

  void unpack(const fs::path& archive) const {
    const std::string command = "tar xzf " + archive.string() + " -C " + (folder / "").string();
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  // NPU by NPU the step takes as long as in ASTRA-sim 2, to the nanosecond; folded within `tolerance`.
  void expect_cycles(const std::string& traces, const std::string& network, const std::string& library,
                     double cycles, double tolerance) const {
    const FileStep step = load_files({.workload = (folder / traces).string(),
                                      .network = config(network + ".yml"),
                                      .library = config(library + ".json")},
                                     {});
    EXPECT_EQ(ranked(step), nanoseconds(cycles)) << traces << ' ' << network;
    EXPECT_NEAR(to_ns(folded(step)) / cycles, 1.0, tolerance) << traces << ' ' << network;
  }

  // Over shared links, which whole messages cross one by one in ASTRA-sim 2's congestion-aware network and
  // share fairly here.
  void expect_shared(const std::string& traces, const std::string& network, double cycles,
                     double tolerance) const {
    FileStep step = load_files({.workload = (folder / traces).string(),
                                .network = config(network + ".yml"),
                                .library = config("sys_train.json")},
                               {});
    step.library.network = NetworkModel::Flows;
    EXPECT_NEAR(to_ns(ranked(step)) / cycles, 1.0, tolerance) << traces << ' ' << network;
  }

  [[nodiscard]] std::string config(const std::string& name) const {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder / "")) {
      if (entry.path().filename() == name) return entry.path().string();
    }
    return name;
  }

  const fs::path shared = "../shared/reference";
  const TemporaryFolder folder;
};

TEST_F(GptTraces, EightNpus) {
  unpack(shared / "chakra/gpt4L_8_dp2tp4.tgz");
  expect_cycles("gen8", "net_Ring_8", "sys_train", 7410516, 1e-9);
  expect_cycles("gen8", "net_Switch_8", "sys_train", 7434516, 1e-9);
  expect_cycles("gen8", "net_2D_R4_S2", "sys_train2", 3191100, 1e-9);
  expect_shared("gen8", "net_Ring_8", 11584884, 0.01);
  expect_shared("gen8", "net_Switch_8", 13063940, 0.01);
}

TEST_F(GptTraces, SixtyFourNpus) {
  unpack(shared / "chakra/gpt4L_64_dp8tp8.tgz");
  expect_cycles("gen64", "net_Ring_64", "sys_train", 16591108, 2e-3);
  expect_cycles("gen64", "net_Switch_64", "sys_train", 12937108, 1e-9);
  expect_cycles("gen64", "net_2D_R8_S8b", "sys_train2", 12245060, 1e-9);
  expect_shared("gen64", "net_Ring_64", 71575072, 2e-4);  // eight data-parallel rings over each link
  expect_shared("gen64", "net_Switch_64", 22882260, 0.01);
}

TEST_F(GptTraces, FiveHundredAndTwelveNpus) {
  unpack(shared / "chakra/gpt4L_512_dp64tp8.tgz");
  expect_cycles("gen512s", "net_Ring_512", "sys_train", 54124180, 1e-9);
}

// All NPUs of the pipeline finish; one that did not would be an error.
TEST_F(GptTraces, PipelineOfSixtyFourNpus) {
  unpack(shared / "chakra/gpt4L_64_dp4tp4pp4.tgz");
  expect_cycles("gen64pp", "net_Ring_64", "sys_train", 17844961, 0.04);
  expect_cycles("gen64pp", "net_2D_R8_S8b", "sys_train2", 7932180, 0.002);
}

}  // namespace
}  // namespace bandwright
