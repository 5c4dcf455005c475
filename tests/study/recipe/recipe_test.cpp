// Recipes of software that trains, read as jobs of ours.
#include "study/recipe/recipe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "study/job/training.h"
#include "study/recipe/settings.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As examples/llama/train_llama3_8b_h100_fp8.sh of Megatron-LM is written: variables, arrays, line ends.
const std::string llama_script = R"(#!/bin/bash
#SBATCH --nodes=4 --ntasks-per-node=1
export CUDA_DEVICE_MAX_CONNECTIONS=1   # of no weight
GPUS_PER_NODE=8
NUM_NODES=${NNODES:-4}
TP_SIZE=2
SEQ_LENGTH=8192
DISTRIBUTED_ARGS=(
    --nproc_per_node $GPUS_PER_NODE
    --nnodes $NUM_NODES
)
MODEL_ARGS=(
    --use-mcore-models
    --num-layers 32
    --hidden-size 4096
    --ffn-hidden-size 14336
    --num-attention-heads 32
    --group-query-attention
    --num-query-groups 8
    --kv-channels 128
    --seq-length $SEQ_LENGTH
    --max-position-embeddings $SEQ_LENGTH
    --position-embedding-type rope
    --swiglu
    --untie-embeddings-and-output-weights
)
TRAINING_ARGS="--micro-batch-size 1 --global-batch-size 128 --lr 0.00015 --bf16"
DTYPE_ARGS="--fp8-format hybrid --fp8-amax-history-len 1024"
MODEL_PARALLEL_ARGS=(
    --tensor-model-parallel-size $TP_SIZE
    --sequence-parallel
    --pipeline-model-parallel-size 1 \
    --use-distributed-optimizer --overlap-grad-reduce --overlap-param-gather
)
torchrun ${DISTRIBUTED_ARGS[@]} pretrain_gpt.py "${MODEL_ARGS[@]}" ${TRAINING_ARGS} ${DTYPE_ARGS} \
    "${MODEL_PARALLEL_ARGS[@]}" --cross-entropy-loss-fusion --frobnicate-layers 3
)";

TEST(Recipe, AScriptOfMegatronCoreIsAJob) {
  ASSERT_TRUE(is_recipe(llama_script));
  const Recipe recipe = read_recipe(llama_script, "train.sh", {.machine = "dgx-h100"});
  EXPECT_EQ(recipe.software, "Megatron-Core");
  const Job& job = recipe.job;
  EXPECT_EQ(job.model, "llama3-8b");  // the same layers
  EXPECT_EQ(job.npus, "32");          // 4 nodes of 8
  EXPECT_EQ(job.tp, "2");
  EXPECT_EQ(job.sequence_parallel, "true");
  EXPECT_EQ(job.zero, "1");
  EXPECT_EQ(job.global_batch, "128");
  EXPECT_EQ(job.precision, "fp8");
  EXPECT_EQ(job.sent_gradients, "fp32");  // Megatron-Core's own default with bf16
  EXPECT_EQ(job.overlap, "");             // gradients, parameters, backward: as usual
  EXPECT_EQ(job.loss, "");                // fused, as usual
  EXPECT_THAT(recipe.notes,
              ElementsAre(AllOf(HasSubstr("--frobnicate-layers 3"), HasSubstr("not known here"))));
  EXPECT_THAT(recipe.weightless, Contains("--lr"));
  EXPECT_EQ(estimate_command(job),
            "bandwright estimate llama3-8b --machine dgx-h100 --npus 32 --tp 2 --global-batch 128 --zero 1 "
            "--sequence-parallel --precision fp8 --sent-gradients fp32");
}

// What is given besides takes the place of what the recipe says.
TEST(Recipe, GivenWordsWin) {
  const Recipe recipe = read_recipe(llama_script, "train.sh", {.model = "llama3-70b", .npus = "64"});
  EXPECT_EQ(recipe.job.model, "llama3-70b");
  EXPECT_EQ(recipe.job.npus, "64");
}

TEST(Recipe, AModelOfItsOwnIsWrittenOut) {
  std::string script = llama_script;
  script.replace(script.find("--num-layers 32"), 15, "--num-layers 31");
  const Recipe recipe = read_recipe(script, "train.sh", {.machine = "dgx-h100"});
  const TransformerArchitecture model = load_architecture(recipe.job.model);
  EXPECT_EQ(model.layers, 31);
  EXPECT_EQ(model.ffn_kind, FfnKind::SwiGlu);
  EXPECT_THAT(recipe.notes, Contains(HasSubstr("vocabulary")));
  EXPECT_GT(estimate(training_job(recipe.job, model, load_machine("dgx-h100"))).step_ns, 0.0);
}

// DeepSeek-V3's layers: three dense ones first, latent attention, groups of experts.
TEST(Recipe, ExpertsAndLatentAttention) {
  const std::string words =
      "pretrain_gpt.py --num-layers 61 --hidden-size 7168 --ffn-hidden-size 18432 --num-attention-heads 128 "
      "--seq-length 4096 --max-position-embeddings 4096 --position-embedding-type rope --swiglu "
      "--untie-embeddings-and-output-weights --multi-latent-attention --q-lora-rank 1536 --kv-lora-rank 512 "
      "--qk-head-dim 128 --qk-pos-emb-head-dim 64 --v-head-dim 128 --num-experts 256 --moe-router-topk 8 "
      "--moe-ffn-hidden-size 2048 --moe-shared-expert-intermediate-size 2048 --moe-layer-freq "
      "\"([0]*3+[1]*58)\" "
      "--moe-router-num-groups 8 --moe-router-group-topk 4 --vocab-size 129280 --micro-batch-size 1 --bf16 "
      "--global-batch-size 8192 --tensor-model-parallel-size 1 --pipeline-model-parallel-size 16 "
      "--expert-model-parallel-size 64 --moe-token-dispatcher-type flex --moe-enable-deepep --qk-layernorm "
      "--recompute-granularity selective --recompute-modules mla_up_proj layernorm";
  const Recipe recipe = read_recipe(words, "-", {.machine = "dgx-h100", .npus = "1024"});
  EXPECT_EQ(recipe.job.model, "deepseek-v3");
  EXPECT_EQ(recipe.job.ep, "64");
  EXPECT_EQ(recipe.job.recompute, "");
  EXPECT_EQ(recipe.job.recompute_modules, "up-projections,norms");
  EXPECT_THAT(recipe.notes, Contains(HasSubstr("--qk-layernorm: norms of queries and keys")));
}

const std::string titan = R"(# as torchtitan/models/llama3/train_configs/llama3_70b.toml
[model]
name = "llama3"
flavor = "70B"
converters = ["float8"]

[optimizer]
name = "AdamW"
lr = 1.5e-4  # a comment

[training]
local_batch_size = 8
seq_len = 8192
steps = 1000

[parallelism]
data_parallel_replicate_degree = 1
data_parallel_shard_degree = -1
tensor_parallel_degree = 8  # 8-way TP
pipeline_parallel_degree = 1
frobnicate_degree = 2

[activation_checkpoint]
mode = "full"
)";

TEST(Recipe, ATomlOfTorchTitanIsAJob) {
  ASSERT_TRUE(is_recipe(titan));
  const Recipe recipe = read_recipe(titan, "llama3_70b.toml", {.machine = "dgx-h100", .npus = "256"});
  EXPECT_EQ(recipe.software, "TorchTitan");
  // 256 NPUs of TP 8 are 32 shards: 8 sequences each, 256 in all.
  EXPECT_EQ(
      estimate_command(recipe.job),
      "bandwright estimate llama3-70b --machine dgx-h100 --npus 256 --tp 8 --global-batch 256 "
      "--micro-batch 8 --zero 3 --sequence-parallel --recompute full --precision fp8 --sent-gradients fp32 "
      "--loss kernel-by-kernel");
  EXPECT_THAT(recipe.notes, ElementsAre(HasSubstr("parallelism.frobnicate_degree 2: not known here")));
}

TEST(Recipe, BadOnesAreNamedByFileLineAndSetting) {
  const auto problem = [](const std::string& text) -> std::string {
    try {
      static_cast<void>(read_recipe(text, "r.sh", {.machine = "dgx-h100", .npus = "8"}));
    } catch (const InputError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(problem("a\n--tensor-model-parallel-size eight --micro-batch-size 1\n"),
              AllOf(HasSubstr("r.sh:2: tensor-model-parallel-size"), HasSubstr("eight")));
  EXPECT_THAT(problem("--micro-batch-size $MBS\n"), HasSubstr("micro-batch-size: $MBS is set nowhere in it"));
  EXPECT_THAT(problem("--micro-batch-size 1 --num-layers 32\n"), HasSubstr("hidden-size: is missing"));
  EXPECT_THAT(problem("[parallelism]\ntensor_parallel_degree = 0\n"), HasSubstr("degrees are expected"));
  EXPECT_THAT(problem("[training]\nwhat is this\n"), HasSubstr("r.sh:2: 'what is this'"));
}

TEST(Settings, WordsOfAShell) {
  Settings set = read_command_line(
      "A=3\nB=\"x y\"\nC=${D:-7}\nrun --a $A --b '$A' --b2 \"$B\" --c=${C} --e \\\n  one two # --f 1\n--g\n",
      "f");
  EXPECT_EQ(set.count("a"), 3);
  EXPECT_EQ(set.text("b"), "$A");
  EXPECT_EQ(set.text("b2"), "x y");
  EXPECT_EQ(set.count("c"), 7);
  EXPECT_THAT(set.list("e"), ElementsAre("one", "two"));
  EXPECT_FALSE(set.has("f"));
  EXPECT_TRUE(set.flag("g"));
  EXPECT_THAT(set.unused(), IsEmpty());
}

// Whatever bytes there are: an answer or an InputError.
TEST(Recipe, SurvivesWhatIsCutOff) {
  for (const std::string& text : {llama_script, titan}) {
    for (std::size_t length = 0; length < text.size(); length += 13) {
      const std::string part = text.substr(0, length);
      if (!is_recipe(part)) continue;
      try {
        static_cast<void>(read_recipe(part, "cut", {.machine = "dgx-h100", .npus = "64"}));
      } catch (const InputError&) {
      }
    }
  }
}

// As many settings as a script of a megabyte can have.
TEST(Settings, AreFoundByNameHoweverManyThereAre) {
  std::string text = "run";
  for (int i = 0; i < 100'000; ++i) text += fmt::format(" --a{} {}", i, i);
  Settings set = read_command_line(text, "f");
  EXPECT_EQ(set.count("a99999"), 99'999);
  EXPECT_EQ(set.unused().size(), 99'999U);
}

// Products of them overflow, and quotients are by what they come to.
TEST(Recipe, NumbersThatCannotBeAreRefused) {
  const auto problem = [](const std::string& text) -> std::string {
    try {
      static_cast<void>(read_recipe(text, "r.sh", {.machine = "dgx-h100", .npus = "64"}));
    } catch (const InputError& error) {
      return error.what();
    }
    return "none";
  };
  const std::string most = std::to_string(most_setting);
  EXPECT_THAT(problem("--tensor-model-parallel-size " + most + " --pipeline-model-parallel-size " + most),
              HasSubstr("r.sh"));
  EXPECT_THAT(problem("--micro-batch-size 1 --nnodes " + most + " --nproc-per-node " + most),
              HasSubstr("none"));
  EXPECT_THAT(problem("--tensor-model-parallel-size -1"), HasSubstr("r.sh:1: tensor-model-parallel-size: "));
  EXPECT_THAT(problem("--pipeline-model-parallel-size " + most +
                      " --num-layers 8 --hidden-size 8 "
                      "--num-attention-heads 1 --seq-length 8 --num-layers-per-virtual-pipeline-stage " +
                      most),
              HasSubstr("num-layers-per-virtual-pipeline-stage"));
  EXPECT_THAT(problem("[model]\nname = \"llama3\"\nflavor = \"8B\"\n[parallelism]\n"
                      "tensor_parallel_degree = -1\npipeline_parallel_degree = -2\n"
                      "pipeline_parallel_schedule = \"Interleaved1F1B\"\n"
                      "pipeline_parallel_layers_per_stage = 1\n"),
              HasSubstr("r.sh:5: parallelism.tensor_parallel_degree: degrees are expected"));
}

}  // namespace
}  // namespace bandwright
