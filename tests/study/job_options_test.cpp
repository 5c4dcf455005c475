// The one table of a job's options, and the words it reads.
#include "study/job/job_options.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "study/job/training.h"

namespace bandwright {
namespace {

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(JobOptions, NamesAndPluralsAreKeysOfTheirOwn) {
  std::set<std::string_view> keys;
  for (const JobOption& option : job_options()) {
    EXPECT_TRUE(keys.insert(option.name).second) << option.name;
    if (!option.plural.empty()) {
      EXPECT_TRUE(keys.insert(option.plural).second) << option.plural;
    }
    EXPECT_EQ(find_job_option(option.name), &option);
    EXPECT_FALSE(option.help.empty());
  }
  EXPECT_EQ(find_job_option("models"), &job_option(&Job::model));
  EXPECT_EQ(find_job_option("tensors"), nullptr);
}

TEST(JobOptions, EveryMemberOfAJobIsOneOption) {
  // A job in which each option has a word of its own differs from the empty one in as many words.
  Job job;
  for (const JobOption& option : job_options()) {
    EXPECT_TRUE((job.*option.word).empty()) << option.name << " is another option's member";
    job.*option.word = option.name;
  }
  EXPECT_EQ(given_options(job).size(), job_options().size());
  EXPECT_EQ(sizeof(Job), job_options().size() * sizeof(std::string)) << "a member without an option";
}

TEST(JobOptions, AnOptionIsTypedWithDashes) {
  EXPECT_EQ(typed_name(job_option(&Job::virtual_stages)), "--virtual-stages");
}

TEST(JobOptions, TheUsualWordStandsInAnEmptyWordsPlace) {
  EXPECT_EQ(word_of({}, &Job::zero), "0");
  EXPECT_EQ(word_of({.zero = "3"}, &Job::zero), "3");
  EXPECT_EQ(read_count({}, &Job::tp), 1);
  EXPECT_FALSE(read_flag({}, &Job::sequence_parallel));
  EXPECT_TRUE(read_flag({.sequence_parallel = "true"}, &Job::sequence_parallel));
}

// All usual words can be read, and mean what Parallelism means by default.
TEST(JobOptions, UsualWordsAreTheDefaults) {
  const Parallelism usual;
  const Parallelism read = read_parallelism({});
  EXPECT_EQ(read.tensor, usual.tensor);
  EXPECT_EQ(read.zero, usual.zero);
  EXPECT_EQ(read.recompute, usual.recompute);
  EXPECT_EQ(read.attention, usual.attention);
  EXPECT_EQ(read.precision, usual.precision);
  EXPECT_EQ(read.bucket_bytes, usual.bucket_bytes);
  EXPECT_EQ(read.placement, usual.placement);
  EXPECT_EQ(read.overlap_gradients, usual.overlap_gradients);
  EXPECT_EQ(read.overlap_parameters, usual.overlap_parameters);
  EXPECT_EQ(read.overlap_backward, usual.overlap_backward);
  EXPECT_EQ(read.overlap_tensor, usual.overlap_tensor);
  EXPECT_EQ(read.dispatch, usual.dispatch);
  EXPECT_EQ(read.expert_tensor, usual.expert_tensor);
  EXPECT_EQ(read.zero_npus, usual.zero_npus);
  EXPECT_EQ(read.optimizer, usual.optimizer);
  EXPECT_EQ(read.stored_gradient_bytes, usual.stored_gradient_bytes);
  EXPECT_EQ(read.gradient_bytes, usual.gradient_bytes);
  EXPECT_EQ(read.loss, usual.loss);
  EXPECT_EQ(read.whole_graphs, usual.whole_graphs);
}

TEST(JobOptions, WordsOfModernTrainingAreRead) {
  const Parallelism read = read_parallelism({.tp = "4",
                                             .expert_tp = "1",
                                             .zero_npus = "8",
                                             .optimizer = "adam-8bit",
                                             .stored_gradients = "bf16",
                                             .sent_gradients = "fp32",
                                             .loss = "in-place",
                                             .whole_graphs = "true",
                                             .recompute_modules = "norms,up-projections",
                                             .offload_layers = "20",
                                             .lora_rank = "16",
                                             .lora_targets = "qkv,ffn-out"});
  EXPECT_EQ(read.adapters.rank, 16);
  EXPECT_TRUE(read.adapters.qkv);
  EXPECT_FALSE(read.adapters.output);
  EXPECT_FALSE(read.adapters.ffn_in);
  EXPECT_TRUE(read.adapters.ffn_out);
  EXPECT_EQ(read.offloaded_layers, 20);
  EXPECT_EQ(read_parallelism({.offload_layers = "all"}).offloaded_layers, all_layers);
  EXPECT_EQ(read.experts_tensor(), 1);
  EXPECT_EQ(read.zero_npus, 8);
  EXPECT_EQ(read.optimizer, Optimizer::Adam8Bit);
  EXPECT_EQ(read.stored_gradient_bytes, 2);
  EXPECT_EQ(read.gradient_bytes, 4);
  EXPECT_EQ(read.loss, Loss::InPlace);
  EXPECT_TRUE(read.whole_graphs);
  EXPECT_TRUE(read.again.norms);
  EXPECT_TRUE(read.again.up_projections);
  EXPECT_FALSE(read.again.experts);
}

TEST(JobOptions, AnErrorNamesTheOption) {
  const auto said = [](const Job& job) { return refusal([&] { check_words(job); }); };
  EXPECT_EQ(said({.tp = "8", .pp = "4", .zero = "3"}), "");
  EXPECT_TRUE(said({.virtual_stages = "0"}).starts_with("--virtual-stages: "));
  EXPECT_TRUE(said({.zero = "4"}).starts_with("--zero: "));
  EXPECT_TRUE(said({.sequence_parallel = "perhaps"}).starts_with("--sequence-parallel: "));
  EXPECT_TRUE(said({.placement = "TP,TP,EP,DP,PP"}).starts_with("--placement: "));
  EXPECT_TRUE(said({.overlap = "gradient"}).starts_with("--overlap: "));
  EXPECT_TRUE(said({.global_batch = "many"}).starts_with("--global-batch: "));
  EXPECT_TRUE(said({.expert_tp = "0"}).starts_with("--expert-tp: "));
  EXPECT_TRUE(said({.optimizer = "sgd"}).starts_with("--optimizer: "));
  EXPECT_TRUE(said({.stored_gradients = "fp8"}).starts_with("--stored-gradients: "));
  EXPECT_TRUE(said({.loss = "cross"}).starts_with("--loss: "));
  EXPECT_TRUE(said({.recompute_modules = "all"}).starts_with("--recompute-modules: "));
  EXPECT_TRUE(said({.predict_more = "-1"}).starts_with("--predict-more: "));
  EXPECT_TRUE(said({.offload_layers = "-1"}).starts_with("--offload-layers: "));
  EXPECT_TRUE(said({.lora_rank = "-1"}).starts_with("--lora-rank: "));
  EXPECT_TRUE(said({.lora_rank = "8", .lora_targets = "norms"}).starts_with("--lora-targets: "));
  EXPECT_TRUE(said({.lora_targets = "qkv"}).starts_with("--lora-targets: "));
}

TEST(JobOptions, OptionsThatWouldDoNothingAreRefused) {
  constexpr std::array groups = {OptionGroup::Divisions};
  constexpr std::array<std::string Job::*, 1> allowed = {&Job::global_batch};
  EXPECT_EQ(refusal([&] { refuse_given({.global_batch = "8"}, groups, allowed, "is for others"); }), "");
  EXPECT_EQ(
      refusal([&] { refuse_given({.tp = "8", .global_batch = "8"}, groups, allowed, "is for others"); }),
      "--tp is for others");
}

}  // namespace
}  // namespace bandwright
