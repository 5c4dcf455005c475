// Are graphs and tiers read right, and what is wrong with them said in one line?
#include <gtest/gtest.h>

#include "core/io/paths.h"
#include "memory/graphs/convnet_training.h"
#include "memory/graphs/kernel_csv.h"
#include "memory/placement.h"
#include "tests/memory/random_graph.h"

namespace bandwright {
namespace {

constexpr const char* header = "name,inputs,outputs,input_bytes,output_bytes,config(in|out),time_us\n";

template <class Read>
std::string error_of(Read read) {
  try {
    static_cast<void>(read());
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(KernelCsv, ReadsMeasuredKernels) {
  const TrainingGraph graph = parse_kernel_csv(std::string(header) +
                                                   "a,x;fixed,t,8;8,4096,DD|D,2\n"
                                                   "a,x;fixed,t,8;8,4096,DD|P,5\n"
                                                   "a,x;fixed,t,8;8,4096,DD|P,4\n"
                                                   "b,t;t,u,4096;4096,10,FF|F,1\n"
                                                   "b,t;t,u,4096;4096,10,FS|F,9\n"
                                                   "b,t;t,u,4096;4096,10,SS|F,3\n",
                                               "k.csv");
  ASSERT_EQ(graph.tensors.size(), 2U);  // x and fixed are written by no kernel: always in fast memory
  ASSERT_EQ(graph.kernels.size(), 2U);
  EXPECT_DOUBLE_EQ(graph.kernels[0].ns(0), 2000.0);
  EXPECT_DOUBLE_EQ(graph.kernels[0].ns(1), 4000.0);                 // the fastest of equal lines
  EXPECT_EQ(graph.kernels[1].arguments, (std::vector<int>{0, 1}));  // t once
  EXPECT_DOUBLE_EQ(graph.kernels[1].ns(1), 3000.0);                 // FS: t cannot be in two places
  EXPECT_EQ(graph.kernels[1].ns(2), never);                         // no such line
  EXPECT_EQ(peak_live(graph), page * 2);
}

TEST(KernelCsv, SortsKernelsThatAreListedBeforeTheirInputs) {
  const TrainingGraph graph =
      parse_kernel_csv(std::string(header) + "b,t,u,8,8,D|D,1\na,,t,,8,|D,1\n", "k.csv");
  EXPECT_EQ(graph.kernels[0].name, "a");
  EXPECT_EQ(graph.kernels[1].name, "b");
}

struct BadText {
  std::string text;
  std::string message;
};
class BadKernelCsv : public ::testing::TestWithParam<BadText> {};
INSTANTIATE_TEST_SUITE_P(
    Texts, BadKernelCsv,
    ::testing::Values(
        BadText{"", "k.csv: holds no kernels"},
        BadText{"name,inputs,outputs,input_bytes,output_bytes,time_us\n",
                "k.csv:1: column 'config' (the memory of each input and output) is missing, expected "
                "node,name,op,inputs,outputs,input_bytes,output_bytes,config,time_us"},
        BadText{std::string(header) + "a,,t,,8,|D\n", "k.csv:2: 6 fields, expected the 7 of the header"},
        BadText{std::string(header) + "a,,t,,8,D,1\n",
                "k.csv:2: config 'D' is not of the form inputs|outputs"},
        BadText{std::string(header) + "a,,t,,8,|DD,1\n",
                "k.csv:2: a: 1 outputs, 1 sizes and 2 letters of config 'DD'"},
        BadText{std::string(header) + "a,,t,,8,|X,1\n",
                "k.csv:2: a: config letter 'X', expected D or F (fast), P or S (slow)"},
        BadText{std::string(header) + "a,,t,,8,|D,-1\n",
                "k.csv:2: a: '-1' is out of range: expected a number from 0 to 1000000000000"},
        BadText{std::string(header) + "a,,t,,-8,|D,1\n",
                "k.csv:2: a: '-8' is not a whole number from 0 to 1125899906842624"},
        BadText{std::string(header) + "a,,t,,8,|D,1\nb,t,u,9,8,D|D,1\n",
                "k.csv:3: b: tensor 't' has 9 bytes here and 8 in an earlier line"},
        BadText{std::string(header) + "a,,t,,8,|D,1\na,,u,,8,|D,1\n",
                "k.csv:3: a: differs in name, inputs or outputs from an earlier line of the same kernel"},
        BadText{std::string(header) + "a,,t,,8,|D,1\nb,,t,,8,|D,1\n",
                "k.csv: tensor 't' is written by kernel 'a' and again by kernel 'b'"},
        BadText{std::string(header) + "a,fixed,t,8,8,P|D,1\n",
                "k.csv: a: has no configuration with its fixed tensors in fast memory"},
        BadText{std::string(header) + "a,u,t,8,8,D|D,1\nb,t,u,8,8,D|D,1\n",
                "k.csv: kernel 'a' waits for its own result: the graph is cyclic"}));

TEST_P(BadKernelCsv, IsRefusedInOneLine) {
  EXPECT_EQ(error_of([] { return parse_kernel_csv(GetParam().text, "k.csv"); }), GetParam().message);
}

TEST(Placement, AKernelThatNeverFitsIsNamed) {
  PlacementProblem problem{.tiers = test_tiers(), .fast_limit = page};
  problem.graph = parse_kernel_csv(std::string(header) + "big,,t,,8000,|D,1\n", "k.csv");
  EXPECT_EQ(
      error_of([&] { return check(problem), 0; }),
      "kernel 'big' needs 8.192 kB of fast memory, more than the 4.096 kB allowed, and has no time measured "
      "with less");
}

TEST(Tiers, ThoseShippedAreRead) {
  for (const std::string& name : input_names("tiers")) {
    const TierPair tiers = load_tiers(name);
    EXPECT_GT(tiers.fast.read, tiers.slow.read) << name;
    EXPECT_GT(tiers.fast.dollars_per_gb, tiers.slow.dollars_per_gb) << name;
  }
  EXPECT_GE(input_names("tiers").size(), 3U);
}

TEST(Tiers, ZeroBandwidthIsRefused) {
  const std::string text =
      "name: T\nhelp: t\ncompute: 1 TFLOP/s\n"
      "fast: {name: F, capacity: 1 GB, read: 9 GB/s, write: 9 GB/s, price_per_gb: 2}\n"
      "slow: {name: S, capacity: 1 GB, read: 9 GB/s, write: 0 GB/s, price_per_gb: 1}\n"
      "copies: {to_fast: 9 GB/s, to_slow: 9 GB/s}\n"
      "overlapped: {to_fast: 9 GB/s, to_slow: 9 GB/s}\n";
  EXPECT_EQ(error_of([&] { return read_tiers(YamlValue::parse(text, "t.yaml")); }),
            "t.yaml:5: slow.write: expected at least 1e-06 GB/s");
}

// conv 3x3 from 2 to 4 channels on 5x5, ReLU; dense to 3. Batch 2, 4 bytes.
constexpr const char* tiny =
    "name: Tiny\nhelp: tiny\ninput: {channels: 2, height: 5, width: 5}\nbatch: 2\nbytes_per_element: "
    "4\nlayers:\n"
    "  - conv: {channels: 4, kernel: 3, stride: 2, relu: true}\n  - dense: {channels: 3}\n";

TEST(ConvNet, BuildsForwardAndBackwardKernels) {
  const TierPair tiers = test_tiers();
  const TrainingGraph graph = training_graph(read_image_model(YamlValue::parse(tiny, "n.yaml")), tiers);
  std::vector<std::string> names;
  for (const Kernel& kernel : graph.kernels) names.push_back(kernel.name);
  // No gradient of the batch: conv-1 has no data kernel.
  EXPECT_EQ(names, (std::vector<std::string>{"conv-1", "dense-2", "loss", "dense-2.weights", "dense-2.data",
                                             "conv-1.relu", "conv-1.weights"}));
  // 4 channels of 3x3 (5 / 2 rounded up), batch 2, 4 bytes.
  EXPECT_EQ(graph.tensors[0].bytes, bytes(4 * 3 * 3 * 2 * 4));
  // The dense layer's data kernel: 2 * (2 * 36 * 3) operations at 1 TFLOP/s take 0.4 ns; reading 36 * 3
  // weights and 6 gradients and writing 72 at 100 GB/s takes 7.44 ns. In slow memory 24 B / 10 GB/s and 288 B
  // / 5 GB/s more.
  const Kernel& data = graph.kernels[4];
  EXPECT_DOUBLE_EQ(data.fast_ns, (36 * 3 + 6 + 72) * 4 / 100.0);
  EXPECT_DOUBLE_EQ(data.ns(3), data.fast_ns + 24 / 10.0 + 288 / 5.0);
}

TEST(ConvNet, GradientsOfBranchesAreAddedUp) {
  const std::string text =
      "name: B\nhelp: b\ninput: {channels: 2, height: 4, width: 4}\nbatch: 1\nbytes_per_element: 4\nlayers:\n"
      "  - conv: {channels: 2, kernel: 1}\n  - add: [[], [norm-relu]]\n  - global-pool\n";
  const TrainingGraph graph =
      training_graph(read_image_model(YamlValue::parse(text, "n.yaml")), test_tiers());
  const auto sum = std::find_if(graph.kernels.begin(), graph.kernels.end(),
                                [](const Kernel& kernel) { return kernel.op == "Add"; });
  ASSERT_NE(sum, graph.kernels.end());
  EXPECT_EQ(sum->arguments.size(), 3U);
}

}  // namespace
}  // namespace bandwright
