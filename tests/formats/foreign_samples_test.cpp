// Every sample file of LIBRA, its artifact and ASTRA-sim 1.0 under ../shared/reference/foreign.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/astra_sim/libra.h"
#include "formats/class_prices.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class ForeignSamples : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(root)) GTEST_SKIP() << root << " is absent";
  }
  const fs::path root = "../shared/reference/foreign";
};

TEST_F(ForeignSamples, LayerTexts) {
  int read = 0;
  for (const char* folder : {"libra/workload", "astra_sim_1/workload", "artifact/evaluation_input/workload",
                             "artifact/optimizer_input/workload"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(root / folder)) {
      EXPECT_FALSE(read_layer_text(entry.path()).model.lines.empty()) << entry.path();
      ++read;
    }
  }
  EXPECT_EQ(read, 22);
}

// LIBRA's GPT-3 on the 4D network of 4,096 NPUs: TP 16 and DP 256 break dimension 1 into 4 and 2, which is
// what laying TP 16 innermost gives.
TEST_F(ForeignSamples, LibraCommunicatorsAreTheUsualGroups) {
  const Network network = read_libra_network(YamlValue::load(root / "libra/network/4d_network.yml"));
  const auto communicator =
      read_libra_communicator(YamlValue::load(root / "libra/communicator/GPT_3_4d.yml"));
  LayerText text = read_layer_text(root / "libra/workload/GPT_3.txt");
  text.model.tensor_parallel = 16;
  const auto groups = communicator_groups(communicator, network);
  const auto usual = layer_text_groups(text, network);
  for (const Axis axis : {Axis::Tensor, Axis::Data, Axis::World}) {
    EXPECT_EQ(groups[static_cast<std::size_t>(axis)].dimensions,
              usual[static_cast<std::size_t>(axis)].dimensions);
  }
}

TEST_F(ForeignSamples, PriceLists) {
  const PriceList libra =
      read_class_prices(YamlValue::load(root / "libra/cost_model/4d_cost_model.yml"), Cables::PerNpu);
  EXPECT_EQ(libra.price("InterPod", Element::Nic), dollars(31.60004));
  const PriceList artifact =
      read_class_prices(YamlValue::load(root / "artifact/optimizer_input/cost/cost.json"), Cables::Shared);
  EXPECT_EQ(artifact.price("Tile", Element::Switch), std::nullopt);
}

// A 4 x 4 x 4 torus with two links of 32 "GB/s" on dimension 0: 64 GiB/s per NPU.
TEST_F(ForeignSamples, AstraSim1Network) {
  const auto torus =
      read_astra_sim_1_network(YamlValue::load(root / "astra_sim_1/network/analytical/sample_Torus3D.json"));
  EXPECT_EQ(torus.network.shorthand(), "Ring(4)_Ring(4)_Ring(4)");
  EXPECT_DOUBLE_EQ(torus.bandwidth[0].value(), gib_per_s(64).value());
  EXPECT_EQ(torus.latency[0], nanoseconds(1));
}

}  // namespace
}  // namespace bandwright
