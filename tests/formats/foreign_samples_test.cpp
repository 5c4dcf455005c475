// Files of LIBRA, its artifact and ASTRA-sim 1.0 as their users have them: comments and blank lines first,
// tabs in heaps, blanks at line ends, keys that nothing here uses, no end of the last line. The tools' own
// samples are read as well where they lie beside the project.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "core/io/files.h"
#include "core/text.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/astra_sim/libra.h"
#include "formats/class_prices.h"
#include "formats/import.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

const std::string libra_network =
    "### A network of three dimensions\n\n"
    "Topology: [ Ring, FullyConnected, Switch ]  # 3D\n"
    "NpusCount: [ 4, 8, 32 ]  # 4 * 8 * 32 = 1,024 NPUs\n"
    "CostDimension: [ InterPackage, InterNode, InterPod ]\n";
const std::string libra_communicator =
    "### TP 16, DP 64\n\nForward: [ 4, 4, -1 ]\nInputGrad: [ 4, 4, -1 ]\nWeightGrad: [ -1, 2, 32 ]";
const std::string libra_layers =
    "matrix -1 40 NONE 0 50 ALLREDUCE 1000 60 ALLREDUCE 3000 10\n"
    "sum -1 70 ALLREDUCE 2000 80 ALLGATHER 500 90 NONE 0 10\n"
    "\n";
const std::string libra_prices =
    "### Dollars per GB/s\n\nInterPackage:\n  Link: 4.25\n\nInterNode:\n  Link: 4.5\n  Switch: 13.5\n\n"
    "InterPod:\n  Link: 7.75\n  Switch: 18.25\n  Nic: 31.5\n";
const std::string artifact_prices =
    "{\n  \"Tile\": {\n    \"Link\": 2.5\n  },\n\n  \"Pod\": {\n    \"Link\": 7.5,\n    \"Switch\": 18.0,\n"
    "    \"Nic\": 31.5\n  }\n}\n";
const std::string astra_sim_1_torus =
    R"({
  "topology-name": "Hierarchical",
  "topologies-per-dim": ["Ring", "Ring", "FullyConnected"],
  "dimension-type": ["N", "N", "P"],
  "dimensions-count": 3,
  "units-count": [4, 6, 3],
  "links-count": [2, 2, 2],
  "link-latency": [3, 1, 1],
  "link-bandwidth": [20, 16, 12.5],
  "nic-latency": [0, 0, 0],
  "router-latency": [0, 0, 0],
  "hbm-latency": [500, 500, 500],
  "hbm-bandwidth": [370, 370, 370],
  "hbm-scale": [0, 0, 0]
})";

// Two layers whose passes take 40 50 60 and 70 80 90 ns, by policy.
std::map<std::string, std::string> layer_texts() {
  std::map<std::string, std::string> texts;
  const std::string tabs = "\t\t\t\t\t";
  for (const char* policy : {"DATA", "MODEL", "HYBRID_DATA_MODEL", "HYBRID_MODEL_DATA"}) {
    texts[policy] = policy + tabs + "\r\n2" + tabs +
                    "\r\n"
                    "matrix\t-1\t40\tNONE\t0\t50\tALLREDUCE\t1000\t60\tALLREDUCE\t3000\t10\r\n"
                    "sum\t-1\t70\tALLREDUCE\t2000\t80\tALLGATHER\t500\t90\tNONE\t0\t10";
  }
  texts["HYBRID_TRANSFORMER"] = "HYBRID_TRANSFORMER\tmodel_parallel_NPU_group: 4" + tabs + "\n2\n" +
                                "matrix -1 40 NONE 0 50 ALLREDUCE 1000 60 ALLREDUCE 3000 10 \n"
                                "sum -1 70 ALLREDUCE 2000 80 ALLGATHER 500 90 NONE 0 10\t\n";
  texts["HYBRID_TRANSFORMER_FWD_IN_BCKWD"] =
      "HYBRID_TRANSFORMER_FWD_IN_BCKWD\tmodel_parallel_NPU_group: 4 checkpoints: 1 0 checkpoint_initiates: 1 "
      "1\n2\n"
      "matrix\t\t\t-1\t40\t\tNONE\t\t0\t\t50\tALLREDUCE\t1000\t60\t\tALLREDUCE\t3000\t10\n"
      "sum\t\t\t-1\t70\t\tALLREDUCE\t2000\t80\tALLGATHER\t500\t90\t\tNONE\t\t0\t\t10\n";
  texts["HYBRID_DLRM"] = "HYBRID_DLRM\t1" + tabs + "\n2" + tabs +
                         "\nmatrix\t-1\t40\tNONE\t0\t50\tALLTOALL\t1000\t60\tALLREDUCE\t3000\t10\n"
                         "sum\t-1\t70\tALLTOALL\t2000\t80\tALLTOALL\t500\t90\tNONE\t0\t10\n";
  texts["HYBRID_CUSTOMIZED"] =
      "HYBRID_CUSTOMIZED" + tabs + "\n2" + tabs +
      "\nmatrix\t-1\t40\tNONE\t0\t50\tREDUCESCATTER\t1000\t60\tALLREDUCE\t3000\t10\tHYBRID_DATA_MODEL\n"
      "sum\t-1\t70\tALLGATHER\t2000\t80\tALLGATHER\t500\t90\tNONE\t0\t10\t HYBRID_DATA_MODEL\n";
  texts[""] = libra_layers;
  return texts;
}

// Every file, and what format it is.
std::vector<std::pair<std::string, std::string>> foreign_files() {
  std::vector<std::pair<std::string, std::string>> files = {
      {"libra-network", libra_network},
      {"libra-communicator", libra_communicator},
      {"class-prices", libra_prices},
      {"class-prices", artifact_prices},
      {"artifact-network",
       "{\n  \"total-bandwidth\": 100,\n  \"npus-count\": [8, 16],\n  \"topology\": [\"Ring\", \"Switch\"],\n"
       "  \"network-type\": [\"Package\", \"Pod\"]\n}\n"},
      {"astra-sim-1-network", astra_sim_1_torus},
      {"astra-sim-1-network",  // the counts come from elsewhere
       R"({"topology-name": "Hierarchical", "topologies-per-dim": ["Switch", "Switch"],
           "dimension-type": ["Package", "Pod"], "dimensions-count": 2, "units-count": [1, 1],
           "links-count": [1, 1], "link-latency": [1, 1], "link-bandwidth": [1, 1]})"},
      {"astra-sim-1-system",
       "scheduling-policy: LIFO\nendpoint-delay: 10\nactive-chunks-per-dimension: 1\n"
       "preferred-dataset-splits: 32\nboost-mode: 0\n"
       "all-reduce-implementation: direct_doubleBinaryTree\nall-gather-implementation: ring_ring\n"
       "reduce-scatter-implementation: ring_ring\nall-to-all-implementation: oneDirect\n"
       "collective-optimization: localBWAware\n"},
      {"astra-sim-1-system",
       "scheduling-policy: LIFO\nendpoint-delay: 1\npreferred-dataset-splits: 64\n"
       "all-reduce-implementation: ring_direct_halvingDoubling\nintra-dimension-scheduling: FIFO\n"
       "inter-dimension-scheduling: ascending"},
      {"layer-text", "MICRO\r\n1\r\nonce -1 5 NONE 0 5 NONE 0 5  ALLTOALL 1048576 5\r\n"}};
  for (const auto& [policy, text] : layer_texts()) files.emplace_back("layer-text", text);
  return files;
}

// The tools' own samples, and what their folders hold; none in a clone of the project alone.
std::vector<std::pair<std::string, fs::path>> own_samples() {
  const fs::path root = "../shared/reference/foreign";
  const std::map<std::string, std::string> folders = {
      {"artifact/evaluation_input/network", "astra-sim-1-network"},
      {"artifact/evaluation_input/system", "astra-sim-1-system"},
      {"artifact/evaluation_input/workload", "layer-text"},
      {"artifact/optimizer_input/cost", "class-prices"},
      {"artifact/optimizer_input/network", "artifact-network"},
      {"artifact/optimizer_input/workload", "layer-text"},
      {"astra_sim_1/network/analytical", "astra-sim-1-network"},
      {"astra_sim_1/system", "astra-sim-1-system"},
      {"astra_sim_1/workload", "layer-text"},
      {"libra/communicator", "libra-communicator"},
      {"libra/cost_model", "class-prices"},
      {"libra/network", "libra-network"},
      {"libra/workload", "layer-text"}};
  std::vector<std::pair<std::string, fs::path>> samples;
  for (const auto& [folder, format] : folders) {
    std::error_code absent;
    for (const fs::directory_entry& entry : fs::directory_iterator(root / folder, absent)) {
      samples.emplace_back(format, entry.path());
    }
  }
  return samples;
}

TEST(ForeignSamples, EachIsRecognisedAndRead) {
  const TemporaryFolder folder;
  std::vector<std::pair<std::string, fs::path>> samples = own_samples();
  for (const auto& [format, text] : foreign_files()) {
    samples.emplace_back(format, folder / std::to_string(samples.size()));
    write_whole(samples.back().second, text);
  }
  for (const auto& [format, file] : samples) {
    const Sample sample = sample_of(file);
    EXPECT_EQ(format_of(sample).name, format) << file;
    EXPECT_FALSE(format_of(sample).summarise(sample).facts.empty()) << file;
  }
}

// 40 + 70 ns forward, 50 + 80 and 60 + 90 back; 2,000, 1,500 and 3,000 bytes, less where a policy has a pass
// send nothing: DATA only gradients of weights, MODEL all but those.
TEST(ForeignSamples, LayerTextsSayTheSame) {
  for (const auto& [policy, text] : layer_texts()) {
    const LayerText read = parse_layer_text(text, "layers.txt");
    EXPECT_EQ(read.policy, policy);
    ASSERT_EQ(read.model.lines.size(), 2U) << policy;
    std::array<Time, 3> compute;
    std::array<std::int64_t, 3> sent = {};
    for (const Line& line : read.model.lines) {
      const std::array passes = {&line.forward, &line.input_gradient, &line.weight_gradient};
      for (std::size_t p = 0; p < passes.size(); ++p) {
        compute[p] += passes[p]->compute;
        if (passes[p]->communication) sent[p] += passes[p]->communication->collective.bytes.value();
      }
    }
    EXPECT_EQ(compute, (std::array{nanoseconds(110), nanoseconds(130), nanoseconds(150)})) << policy;
    const bool tensor = policy != "DATA";
    const bool data = policy != "MODEL";
    EXPECT_EQ(sent, (std::array<std::int64_t, 3>{tensor ? 2000 : 0, tensor ? 1500 : 0, data ? 3000 : 0}))
        << policy;
    EXPECT_EQ(read.model.lines[1].checkpoint, policy == "HYBRID_TRANSFORMER_FWD_IN_BCKWD") << policy;
  }
}

// TP 16 and DP 64 break dimension 1 into 4 and 2, which is what laying TP 16 innermost gives.
TEST(ForeignSamples, LibraCommunicatorsAreTheUsualGroups) {
  const Network network = read_libra_network(YamlValue::parse(libra_network, "network.yml"));
  const auto communicator = read_libra_communicator(YamlValue::parse(libra_communicator, "communicator.yml"));
  LayerText text = parse_layer_text(libra_layers, "layers.txt");
  text.model.tensor_parallel = 16;
  const auto groups = communicator_groups(communicator, network);
  const auto usual = layer_text_groups(text, network);
  for (const Axis axis : {Axis::Tensor, Axis::Data, Axis::World}) {
    EXPECT_EQ(groups[static_cast<std::size_t>(axis)].dimensions,
              usual[static_cast<std::size_t>(axis)].dimensions);
  }
}

TEST(ForeignSamples, PriceLists) {
  const PriceList libra = read_class_prices(YamlValue::parse(libra_prices, "cost.yml"), Cables::PerNpu);
  EXPECT_EQ(libra.price("InterPod", Element::Nic), dollars(31.5));
  const PriceList artifact =
      read_class_prices(YamlValue::parse(artifact_prices, "cost.json"), Cables::Shared);
  EXPECT_EQ(artifact.price("Tile", Element::Switch), std::nullopt);
}

// Two links of 20 "GB/s" on dimension 0: 40 GiB/s per NPU.
TEST(ForeignSamples, AstraSim1Network) {
  const auto torus = read_astra_sim_1_network(YamlValue::parse(astra_sim_1_torus, "torus.json"));
  EXPECT_EQ(torus.network.shorthand(), "Ring(4)_Ring(6)_FullyConnected(3)");
  EXPECT_DOUBLE_EQ(torus.bandwidth[0].value(), gib_per_s(40).value());
  EXPECT_EQ(torus.latency[0], nanoseconds(3));
}

}  // namespace
}  // namespace bandwright
