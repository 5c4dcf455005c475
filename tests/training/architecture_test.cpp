#include "training/architecture.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/paths.h"
#include "training/kernels.h"
#include "training/machine.h"

namespace bandwright {
namespace {

// Published sizes, in billions.
TEST(Architecture, HasThePublishedParameters) {
  const std::vector<std::pair<const char*, double>> published = {
      {"gpt-7.5b", 7.5},      {"gpt-39.1b", 39.1},      {"gpt-1008b", 1008.0}, {"gpt3-175b", 174.6},
      {"llama2-7b", 6.74},    {"llama3-8b", 8.03},      {"llama3-70b", 70.6},  {"llama3.1-405b", 405.9},
      {"mixtral-8x7b", 46.7}, {"mixtral-8x22b", 140.6}, {"deepseek-v3", 671.0}};
  for (const auto& [name, billions] : published) {
    EXPECT_NEAR(parameters(load_architecture(name)) * 1e-9, billions, 0.01 * billions) << name;
  }
  EXPECT_NEAR(active_parameters(load_architecture("mixtral-8x7b")) * 1e-9, 12.9, 0.2);
}

// 72 b s l h^2 (1 + s/6h + V/12lh) for a GPT: the formula of Narayanan et al. (SC 2021).
TEST(Architecture, HasTheFlopOfThePublishedFormula) {
  const TransformerArchitecture m = load_architecture("gpt3-175b");
  const double formula =
      72.0 * 2048 * 96 * 12288.0 * 12288 * (1.0 + 2048 / (6.0 * 12288) + 51200 / (12.0 * 96 * 12288));
  EXPECT_NEAR(model_flop_per_sequence(m), formula, 1e-3 * formula);
}

TEST(Architecture, ReadsHuggingFaceConfigurations) {
  const TransformerArchitecture m = read_hugging_face(
      R"({"model_type": "llama", "num_hidden_layers": 80, "hidden_size": 8192, "num_attention_heads": 64,
          "num_key_value_heads": 8, "intermediate_size": 28672, "hidden_act": "silu", "vocab_size": 128256,
          "max_position_embeddings": 8192})",
      "config.json");
  EXPECT_DOUBLE_EQ(parameters(m), parameters(load_architecture("llama3-70b")));
}

// transformers leaves out what is its own default, which differs between families.
TEST(Architecture, TheFamilyDecidesWhatConfigurationsLeaveOut) {
  const auto kind = [](const std::string& more) {
    return read_hugging_face(R"({"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
                                 "vocab_size": 99)" +
                                 more + "}",
                             "config.json")
        .ffn_kind;
  };
  for (const char* family : {"llama", "mistral", "mixtral", "qwen2", "gemma2"}) {
    EXPECT_EQ(kind(std::string(R"(, "model_type": ")") + family + '"'), FfnKind::SwiGlu) << family;
  }
  for (const char* family : {"gpt2", "gpt_neox", "opt", "falcon"}) {
    EXPECT_EQ(kind(std::string(R"(, "model_type": ")") + family + '"'), FfnKind::Gelu) << family;
  }
  EXPECT_EQ(kind(""), FfnKind::Gelu);
  EXPECT_EQ(kind(R"(, "model_type": "mine", "hidden_act": "silu")"), FfnKind::SwiGlu);
  EXPECT_EQ(kind(R"(, "model_type": "gpt2", "activation_function": "gelu_new")"), FfnKind::Gelu);
  EXPECT_EQ(kind(R"(, "model_type": "gemma", "hidden_act": "gelu_pytorch_tanh")"), FfnKind::SwiGlu);
  EXPECT_THROW(kind(R"(, "model_type": "mine")"), InputError);
}

TEST(Architecture, RefusesBrokenConfigurations) {
  for (const char* text :
       {"", "[]", "{", "{}", "{\"num_hidden_layers\": -3}", "{\"num_hidden_layers\": 1e99}",
        R"({"num_hidden_layers": 2, "hidden_size": 0, "num_attention_heads": 1, "vocab_size": 9})",
        R"({"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": "x"})",
        R"({"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 4,
                               "num_key_value_heads": 3, "vocab_size": 9})"}) {
    EXPECT_THROW(read_hugging_face(text, "config.json"), InputError) << text;
  }
}

TEST(Architecture, ReadsEveryInputThatShips) {
  for (const std::string& name : input_names("architectures"))
    EXPECT_NO_THROW(load_architecture(name)) << name;
}

TEST(Machine, ReadsEveryInputThatShips) {
  for (const std::string& name : input_names("machines")) EXPECT_NO_THROW(load_machine(name)) << name;
}

TEST(Machine, LaysJobsOverItsDimensions) {
  const Machine machine = load_machine("dgx-a100");
  EXPECT_EQ(machine.network(4).shorthand(), "Switch(4)");
  EXPECT_EQ(machine.network(512).shorthand(), "Switch(8)_Switch(64)");
  EXPECT_THROW(machine.network(12), InputError);
  EXPECT_THROW(machine.network(0), InputError);
  EXPECT_EQ(machine.network(1).size(), 0);
}

TEST(Machine, RatesThatCannotBeMeasuredAreRefused) {
  const auto with = [](const std::string& rates) {
    return YamlValue::parse(
        "name: M\nnpu: {name: N, peak: {}, memory: 1 GB, memory_bandwidth: 1 GB/s, processors: 1, constants: "
        "ideal}\ndimensions: [{kind: Ring, class: Pod, fabric: ideal, bandwidth: 1 GB/s}]\n"
        "measured: [{model: m, source: s, items_per_second: " +
            rates + "}]\n",
        "m.yaml");
  };
  EXPECT_DOUBLE_EQ(read_machine(with("{1: 2.5}")).find_measured("M")->items_per_second.at(1), 2.5);
  for (const char* bad : {"{0: 1}", "{x: 1}", "{1: 0}", "{1: -1}", "{1: nan}"}) {
    EXPECT_THROW(read_machine(with(bad)), InputError) << bad;
  }
}

TEST(Gemm, TakesAtLeastTheRooflineAndGrowsWithEachSide) {
  const Npu npu = load_machine("dgx-a100").npu;
  for (const Gemm& gemm : {Gemm{8192, 8192, 8192}, Gemm{64, 4096, 4096}, Gemm{1, 512, 512}}) {
    const double ns = gemm_ns(npu, Precision::Bf16, gemm);
    EXPECT_GE(ns, gemm.flop() / npu.peak(Precision::Bf16));
    EXPECT_LE(ns, gemm_ns(npu, Precision::Bf16, {2 * gemm.m, gemm.n, gemm.k}));
    EXPECT_LE(ns, gemm_ns(npu, Precision::Bf16, {gemm.m, gemm.n, 2 * gemm.k}));
  }
}

}  // namespace
}  // namespace bandwright
