// What each setting of TorchTitan means in a job's words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/recipe/recipe.h"
#include "tests/study/recipe/word_cases.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* titan_start =
    "[training]\nlocal_batch_size = 4\n[job]\nx = 1\n[activation_checkpoint]\nmode = "
    "\"none\"\n[parallelism]\n";
constexpr const char* titan_model =
    "[model]\nname = \"llama3\"\nflavor = \"8b\"\n[training]\nlocal_batch_size = 4\n[parallelism]\n";

class TitanWords : public testing::TestWithParam<WordCase> {};

TEST_P(TitanWords, MeanTheSameHere) {
  const WordCase& each = GetParam();
  const Recipe recipe = read_recipe(each.arguments, "f.toml", {.npus = "32"});
  EXPECT_EQ(recipe.software, "TorchTitan");
  EXPECT_EQ(recipe.job.*each.word, each.expected) << each.arguments;
}

INSTANTIATE_TEST_SUITE_P(
    Division, TitanWords,
    testing::ValuesIn(with_start(
        titan_start,
        {{"tensor_parallel_degree = 4", &Job::tp, "4"},
         {"tensor_parallel_degree = 4", &Job::sequence_parallel, "true"},
         {"", &Job::sequence_parallel, ""},
         {"context_parallel_degree = 2", &Job::cp, "2"},
         {"expert_parallel_degree = 8", &Job::ep, "8"},
         {"expert_parallel_degree = 8", &Job::expert_tp, "1"},
         {"expert_parallel_degree = 8\nexpert_tensor_parallel_degree = 2", &Job::expert_tp, "2"},
         {"expert_tensor_parallel_degree = 2", &Job::expert_tp, ""},
         // Shards are what is left of the NPUs: 32 / (4 x 2) = 4, each of a batch of 4.
         {"tensor_parallel_degree = 4\ndata_parallel_replicate_degree = 2", &Job::zero_npus, "4"},
         {"tensor_parallel_degree = 4\ndata_parallel_replicate_degree = 2", &Job::global_batch, "32"},
         {"tensor_parallel_degree = 4", &Job::zero_npus, ""},
         {"", &Job::zero, "3"},
         {"fsdp_reshard_after_forward = \"never\"", &Job::zero, "2"},
         {"pipeline_parallel_degree = 2", &Job::zero, "2"},
         {"pipeline_parallel_degree = 2\nfsdp_reshard_after_forward = \"always\"", &Job::zero, "3"},
         {"data_parallel_replicate_degree = 32\ndata_parallel_shard_degree = 1", &Job::zero, ""},
         // A pass takes the whole batch of an NPU, or with a pipeline one sequence.
         {"", &Job::micro_batch, "4"},
         {"pipeline_parallel_degree = 2", &Job::micro_batch, ""},
         {"pipeline_parallel_degree = 2\npipeline_parallel_microbatch_size = 2", &Job::micro_batch, "2"},
         {"pipeline_parallel_degree = 2\npipeline_parallel_schedule = \"GPipe\"", &Job::schedule, "gpipe"},
         {"pipeline_parallel_degree = 2\npipeline_parallel_schedule = \"Interleaved1F1B\"",
          &Job::virtual_stages, "2"},
         {"pipeline_parallel_schedule = \"GPipe\"", &Job::schedule, ""},
         {"enable_async_tensor_parallel = true", &Job::overlap, "gradients,parameters,backward,tensor"},
         {"[training]\nglobal_batch_size = 1024", &Job::global_batch, "1024"},
         {"[training]\nglobal_batch_size = -1", &Job::global_batch, "128"},
         {"[training]\nseq_len = 4096", &Job::sequence, "4096"},
         {"[activation_checkpoint]\nmode = \"full\"", &Job::recompute, "full"},
         {"[activation_checkpoint]\nmode = \"selective\"\nselective_ac_option = \"op\"", &Job::recompute,
          "selective"},
         {"[activation_checkpoint]\nmode = \"selective\"\nselective_ac_option = \"2\"",
          &Job::recompute_modules, "every-second"},
         {"[model]\nconverters = [\"float8\"]", &Job::precision, "fp8"},
         {"[model]\nconverters = [\"quantize.linear.float8\"]", &Job::precision, "fp8"},
         {"[training]\nmixed_precision_reduce = \"float32\"", &Job::sent_gradients, "fp32"},
         {"", &Job::sent_gradients, ""},
         {"", &Job::loss, ""}})));

// 32 layers over 2 stages of 4 chunks: 4 layers of each. TorchTitan's defaults besides: every second matrix
// multiplication runs again, gradients are sent in fp32, the loss is PyTorch's.
INSTANTIATE_TEST_SUITE_P(
    Whole, TitanWords,
    testing::ValuesIn(with_start(
        titan_model, {{"", &Job::model, "llama3-8b"},
                      {"pipeline_parallel_degree = 2\npipeline_parallel_schedule = \"Interleaved1F1B\"\n"
                       "pipeline_parallel_layers_per_stage = 4",
                       &Job::virtual_stages, "4"},
                      {"", &Job::recompute_modules, "every-second"},
                      {"", &Job::sent_gradients, "fp32"},
                      {"[training]\nmixed_precision_reduce = \"bfloat16\"", &Job::sent_gradients, ""},
                      {"", &Job::loss, "kernel-by-kernel"}})));

TEST(TitanNotes, TellWhatTheJobCannotSay) {
  const auto notes = [](const std::string& lines) {
    return read_recipe(titan_start + lines, "f.toml", {.npus = "32"}).notes;
  };
  EXPECT_THAT(notes(""), IsEmpty());
  for (const auto& [lines, note] :
       {std::pair{"pipeline_parallel_degree = 2\npipeline_parallel_schedule = \"ZBVZeroBubble\"",
                  "ZBVZeroBubble: taken as 1F1B"},
        {"pipeline_parallel_degree = 2\npipeline_parallel_schedule = \"Interleaved1F1B\"", "two chunks"},
        {"[model]\nname = \"qwen9\"\nflavor = \"1B\"", "model qwen9 1B: does not come along"},
        {"[model]\nconverters = [\"mxfp\"]", "model.converters mxfp: not in the estimate"},
        {"[training]\nenable_cpu_offload = true", "weights in the host's memory"},
        {"[activation_checkpoint]\nmode = \"selective\"\nselective_ac_option = \"op\"",
         "every second matrix"}}) {
    EXPECT_THAT(notes(lines), testing::Contains(HasSubstr(note))) << lines;
  }
  EXPECT_THAT(read_recipe(titan_start, "f.toml", {}).notes,
              testing::ElementsAre(HasSubstr("data_parallel_shard_degree is what is left of the NPUs")));
}

// The same settings as options of its launcher.
TEST(TitanWords, OfACommandLineAreThoseOfAFile) {
  const Recipe file = read_recipe(
      "[training]\nlocal_batch_size = 2\nseq_len = 4096\n[parallelism]\ntensor_parallel_degree = 4\n", "f",
      {.npus = "64"});
  const Recipe line = read_recipe(
      "torchrun --nproc_per_node 8 --nnodes 8 train.py --training.local_batch_size 2 --training.seq_len=4096 "
      "--parallelism.tensor_parallel_degree 4",
      "f", {});
  EXPECT_EQ(line.job, file.job);
}

TEST(TitanProblems, AreNamedByFileLineAndSetting) {
  const auto said = [](const std::string& lines) {
    return refused([&] { return read_recipe("[parallelism]\n" + lines, "f.toml", {.npus = "32"}); });
  };
  EXPECT_EQ(said("context_parallel_degree = 0"),
            "f.toml:2: parallelism.context_parallel_degree: degrees are expected to be 1 or more");
  EXPECT_EQ(said("data_parallel_shard_degree = 0"),
            "f.toml:2: parallelism.data_parallel_shard_degree: degrees are expected to be 1 or more");
  EXPECT_EQ(said("\n[activation_checkpoint]\nmode = \"some\""),
            "f.toml:4: activation_checkpoint.mode: expected none, selective or full");
  EXPECT_EQ(
      said("pipeline_parallel_degree = 2\npipeline_parallel_schedule = \"Interleaved1F1B\"\n"
           "pipeline_parallel_layers_per_stage = 33\n[model]\nname = \"llama3\"\nflavor = \"8B\""),
      "f.toml:4: parallelism.pipeline_parallel_layers_per_stage: no number of chunks has so many layers");
}

}  // namespace
}  // namespace bandwright
