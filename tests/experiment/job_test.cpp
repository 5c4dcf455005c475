// Jobs of other tools' files, against the step times those tools report: the GPT traces of
// ../shared/reference/chakra on the networks and systems of ../shared/reference/astra_sim_2,
// congestion-unaware.
#include "experiment/job.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "simulator/event_driven.h"
#include "tests/experiment/support.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

Time step_time(const Job& job) {
  return simulate_folded({job.graph, job.network, job.system, job.bandwidth, job.system.after_collective})
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

  [[nodiscard]] double relative_error(const std::string& traces, const std::string& network,
                                      const std::string& system, double cycles) const {
    const Job job = load_job({.workload = (folder / traces).string(),
                              .network = config(network + ".yml"),
                              .system = config(system + ".json")},
                             {});
    return std::abs(to_ns(step_time(job)) / cycles - 1.0);
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
  EXPECT_LT(relative_error("gen8", "net_Ring_8", "sys_train", 7410516), 0.02);
  EXPECT_LT(relative_error("gen8", "net_Switch_8", "sys_train", 7434516), 0.02);
  EXPECT_LT(relative_error("gen8", "net_2D_R4_S2", "sys_train2", 3191100), 0.02);
}

TEST_F(GptTraces, SixtyFourNpus) {
  unpack(shared / "chakra/gpt4L_64_dp8tp8.tgz");
  EXPECT_LT(relative_error("gen64", "net_Ring_64", "sys_train", 16591108), 0.02);
  EXPECT_LT(relative_error("gen64", "net_Switch_64", "sys_train", 12937108), 0.02);
  EXPECT_LT(relative_error("gen64", "net_2D_R8_S8b", "sys_train2", 12245060), 0.02);
}

TEST_F(GptTraces, FiveHundredAndTwelveNpus) {
  unpack(shared / "chakra/gpt4L_512_dp64tp8.tgz");
  EXPECT_LT(relative_error("gen512s", "net_Ring_512", "sys_train", 54124180), 0.02);
}

// Pipeline stages: see docs/formats.md for why this one differs more.
TEST_F(GptTraces, PipelineOfSixtyFourNpus) {
  unpack(shared / "chakra/gpt4L_64_dp4tp4pp4.tgz");
  EXPECT_LT(relative_error("gen64pp", "net_Ring_64", "sys_train", 17844961), 0.05);
  EXPECT_LT(relative_error("gen64pp", "net_2D_R8_S8b", "sys_train2", 7932180), 0.05);
}

}  // namespace
}  // namespace bandwright
