#include "answers/launcher.h"

#include <fmt/format.h>

#include <array>

#include "core/catalogue.h"
#include "training/division/dealing.h"

namespace bandwright {
namespace {

class Arguments {
 public:
  void add(std::string_view words) {
    fmt::format_to(std::back_inserter(text_), "{}{}", text_.empty() ? "" : " ", words);
  }
  void add(std::string_view name, std::int64_t value) { add(fmt::format("{} {}", name, value)); }
  void add(std::string_view name, std::string_view value) { add(fmt::format("{} {}", name, value)); }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

// "Et*3|t*4|...|t*3L": the layers of each chunk, embedding and output layer where they stand
// (megatron/core/transformer/pipeline_parallel_layer_layout.py). Of l layers the chunks before the last have
// as many as the estimate's slowest stage, the last ones what is left.
std::string layout(const TransformerArchitecture& model, const Parallelism& p) {
  const std::int64_t chunks = p.pipeline * p.virtual_stages;
  const Dealing dealt = dealing(model, p);
  std::string text;
  std::int64_t left = model.layers;
  for (std::int64_t i = 0; i < chunks; ++i) {
    const std::int64_t behind = chunks - i - 1;
    const std::int64_t fewest = left - behind * dealt.chunk;  // that those behind can't take
    const std::int64_t here = behind == 0 ? left : std::max(fewest, (left + behind) / (behind + 1));
    left -= here;
    text += fmt::format("{}{}{}{}", i == 0 ? "E" : "|", here > 0 ? "t" : "",
                        here > 1 ? fmt::format("*{}", here) : "", behind == 0 ? "L" : "");
  }
  return text;
}

void add_pipeline(const TransformerArchitecture& model, const Parallelism& p, Arguments& words) {
  if (p.pipeline == 1) return;
  words.add("--pipeline-model-parallel-size", p.pipeline);
  const std::int64_t chunks = p.pipeline * p.virtual_stages;
  if (dealing(model, p).even) {
    if (model.layers % chunks != 0) {
      words.add("--account-for-embedding-in-pipeline-split --account-for-loss-in-pipeline-split");
    }
    if (p.virtual_stages > 1) words.add("--num-virtual-stages-per-pipeline-rank", p.virtual_stages);
  } else {
    words.add("--pipeline-model-parallel-layout", fmt::format("'{}'", layout(model, p)));
  }
}

void add_zero(const Parallelism& p, Arguments& words) {
  if (p.zero == 0 && p.overlap_gradients) words.add("--overlap-grad-reduce");
  if (p.zero == 0) return;
  words.add("--use-distributed-optimizer");
  if (p.overlap_gradients) words.add("--overlap-grad-reduce");
  if (p.overlap_parameters) words.add("--overlap-param-gather");
  if (p.zero == 1) return;
  words.add("--use-megatron-fsdp");
  words.add("--data-parallel-sharding-strategy", p.zero == 2 ? "optim_grads" : "optim_grads_params");
}

struct Launcher {
  std::string_view name;
  std::string_view help;
  LauncherArguments (*arguments)(const TrainingJob& job);
};
constexpr std::array launchers = {
    Launcher{"megatron-core", "Megatron-LM's pretrain_gpt.py", megatron_core_arguments},
    Launcher{"torchtitan", "TorchTitan's train.py", torchtitan_arguments},
};

}  // namespace

LauncherArguments megatron_core_arguments(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  Arguments words;
  words.add("--tensor-model-parallel-size", p.tensor);
  if (p.sequence_parallel) words.add("--sequence-parallel");
  add_pipeline(job.model, p, words);
  if (p.context > 1) words.add("--context-parallel-size", p.context);
  if (p.expert > 1) words.add("--expert-model-parallel-size", p.expert);
  if (p.experts_tensor() != p.tensor) words.add("--expert-tensor-parallel-size", p.experts_tensor());
  words.add("--micro-batch-size", p.micro_batch);
  words.add("--global-batch-size", p.global_batch);
  add_zero(p, words);
  if (p.recompute == Recomputation::Selective) words.add("--recompute-granularity selective");
  if (p.recompute == Recomputation::Full) {
    words.add("--recompute-granularity full --recompute-method uniform --recompute-num-layers 1");
  }
  LauncherArguments result;
  if (p.schedule == PipelineSchedule::GPipe && p.pipeline > 1) {
    result.remarks.emplace_back("Megatron-Core runs 1F1B, which needs less memory than GPipe");
  }
  if (p.expert > 1 && p.tensor > 1 && !p.sequence_parallel) {
    result.remarks.emplace_back("Megatron-Core wants --sequence-parallel where experts and TP are divided");
  }
  result.arguments = std::move(words).take();
  return result;
}

LauncherArguments torchtitan_arguments(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  Arguments words;
  LauncherArguments result;
  const bool shards = p.zero >= 1;
  words.add("--parallelism.tensor_parallel_degree", p.tensor);
  words.add("--parallelism.context_parallel_degree", p.context);
  words.add("--parallelism.data_parallel_replicate_degree", shards ? 1 : p.data);
  words.add("--parallelism.data_parallel_shard_degree", shards ? p.data : 1);
  if (p.expert > 1) {
    words.add("--parallelism.expert_parallel_degree", p.expert);
    words.add("--parallelism.expert_tensor_parallel_degree", p.experts_tensor());  // there 1 where not said
  }
  if (shards) words.add("--parallelism.fsdp_reshard_after_forward", p.zero == 3 ? "always" : "never");
  std::int64_t local_batch = p.micro_batch;
  if (p.pipeline > 1) {
    words.add("--parallelism.pipeline_parallel_degree", p.pipeline);
    words.add("--parallelism.pipeline_parallel_schedule", p.virtual_stages > 1 ? "Interleaved1F1B"
                                                          : p.schedule == PipelineSchedule::GPipe ? "GPipe"
                                                                                                  : "1F1B");
    words.add("--parallelism.pipeline_parallel_microbatch_size", p.micro_batch);
    const Dealing dealt = dealing(job.model, p);
    if (p.virtual_stages > 1) words.add("--parallelism.pipeline_parallel_layers_per_stage", dealt.chunk);
    local_batch *= p.micro_batches();
    if (!dealt.even) {
      result.remarks.emplace_back(
          "TorchTitan deals the layers by its own rule where they do not divide evenly");
    }
  }
  words.add("--training.local_batch_size", local_batch);
  words.add("--training.global_batch_size", p.global_batch);
  words.add("--training.seq_len", job.model.sequence);
  words.add("--activation_checkpoint.mode", recomputation_name(p.recompute));
  if (p.zero == 1) {
    result.remarks.emplace_back(
        "TorchTitan divides gradients with the optimizer (ZeRO 2), never the optimizer alone");
  }
  if (p.tensor > 1 && !p.sequence_parallel) {
    result.remarks.emplace_back("TorchTitan's TP divides norms and dropout as well (--sequence-parallel)");
  }
  result.arguments = std::move(words).take();
  return result;
}

LauncherArguments launcher_arguments(std::string_view launcher, const TrainingJob& job) {
  return find_in_catalogue(std::span<const Launcher>(launchers), launcher, "launcher").arguments(job);
}

}  // namespace bandwright
