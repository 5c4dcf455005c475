#include "formats/detect.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "formats/astra_sim/astra_sim_1.h"
#include "formats/astra_sim/astra_sim_system.h"
#include "formats/import.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

class Detect : public testing::Test {
 protected:
  void TearDown() override { fs::remove(path); }

  std::string format(const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    try {
      const Sample sample = sample_of(path);
      const FileFormat& format = format_of(sample);
      format.summarise(sample);
      return std::string(format.name);
    } catch (const InputError& error) {
      return std::string(error.what()).substr(path.string().size());
    }
  }

  const fs::path path = fs::temp_directory_path() / ("bandwright_detect_" + std::to_string(getpid()));
};

TEST_F(Detect, ContentDecides) {
  EXPECT_EQ(format("topology: [ Ring ]\nnpus_count: [ 8 ]\nbandwidth: [ 50 ]\nlatency: [ 500 ]\n"),
            "astra-sim-2-network");
  EXPECT_EQ(format(R"({"preferred-dataset-splits": 4, "all-reduce-implementation": ["ring"]})"),
            "astra-sim-2-system");
  EXPECT_EQ(format("preferred-dataset-splits: 4\n"), "astra-sim-1-system");
  EXPECT_EQ(format(R"({"1": [0, 1]})"), "astra-sim-2-groups");
  EXPECT_EQ(format(R"({"logical-dims": ["8", "2"]})"), "astra-sim-2-logical");
  EXPECT_EQ(format(R"({"memory-type": "NO_MEMORY_EXPANSION"})"), "astra-sim-2-memory");
  EXPECT_EQ(format("MICRO\n1\nconv -1 5 NONE 0 5 NONE 0 5 ALLREDUCE 1024 5\n"), "layer-text");
  EXPECT_EQ(format("\x07\x0a\x05"
                   "0.0.4"
                   "\x04\x08\x01\x18\x04"),  // node 1, a computation
            "chakra");
}

TEST_F(Detect, SaysWhatIsWrong) {
  EXPECT_EQ(format(""), ": is empty");
  EXPECT_EQ(format("\x07\x0a\x05"), ": byte 0: is truncated: a message of 7 bytes, but 2 are left");
  EXPECT_NE(
      format("colour: blue\n").find("is none of the formats that can be read (choices: chakra, layer-text, "),
      std::string::npos);
  EXPECT_NE(format("PIPELINE_MAGIC\n1\n").find("unknown policy 'PIPELINE_MAGIC'"), std::string::npos);
  EXPECT_NE(format("topology: [ Ring ]\nnpus_count: [ 8, 2 ]\nbandwidth: [ 50 ]\nlatency: [ 500 ]\n")
                .find("2 values for 1 dimensions"),
            std::string::npos);
}

// What PyTorch writes is not a Chakra trace yet; the message names the converters.
TEST_F(Detect, ProfilesOfPyTorchHearWhichConverterTheyNeed) {
  const std::string kineto = format(R"({"schemaVersion": 1, "deviceProperties": [], "traceEvents": [{}]})");
  EXPECT_NE(kineto.find("is a Kineto trace of PyTorch's"), std::string::npos);
  EXPECT_NE(kineto.find("chakra_converter PyTorch"), std::string::npos);
  EXPECT_NE(format(R"({"schema": "1.1.1-chakra.0.0.4", "pid": 7, "nodes": [{"id": 1}]})")
                .find("is a host execution trace of PyTorch's"),
            std::string::npos);
}

// One message: the length 0 and nothing. Once taken for a trace without nodes.
TEST_F(Detect, ATraceWithoutNodesIsNone) {
  const std::string trace = std::string("\x07\x0a\x05") + "0.0.4";
  EXPECT_EQ(format(trace), ": holds no nodes");
}

TEST_F(Detect, PartsOfOtherInputsAreNotImported) {
  std::ofstream(path) << R"({"1": [0, 1]})";
  EXPECT_THROW(imported(sample_of(path)), InputError);
}

// What came from where, and what the file says besides.
TEST_F(Detect, ImportsSayWhatCameFromWhere) {
  std::ofstream(path) << R"({"total-bandwidth": 300, "npus-count": [4, 2], "topology": ["Ring", "Switch"],
                             "network-type": ["Package", "Pod"]})";
  const std::string text = imported(sample_of(path));
  EXPECT_NE(text.find("# - dimensions from topology and npus-count, classes from network-type\n"),
            std::string::npos);
  EXPECT_NE(text.find("# - total-bandwidth is a budget, for optimize: 300 GB/s per NPU\n"),
            std::string::npos);
  EXPECT_NE(text.find("{kind: Switch, npus: 2, class: Pod}"), std::string::npos);
}

AstraSimSystem system_of(const std::string& json) {
  return read_astra_sim_2_system(YamlValue::parse(json, "sys.json"));
}

TEST(AstraSimSystems, EachDimensionHasItsAlgorithm) {
  const AstraSimSystem read = system_of(R"({"all-reduce-implementation": ["ring", "halvingDoubling"],
      "preferred-dataset-splits": 4, "endpoint-delay": 10, "local-mem-bw": 1600,
      "roofline-enabled": 1, "peak-perf": 312})");
  ASSERT_EQ(read.library.algorithms.by_dimension.size(), 2U);
  EXPECT_EQ(read.library.algorithms.by_dimension[1].at(CollectiveKind::AllReduce), "halving-doubling");
  EXPECT_EQ(read.library.chunks, 4);
  EXPECT_EQ(read.library.endpoint_delay, nanoseconds(10));
  EXPECT_DOUBLE_EQ(read.peak->value(), 312e12);
  EXPECT_TRUE(read.library.gib);
}

TEST(AstraSimSystems, BaselineSchedulingIsAscending) {
  EXPECT_EQ(system_of(R"({"inter-dimension-scheduling": "baseline"})").library.scheduler, "ascending");
  EXPECT_EQ(system_of(R"({"inter-dimension-scheduling": "offlineGreedy"})").library.scheduler, "themis");
}

// The type of a dimension prices it and does nothing else: without one it has its usual class.
TEST(AstraSimNetworks, DimensionTypesAreOptional) {
  const AstraSim1Network read = read_astra_sim_1_network(YamlValue::parse(
      R"({"dimensions-count": 2, "topologies-per-dim": ["Ring", "Switch"], "units-count": [6, 4],
          "links-count": [2, 1], "link-latency": [300, 700], "link-bandwidth": [40, 12.5]})",
      "network.json"));
  EXPECT_EQ(read.network.npus(), 24);
  EXPECT_EQ(read.network.dimensions[0].price_class, "Package");
  EXPECT_EQ(read.network.dimensions[1].price_class, "Pod");
  EXPECT_EQ(read.bandwidth[0], gib_per_s(80.0));
}

TEST(AstraSimSystems, UnknownKeysAreReportedAndCustomCollectivesRefused) {
  const AstraSimSystem read = system_of(R"({"prefered-dataset-splits": 4, "boost-mode": 1})");
  ASSERT_EQ(read.ignored.size(), 2U);
  EXPECT_EQ(read.ignored[0],
            "prefered-dataset-splits: not a key of a system file; did you mean 'preferred-dataset-splits'?");
  EXPECT_THROW(system_of(R"({"all-reduce-implementation-custom": ["x"]})"), InputError);
  EXPECT_THROW(system_of(R"({"all-reduce-implementation": ["magic"]})"), InputError);
  EXPECT_THROW(system_of(R"({"scheduling-policy": "EXPLICIT"})"), InputError);
}

}  // namespace
}  // namespace bandwright
