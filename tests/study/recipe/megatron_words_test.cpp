// What each argument of software that trains means in a job's words, argument by argument.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fields.h"
#include "core/io/files.h"
#include "core/io/paths.h"
#include "study/recipe/launchers.h"
#include "tests/study/recipe/word_cases.h"
#include "tests/support/refused.h"
#include "tests/support/temporary_folder.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// A division of 32 NPUs without a model: what it does not say is as usual here.
constexpr const char* megatron_start = "--micro-batch-size 2 --nproc-per-node 8 --nnodes 4 ";
// A model besides: the software's own defaults hold. 12 layers of 1,024.
constexpr const char* megatron_model =
    "--micro-batch-size 2 --nproc-per-node 8 --nnodes 4 --num-layers 12 --hidden-size 1024 "
    "--num-attention-heads 16 --seq-length 2048 --vocab-size 1000 --bf16 ";

class MegatronWords : public testing::TestWithParam<WordCase> {};

TEST_P(MegatronWords, MeanTheSameHere) {
  const WordCase& each = GetParam();
  const Recipe recipe = read_recipe(each.arguments, "run.sh", {});
  EXPECT_EQ(recipe.job.*each.word, each.expected) << each.arguments;
}

INSTANTIATE_TEST_SUITE_P(
    Division, MegatronWords,
    testing::ValuesIn(with_start(
        megatron_start,
        {{"", &Job::npus, "32"},
         {"--tensor-model-parallel-size 4", &Job::tp, "4"},
         {"--tensor-model-parallel-size 1", &Job::tp, ""},
         {"--pipeline-model-parallel-size 4", &Job::pp, "4"},
         {"--context-parallel-size 2", &Job::cp, "2"},
         {"--expert-model-parallel-size 8", &Job::ep, "8"},
         {"--expert-tensor-parallel-size 1", &Job::expert_tp, "1"},
         {"--sequence-parallel", &Job::sequence_parallel, "true"},
         {"--sequence_parallel false", &Job::sequence_parallel, ""},
         {"--seq-length 4096", &Job::sequence, "4096"},
         {"--global-batch-size 96", &Job::global_batch, "96"},
         // One micro-batch of each replica: 2 x 32, and 2 x 32 / (4 x 2 x 2).
         {"", &Job::global_batch, "64"},
         {"--tensor-model-parallel-size 4 --pipeline-model-parallel-size 2 --context-parallel-size 2",
          &Job::global_batch, "4"},
         {"--pipeline-model-parallel-size 4 --num-virtual-stages-per-pipeline-rank 3", &Job::virtual_stages,
          "3"},
         // Four chunks over two stages.
         {"--pipeline-model-parallel-size 2 --pipeline-model-parallel-layout 'Et|t|t|tL'",
          &Job::virtual_stages, "2"}})));

INSTANTIATE_TEST_SUITE_P(
    Nodes, MegatronWords,
    testing::ValuesIn(with_start("--micro-batch-size 1 ",
                                 {{"--nproc-per-node 8", &Job::npus, "8"},
                                  {"--nnodes 4", &Job::npus, ""},
                                  {"--nodes 16 --ntasks-per-node 8", &Job::npus, "128"},
                                  {"--nodes 2 --gpus-per-node 4", &Job::npus, "8"},
                                  // A task of each node starts its NPUs by itself.
                                  {"--nodes 2 --ntasks-per-node 1 --gpus-per-node 4", &Job::npus, "8"},
                                  {"--nodes 3 --nnodes 2 --nproc-per-node 4", &Job::npus, "8"}})));

INSTANTIATE_TEST_SUITE_P(
    Memory, MegatronWords,
    testing::ValuesIn(with_start(
        megatron_start,
        {{"", &Job::zero, ""},
         {"--use-distributed-optimizer", &Job::zero, "1"},
         {"--use-torch-fsdp2", &Job::zero, "3"},
         {"--use-megatron-fsdp", &Job::zero, ""},
         {"--use-megatron-fsdp --use-distributed-optimizer", &Job::zero, "1"},
         {"--use-megatron-fsdp --data-parallel-sharding-strategy optim", &Job::zero, "1"},
         {"--use-megatron-fsdp --data-parallel-sharding-strategy optim_grads", &Job::zero, "2"},
         {"--use-custom-fsdp --data-parallel-sharding-strategy optim_grads_params", &Job::zero, "3"},
         // 32 / 4 replicas in two instances are divided over 4.
         {"--use-distributed-optimizer --num-distributed-optimizer-instances 2 --tensor-model-parallel-size "
          "4",
          &Job::zero_npus, "4"},
         {"--num-distributed-optimizer-instances 1", &Job::zero_npus, ""},
         {"--recompute-granularity full", &Job::recompute, "full"},
         {"--recompute-granularity selective", &Job::recompute, "selective"},
         {"--recompute-activations", &Job::recompute, "selective"},
         {"--recompute-granularity selective --recompute-modules core_attn mlp moe", &Job::recompute,
          "selective"},
         {"--recompute-granularity selective --recompute-modules core_attn mlp moe", &Job::recompute_modules,
          "ffn,experts"},
         {"--recompute-granularity selective --recompute-modules layernorm moe_act mla_up_proj",
          &Job::recompute, ""},
         {"--recompute-granularity selective --recompute-modules layernorm moe_act mla_up_proj",
          &Job::recompute_modules, "norms,activation,up-projections"},
         {"--optimizer dist_muon", &Job::optimizer, "muon"},
         {"--use-precision-aware-optimizer --exp-avg-dtype bf16", &Job::optimizer, "adam-bf16"},
         {"--use-precision-aware-optimizer --exp-avg-dtype fp8", &Job::optimizer, "adam-8bit"},
         {"--use-precision-aware-optimizer --exp-avg-dtype uint8", &Job::optimizer, "adam-8bit"},
         {"--exp-avg-dtype bf16", &Job::optimizer, ""},
         {"--main-grads-dtype bf16", &Job::stored_gradients, "bf16"},
         {"--grad-reduce-in-bf16", &Job::stored_gradients, "bf16"},
         {"", &Job::stored_gradients, ""}})));

INSTANTIATE_TEST_SUITE_P(
    Kernels, MegatronWords,
    testing::ValuesIn(with_start(
        megatron_start,
        {{"--bf16", &Job::precision, ""},
         {"--fp16", &Job::precision, "fp16"},
         {"--bf16 --fp8-format hybrid", &Job::precision, "fp8"},
         {"--bf16 --fp8 e4m3", &Job::precision, "fp8"},
         {"--bf16 --fp4-format e2m1", &Job::precision, "nvfp4"},
         {"--attention-backend unfused", &Job::attention, "unfused"},
         {"--attention-backend local", &Job::attention, "unfused"},
         {"--attention-backend flash", &Job::attention, ""},
         {"--moe-token-dispatcher-type alltoall", &Job::dispatch, "all-to-all"},
         {"--moe-token-dispatcher-type flex", &Job::dispatch, ""},
         {"--enable-cuda-graph --cuda-graph-scope full_iteration", &Job::whole_graphs, "true"},
         {"--cuda-graph-impl local --cuda-graph-scope full_iteration", &Job::whole_graphs, "true"},
         {"--cuda-graph-scope full_iteration", &Job::whole_graphs, ""},
         // 50 million parameters, of 2 bytes on the wire.
         {"--ddp-bucket-size 50000000", &Job::bucket, "100000000 B"},
         // Gathered is nothing where the optimizer is whole; gradients and all are as usual.
         {"", &Job::overlap, "parameters,backward"},
         {"--overlap-grad-reduce", &Job::overlap, ""},
         {"--overlap-grad-reduce --use-distributed-optimizer", &Job::overlap, "gradients,backward"},
         {"--overlap-param-gather --use-distributed-optimizer", &Job::overlap, "parameters,backward"},
         {"--overlap-grad-reduce --overlap-param-gather --use-distributed-optimizer", &Job::overlap, ""},
         {"--overlap-grad-reduce --tp-comm-overlap", &Job::overlap, "gradients,parameters,backward,tensor"},
         {"--overlap-grad-reduce --overlap-moe-expert-parallel-comm", &Job::overlap,
          "gradients,parameters,backward,expert"}})));

// Defaults of Megatron-Core's own, where it says the model: gradients are sent in fp32, and the loss is
// computed in place.
INSTANTIATE_TEST_SUITE_P(Whole, MegatronWords,
                         testing::ValuesIn(with_start(
                             megatron_model,
                             {{"", &Job::sent_gradients, "fp32"},
                              {"--grad-reduce-in-bf16", &Job::sent_gradients, ""},
                              {"", &Job::loss, "in-place"},
                              {"--cross-entropy-loss-fusion", &Job::loss, ""},
                              {"--ddp-bucket-size 50000000", &Job::bucket, "200000000 B"},
                              {"--mtp-num-layers 1", &Job::predict_more, "1"},
                              // 12 layers, 2 of each chunk, over 3 stages.
                              {"--pipeline-model-parallel-size 3 --num-layers-per-virtual-pipeline-stage 2",
                               &Job::virtual_stages, "2"}})));

// What changes a step and cannot be said in words is told.
TEST(MegatronNotes, TellWhatTheJobCannotSay) {
  const auto notes = [](const std::string& start, const std::string& arguments) {
    return read_recipe(start + arguments, "run.sh", {}).notes;
  };
  EXPECT_THAT(notes(megatron_start, ""), IsEmpty());
  EXPECT_THAT(notes(megatron_model, ""), IsEmpty());
  for (const auto& [arguments, note] :
       {std::pair{"--optimizer sgd", "Adam's two moments"},
        {"--moe-token-dispatcher-type allgather", "taken as an all-to-all"},
        {"--enable-cuda-graph", "CUDA graphs of single layers"},
        {"--recompute-granularity full --recompute-method block --recompute-num-layers 3",
         "3 layers of a stage"},
        {"--recompute-granularity full --recompute-num-layers 4", "--recompute-num-layers 4"},
        {"--recompute-granularity selective --recompute-modules shared_experts",
         "--recompute-modules shared_experts: not in the estimate"},
        {"--window-size 128 0", "--window-size 128 0"},
        {"--frobnicate", "--frobnicate: not known here"}}) {
    EXPECT_THAT(notes(megatron_start, arguments), testing::ElementsAre(HasSubstr(note))) << arguments;
  }
  EXPECT_THAT(notes(megatron_model, "--num-experts 8 --moe-layer-freq '([1]*4+[0]*8)'"),
              testing::ElementsAre(HasSubstr("taken as experts in every layer")));
  std::string plain = megatron_model;
  plain.erase(plain.find("--bf16"));
  EXPECT_THAT(notes(plain, ""), testing::ElementsAre(HasSubstr("Megatron-Core computes in fp32")));
}

TEST(MegatronProblems, AreNamedByFileLineAndArgument) {
  const auto said = [](const std::string& text) {
    return refused([&] { return read_recipe("a\n" + text, "run.sh", {}); });
  };
  const std::string model = megatron_model;
  for (const auto& [text, expected] :
       {std::pair<std::string, std::string>{"--micro-batch-size 0",
                                            "run.sh:2: micro-batch-size: expected 1 or more"},
        {"--micro-batch-size 1 --context-parallel-size 0",
         "run.sh:2: context-parallel-size: expected 1 or more"},
        {"--micro-batch-size 1 --recompute-granularity some",
         "run.sh:2: recompute-granularity: expected full or selective"},
        {"--micro-batch-size 1 --pipeline-model-parallel-size 2 --pipeline-model-parallel-layout 't|t|t'",
         "run.sh:2: pipeline-model-parallel-layout: expected chunks for every stage"},
        {model + "--pipeline-model-parallel-size 3\n--num-layers-per-virtual-pipeline-stage 5",
         "run.sh:3: num-layers-per-virtual-pipeline-stage: expected a part of the layers of a stage"},
        {model + "\n--hidden-size -1", "run.sh:3: hidden-size: expected 1 or more"},
        {"--num-layers 2 --micro-batch-size 1", "run.sh: hidden-size: is missing beside --num-layers"}}) {
    EXPECT_EQ(said(text), expected) << text;
  }
}

// A model in Megatron-Core's arguments; nothing for what they cannot say.
std::optional<std::string> megatron_arguments(const TransformerArchitecture& m) {
  const Experts& e = m.experts;
  const bool told = m.window.layers == 0 && m.state_space.layers == 0 && e.latent == 0 && e.shared <= 1 &&
                    m.predicted == 1 && (e.dense_layers == 0 || e.interval == 1);
  if (!told) return std::nullopt;
  std::string text = fmt::format(
      "--micro-batch-size 1 --bf16 --num-layers {} --hidden-size {} --num-attention-heads {} --seq-length {} "
      "--ffn-hidden-size {} --vocab-size {} --position-embedding-type {}",
      m.layers, m.hidden, m.heads, m.sequence, m.ffn, m.vocabulary,
      m.positions > 0 ? "learned_absolute" : "rope");
  if (m.ffn_kind == FfnKind::SwiGlu) text += " --swiglu";
  if (!m.tied_embeddings) text += " --untie-embeddings-and-output-weights";
  if (m.latent.kv_rank > 0) {
    text += fmt::format(
        " --multi-latent-attention --q-lora-rank {} --kv-lora-rank {} --qk-head-dim {} --qk-pos-emb-head-dim "
        "{} "
        "--v-head-dim {}",
        m.latent.q_rank, m.latent.kv_rank, m.latent.key_dim > 0 ? m.latent.key_dim : m.head_dim,
        m.latent.rope_dim, m.head_dim);
  } else {
    text += fmt::format(" --kv-channels {}", m.head_dim);
    if (m.kv_heads != m.heads)
      text += fmt::format(" --group-query-attention --num-query-groups {}", m.kv_heads);
  }
  if (!m.sparse()) return text;
  text += fmt::format(
      " --num-experts {} --moe-router-topk {} --moe-ffn-hidden-size {} --moe-router-num-groups {} "
      "--moe-router-group-topk {}",
      e.count, e.per_token, e.ffn, e.groups, e.groups_per_token);
  if (e.shared > 0) text += fmt::format(" --moe-shared-expert-intermediate-size {}", e.shared_inner());
  if (e.interval > 1) text += fmt::format(" --moe-layer-freq {}", e.interval);
  if (e.dense_layers > 0) {
    text += fmt::format(" --moe-layer-freq '([0]*{}+[1]*{})'", e.dense_layers, m.layers - e.dense_layers);
  }
  return text;
}

// Every model that ships and can be said is found by its layers; with another vocabulary it is written out,
// and what is written is read as the same layers.
TEST(MegatronModels, OfOursAreFoundAndOthersWrittenOut) {
  int told = 0;
  for (const std::string& name : input_names("models/transformers")) {
    TransformerArchitecture model = load_architecture(name);
    if (!megatron_arguments(model)) continue;
    const std::string found = read_recipe(*megatron_arguments(model), "run.sh", {}).job.model;
    // Of models with the same layers and vocabulary the first is named.
    TransformerArchitecture named = load_architecture(found);
    named.name = model.name;
    named.help = model.help;
    named.clamped_ffn = model.clamped_ffn;
    named.sequence = model.sequence;
    named.positions = model.positions;
    EXPECT_EQ(architecture_fields().content(named), architecture_fields().content(model)) << name;
    if (++told % 8 != 0) continue;
    model.vocabulary += 20'000;
    const std::string own = read_recipe(*megatron_arguments(model), "run.sh", {}).job.model;
    ASSERT_EQ(own.front(), '{') << name;
    TransformerArchitecture read = load_architecture(own);
    read.name = model.name;
    read.help = model.help;
    read.clamped_ffn = model.clamped_ffn;
    EXPECT_EQ(architecture_fields().content(read), architecture_fields().content(model)) << name;
  }
  EXPECT_GT(told, 25);
}

// A file that is one, one that is none, a folder, and nothing at all.
TEST(RecipeFiles, AreReadWhereTheyAreRecipes) {
  const TemporaryFolder folder;
  const std::string file = folder / "run.sh";
  write_whole(file, std::string(megatron_start) + "--tensor-model-parallel-size 4\n");
  ASSERT_TRUE(recipe_in(file, {}));
  EXPECT_EQ(recipe_in(file, {})->job.tp, "4");
  EXPECT_EQ(recipe_in(file, {.tp = "2"})->job.tp, "2");
  write_whole(folder / "other.sh", "run --a 1\n");
  EXPECT_FALSE(recipe_in(folder / "other.sh", {}));
  EXPECT_FALSE(recipe_in(folder / "", {}));
  EXPECT_FALSE(recipe_in(folder / "none.sh", {}));
  write_whole(file, "--micro-batch-size x\n");
  EXPECT_EQ(refused([&] { return recipe_in(file, {}); }).find(file + ":1: micro-batch-size: "), 0U);
}

}  // namespace
}  // namespace bandwright
