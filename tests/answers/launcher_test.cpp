#include "answers/launcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/error.h"
#include "core/text.h"
#include "study/job/training.h"
#include "study/recipe/recipe.h"
#include "training/division/dealing.h"
#include "training/estimate.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::Not;

// Llama-3 70B: 80 layers.
TrainingJob job(const Parallelism& parallelism) {
  return {load_architecture("llama3-70b"), load_machine("dgx-h100"), parallelism};
}

Parallelism division() {
  Parallelism p;
  p.tensor = 8;
  p.sequence_parallel = true;
  p.pipeline = 4;
  p.data = 2;
  p.micro_batch = 2;
  p.global_batch = 64;
  return p;
}

// "--name value" pairs; a flag has no value.
std::map<std::string, std::string> options(const std::string& arguments) {
  std::map<std::string, std::string> result;
  std::string name;
  for (const std::string_view word : split(arguments, ' ')) {
    if (word.starts_with("--")) {
      name = word;
      EXPECT_FALSE(result.contains(name)) << name << " stands twice";
      result[name] = "";
    } else {
      result[name] = word;
    }
  }
  return result;
}

std::map<std::string, std::string> megatron(const Parallelism& p) {
  return options(megatron_core_arguments(job(p)).arguments);
}
std::map<std::string, std::string> titan(const Parallelism& p) {
  return options(torchtitan_arguments(job(p)).arguments);
}

TEST(Launcher, SaysTheDivision) {
  auto words = megatron(division());
  EXPECT_EQ(words["--tensor-model-parallel-size"], "8");
  EXPECT_EQ(words["--pipeline-model-parallel-size"], "4");
  EXPECT_EQ(words["--micro-batch-size"], "2");
  EXPECT_EQ(words["--global-batch-size"], "64");
  EXPECT_TRUE(words.contains("--sequence-parallel"));
  EXPECT_FALSE(words.contains("--context-parallel-size"));
  EXPECT_FALSE(words.contains("--use-distributed-optimizer"));
  // 64 sequences are 2 replicas of 16 micro-batches of 2: 32 of each.
  words = titan(division());
  EXPECT_EQ(words["--parallelism.tensor_parallel_degree"], "8");
  EXPECT_EQ(words["--parallelism.pipeline_parallel_degree"], "4");
  EXPECT_EQ(words["--parallelism.data_parallel_replicate_degree"], "2");
  EXPECT_EQ(words["--parallelism.data_parallel_shard_degree"], "1");
  EXPECT_EQ(words["--parallelism.pipeline_parallel_schedule"], "1F1B");
  EXPECT_EQ(words["--parallelism.pipeline_parallel_microbatch_size"], "2");
  EXPECT_EQ(words["--training.local_batch_size"], "32");
  EXPECT_EQ(words["--training.global_batch_size"], "64");
}

// Degrees of both launchers multiply to the NPUs, whatever is divided.
TEST(Launcher, DegreesMultiplyToTheNpus) {
  for (const std::int64_t context : {1, 2}) {
    for (const std::int64_t pipeline : {1, 4}) {
      for (const int zero : {0, 1, 2, 3}) {
        Parallelism p = division();
        p.context = context;
        p.pipeline = pipeline;
        p.zero = zero;
        auto words = titan(p);
        std::int64_t product = 1;
        for (const char* degree :
             {"tensor", "context", "data_parallel_replicate", "data_parallel_shard", "pipeline"}) {
          const std::string name = std::string(degree).starts_with("data")
                                       ? fmt::format("--parallelism.{}_degree", degree)
                                       : fmt::format("--parallelism.{}_parallel_degree", degree);
          if (words.contains(name)) product *= std::stoll(words[name]);
        }
        EXPECT_EQ(product, p.npus());
        auto core = megatron(p);
        EXPECT_EQ(core.contains("--use-distributed-optimizer"), zero > 0);
        EXPECT_EQ(core.contains("--use-megatron-fsdp"), zero > 1);
        EXPECT_EQ(core.contains("--context-parallel-size"), context > 1);
        EXPECT_EQ(core.contains("--pipeline-model-parallel-size"), pipeline > 1);
      }
    }
  }
}

TEST(Launcher, ZeroStagesAreWhatTheyDivide) {
  Parallelism p = division();
  p.zero = 2;
  EXPECT_EQ(megatron(p)["--data-parallel-sharding-strategy"], "optim_grads");
  EXPECT_EQ(titan(p)["--parallelism.fsdp_reshard_after_forward"], "never");
  p.zero = 3;
  EXPECT_EQ(megatron(p)["--data-parallel-sharding-strategy"], "optim_grads_params");
  EXPECT_EQ(titan(p)["--parallelism.fsdp_reshard_after_forward"], "always");
  p.overlap_gradients = p.overlap_parameters = false;
  EXPECT_FALSE(megatron(p).contains("--overlap-grad-reduce"));
  EXPECT_FALSE(megatron(p).contains("--overlap-param-gather"));
}

TEST(Launcher, RecomputationHasItsWords) {
  Parallelism p = division();
  p.recompute = Recomputation::None;
  EXPECT_FALSE(megatron(p).contains("--recompute-granularity"));
  p.recompute = Recomputation::Selective;
  EXPECT_EQ(megatron(p)["--recompute-granularity"], "selective");
  p.recompute = Recomputation::Full;
  EXPECT_EQ(megatron(p)["--recompute-granularity"], "full");
  EXPECT_EQ(megatron(p)["--recompute-num-layers"], "1");
  EXPECT_EQ(titan(p)["--activation_checkpoint.mode"], "full");
}

// Where chunks are alike their number is enough; otherwise the layers of each are spelled out, and are all of
// the model's 80.
TEST(Launcher, LayersOfUnevenStagesAreSpelledOut) {
  Parallelism p = division();
  p.virtual_stages = 5;  // 20 chunks of 4 layers
  EXPECT_EQ(megatron(p)["--num-virtual-stages-per-pipeline-rank"], "5");
  EXPECT_FALSE(megatron(p).contains("--pipeline-model-parallel-layout"));
  for (const auto& [pipeline, virtual_stages] : {std::pair(3, 1), std::pair(7, 1), std::pair(4, 3)}) {
    p.pipeline = pipeline;
    p.virtual_stages = virtual_stages;
    if (dealing(job(p).model, p).even) continue;
    std::string layout = megatron(p)["--pipeline-model-parallel-layout"];
    ASSERT_GE(layout.size(), 2U) << pipeline;
    layout = layout.substr(1, layout.size() - 2);
    const auto chunks = split(layout, '|');
    EXPECT_EQ(static_cast<std::int64_t>(chunks.size()), pipeline * virtual_stages);
    EXPECT_TRUE(chunks.front().starts_with("E"));
    EXPECT_TRUE(chunks.back().ends_with("L"));
    std::int64_t layers = 0;
    for (const std::string_view chunk : chunks) {
      const std::size_t t = chunk.find('t');
      if (t == std::string_view::npos) continue;
      const bool many = t + 1 < chunk.size() && chunk[t + 1] == '*';
      const std::int64_t here = many ? std::stoll(std::string(chunk.substr(t + 2))) : 1;
      EXPECT_LE(here, dealing(job(p).model, p).chunk) << layout;
      layers += here;
    }
    EXPECT_EQ(layers, 80) << layout;
  }
}

// What the software does otherwise is said.
TEST(Launcher, RemarksSayWhatIsOtherwise) {
  Parallelism p = division();
  p.schedule = PipelineSchedule::GPipe;
  EXPECT_THAT(megatron_core_arguments(job(p)).remarks, testing::ElementsAre(HasSubstr("GPipe")));
  EXPECT_EQ(titan(p)["--parallelism.pipeline_parallel_schedule"], "GPipe");
  EXPECT_TRUE(torchtitan_arguments(job(p)).remarks.empty());
  p.sequence_parallel = false;
  p.zero = 1;
  EXPECT_EQ(torchtitan_arguments(job(p)).remarks.size(), 2U);
  p.pipeline = 1;
  EXPECT_TRUE(megatron_core_arguments(job(p)).remarks.empty());
}

// From a plan's division to a launcher's words and back: the same estimate. Divisions that the software runs
// otherwise have remarks, and are left out.
TEST(Launcher, WordsReadBackAreTheSameJob) {
  std::mt19937 random(5);
  const auto one_of = [&](std::initializer_list<std::int64_t> values) {
    return values.begin()[random() % values.size()];
  };
  const TransformerArchitecture dense = load_architecture("llama3-70b");
  const TransformerArchitecture sparse = load_architecture("mixtral-8x7b");
  const Machine machine = load_machine("dgx-h100");
  std::map<std::string_view, int> compared;
  for (int i = 0; i < 2000; ++i) {
    const bool experts = random() % 3 == 0;
    Parallelism p;
    p.tensor = one_of({1, 2, 4, 8});
    p.context = one_of({1, 1, 2});
    p.pipeline = one_of({1, 2, 4, 8});
    p.expert = experts ? one_of({1, 2, 4}) : 1;
    p.virtual_stages = p.pipeline > 1 ? one_of({1, 1, 2, 4}) : 1;
    p.schedule = p.virtual_stages > 1 ? PipelineSchedule::Interleaved : PipelineSchedule::OneFOneB;
    p.micro_batch = one_of({1, 2});
    p.global_batch = one_of({128, 256});
    p.zero = static_cast<int>(one_of({0, 1, 2, 3}));
    p.recompute = static_cast<Recomputation>(random() % 3);
    p.sequence_parallel = p.tensor > 1 && random() % 2 == 0;
    const TrainingJob trained{experts ? sparse : dense, machine, p};
    TrainingJob asked = trained;
    try {
      fill_data_parallel(asked.parallelism, 128);
      validate(asked.model, asked.parallelism);
    } catch (const InputError&) {
      continue;
    }
    for (const std::string_view software : {"megatron-core", "torchtitan"}) {
      const LauncherArguments words = launcher_arguments(software, asked);
      if (!words.remarks.empty()) continue;
      const Job given{.model = experts ? "mixtral-8x7b" : "llama3-70b", .machine = "dgx-h100", .npus = "128"};
      const Recipe recipe = read_recipe(words.arguments, "-", given);
      EXPECT_THAT(recipe.notes, testing::IsEmpty()) << words.arguments;
      const TrainingEstimate there = estimate(asked);
      const TrainingEstimate back = estimate(training_job(recipe.job, asked.model, machine));
      EXPECT_EQ(back.step_ns, there.step_ns) << words.arguments << "\n" << estimate_command(recipe.job);
      EXPECT_EQ(back.memory.total(), there.memory.total()) << words.arguments;
      ++compared[software];
    }
  }
  EXPECT_GT(compared["megatron-core"], 200);
  EXPECT_GT(compared["torchtitan"], 50);
}

TEST(Launcher, IsFoundByName) {
  const TrainingJob trained = job(division());
  EXPECT_EQ(launcher_arguments("megatron-core", trained).arguments,
            megatron_core_arguments(trained).arguments);
  EXPECT_EQ(launcher_arguments("torchtitan", trained).arguments, torchtitan_arguments(trained).arguments);
  EXPECT_THROW(launcher_arguments("deepspeed", trained), InputError);
}

}  // namespace
}  // namespace bandwright
