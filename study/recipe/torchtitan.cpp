#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/parse_option.h"
#include "core/text.h"
#include "core/units.h"
#include "study/recipe/launchers.h"
#include "training/division/dealing.h"
#include "training/training_step.h"

namespace bandwright {
namespace {

// Settings that are not read, by torchtitan/config/job_config.py (2025).
constexpr std::array known_settings = {
    KnownSetting{"parallelism.enable_compiled_autograd", "the estimate's kernels are the same"},
    KnownSetting{"parallelism.disable_loss_parallel", "the estimate divides the loss over TP"},
    KnownSetting{"parallelism.module_fqns_per_model_part", "the estimate deals the layers by its own rule"},
    KnownSetting{"parallelism.pipeline_parallel_split_points",
                 "the estimate deals the layers by its own rule"},
    KnownSetting{"parallelism.pipeline_parallel_first_stage_less_layers",
                 "the estimate deals the layers by its own rule"},
    KnownSetting{"parallelism.pipeline_parallel_last_stage_less_layers",
                 "the estimate deals the layers by its own rule"},
    KnownSetting{"parallelism.context_parallel_rotate_method",
                 "keys and values go around a ring in the estimate"},
    KnownSetting{"training.enable_cpu_offload", "weights in the host's memory are not in the estimate"},
    KnownSetting{"training.dtype", "weights are kept in fp32 beside those that are computed with"},
    KnownSetting{"training.mixed_precision_param",
                 "the estimate computes in bf16 unless --precision says otherwise"},
    KnownSetting{"activation_checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns", "not in the estimate"},
    KnownSetting{"activation_checkpoint.early_stop", ""},
    KnownSetting{"compile.*", ""},
    KnownSetting{"training.compile", ""},
    KnownSetting{"job.*", ""},
    KnownSetting{"profiling.*", ""},
    KnownSetting{"metrics.*", ""},
    KnownSetting{"lr_scheduler.*", ""},
    KnownSetting{"optimizer.*", ""},
    KnownSetting{"checkpoint.*", ""},
    KnownSetting{"comm.*", ""},
    KnownSetting{"memory_estimation.*", ""},
    KnownSetting{"validation.*", ""},
    KnownSetting{"debug.*", ""},
    KnownSetting{"fault_tolerance.*", ""},
    KnownSetting{"experimental.custom_*", "code of the user's own"},
    KnownSetting{"training.dataset*", ""},
    KnownSetting{"training.steps", ""},
    KnownSetting{"training.max_norm", ""},
    KnownSetting{"training.seed", ""},
    KnownSetting{"training.deterministic", "kernels that are deterministic are slower than the estimate's"},
    KnownSetting{"training.gc_*", ""},
    KnownSetting{"training.debug_moe_force_load_balance", ""},
    KnownSetting{"model.tokenizer_path", ""},
    KnownSetting{"model.hf_assets_path", ""},
    KnownSetting{"model.print_after_conversion", ""},
    KnownSetting{"float8.*", ""},
    KnownSetting{"quantize.linear.float8.*", ""},
    KnownSetting{"quantize.linear.mx.*", ""},
    KnownSetting{"quantize.grouped_mm.*", "fp8 of the experts alone is not in the estimate"},
    KnownSetting{"nnodes", ""},
    KnownSetting{"rdzv*", ""},
    KnownSetting{"local-ranks-filter", ""},
    KnownSetting{"role", ""},
    KnownSetting{"tee", ""},
};

// torchtitan/models: what a flavor of a model is here.
struct Flavor {
  std::string_view model, flavor, ours;
};
constexpr std::array flavors = {
    Flavor{"llama3", "8B", "llama3-8b"},
    Flavor{"llama3", "70B", "llama3-70b"},
    Flavor{"llama3", "405B", "llama3.1-405b"},
    Flavor{"llama4", "17bx16e", "llama4-scout"},
    Flavor{"llama4", "17bx128e", "llama4-maverick"},
    Flavor{"deepseek_v3", "671B", "deepseek-v3"},
    Flavor{"qwen3", "30B-A3B", "qwen3-30b-a3b"},
    Flavor{"qwen3", "235B-A22B", "qwen3-235b-a22b"},
};

class TitanReader {
 public:
  TitanReader(Settings settings, const Job& given) : set_(std::move(settings)), job_(recipe_.job) {
    recipe_.software = "TorchTitan";
    job_ = given;
  }

  Recipe read() {
    read_model();
    read_groups();
    read_pipeline();
    read_batch();
    read_recomputation();
    read_precision();
    sort_unused(recipe_, set_, known_settings, "");
    return std::move(recipe_);
  }

 private:
  void note(std::string text) { recipe_.notes.push_back(std::move(text)); }

  std::int64_t degree(std::string_view name, std::int64_t least = 1) {
    const std::string whole_name = fmt::format("parallelism.{}", name);
    const std::int64_t value = set_.count(whole_name).value_or(least);
    if (value < least || value == 0) set_.fail(whole_name, "degrees are expected to be 1 or more");
    return value;
  }

  void read_model() {
    const auto model = set_.text("model.name");
    const auto flavor = set_.text("model.flavor");
    whole_ = model.has_value();
    if (!model || !job_.model.empty()) return;
    const auto* const found = std::find_if(flavors.begin(), flavors.end(), [&](const Flavor& each) {
      return each.model == *model && equal_ignoring_case(each.flavor, flavor.value_or(""));
    });
    if (found != flavors.end()) {
      job_.model = found->ours;
    } else {
      note(fmt::format("model {} {}: does not come along, give --model", printable(*model),
                       printable(flavor.value_or(""))));
    }
  }

  void read_groups() {
    tensor_ = degree("tensor_parallel_degree");
    context_ = degree("context_parallel_degree");
    pipeline_ = degree("pipeline_parallel_degree");
    const std::int64_t replicas = degree("data_parallel_replicate_degree");
    std::int64_t shards = degree("data_parallel_shard_degree", -1);
    if (auto each = set_.count("nproc-per-node")) {
      set_word(job_.npus, capped_product({*each, set_.count("nnodes").value_or(1)}));
    }
    const std::int64_t others = capped_product({tensor_, context_, pipeline_, replicas});
    if (shards < 0 && !job_.npus.empty()) {
      shards =
          parse_option("--npus", job_.npus, [](std::string_view w) { return parse_integer(w, 1, 1 << 24); }) /
          others;
    }
    if (shards < 0) note("parallelism.data_parallel_shard_degree is what is left of the NPUs: give --npus");
    if (shards > 0) set_word(job_.npus, capped_product({others, shards}));
    set_word(job_.tp, tensor_);
    set_word(job_.cp, context_);
    set_word(job_.pp, pipeline_);
    if (const std::int64_t expert = degree("expert_parallel_degree"); expert > 1) {
      set_word(job_.ep, expert);
      set_word(job_.expert_tp, degree("expert_tensor_parallel_degree"));
    } else {
      static_cast<void>(degree("expert_tensor_parallel_degree"));
    }
    if (tensor_ > 1) set_word(job_.sequence_parallel, "true");
    if (set_.flag("parallelism.enable_async_tensor_parallel")) {
      set_word(job_.overlap, "gradients,parameters,backward,tensor");
    }
    data_ = capped_product({replicas, std::max<std::int64_t>(1, shards)});
    read_zero(replicas, shards);
  }

  void read_zero(std::int64_t replicas, std::int64_t shards) {
    const std::string reshard = set_.text("parallelism.fsdp_reshard_after_forward").value_or("default");
    if (shards == 1) return;
    const bool keeps = reshard == "never" || (reshard == "default" && pipeline_ > 1);
    set_word(job_.zero, keeps ? 2 : 3);
    if (replicas > 1 && shards > 1) set_word(job_.zero_npus, shards);
  }

  void read_pipeline() {
    const auto schedule = set_.text("parallelism.pipeline_parallel_schedule");
    const auto layers = set_.count("parallelism.pipeline_parallel_layers_per_stage");
    static_cast<void>(set_.text("parallelism.pipeline_parallel_schedule_csv"));
    if (pipeline_ == 1) return;
    const std::string name = schedule.value_or("1F1B");
    const bool interleaved = equal_ignoring_case(name, "Interleaved1F1B");
    if (equal_ignoring_case(name, "GPipe")) {
      set_word(job_.schedule, "gpipe");
    } else if (!interleaved && !equal_ignoring_case(name, "1F1B")) {
      note(fmt::format("parallelism.pipeline_parallel_schedule {}: taken as 1F1B", printable(name)));
    }
    if (!interleaved) return;
    if (layers && *layers > 0 && !job_.model.empty()) {
      set_word(job_.virtual_stages, stages_of(*layers));
    } else {
      set_word(job_.virtual_stages, 2);  // torchtitan/distributed/pipeline_parallel.py
      note("parallelism.pipeline_parallel_schedule Interleaved1F1B: taken as two chunks per stage");
    }
  }

  // The chunks per stage that have so many layers, evenly dealt ones first.
  [[nodiscard]] std::int64_t stages_of(std::int64_t layers) const {
    const TransformerArchitecture model = load_architecture(job_.model);
    Parallelism p;
    p.pipeline = pipeline_;
    std::int64_t uneven = 0;
    for (p.virtual_stages = 1; p.virtual_stages * pipeline_ <= model.layers + 2; ++p.virtual_stages) {
      const Dealing dealt = dealing(model, p);
      if (dealt.chunk != layers) continue;
      if (dealt.even) return p.virtual_stages;
      if (uneven == 0) uneven = p.virtual_stages;
    }
    if (uneven == 0) {
      set_.fail("parallelism.pipeline_parallel_layers_per_stage", "no number of chunks has so many layers");
    }
    return uneven;
  }

  void read_batch() {
    const std::int64_t local = set_.count("training.local_batch_size").value_or(8);
    const std::int64_t all = set_.count("training.global_batch_size").value_or(-1);
    const std::int64_t pass = set_.count("parallelism.pipeline_parallel_microbatch_size").value_or(1);
    set_word(job_.micro_batch, pipeline_ > 1 ? pass : local);
    set_word(job_.global_batch, all > 0 ? all : capped_product({local, data_}));
    if (const auto tokens = set_.count("training.seq_len")) set_word(job_.sequence, *tokens);
  }

  void read_recomputation() {
    const std::string mode = set_.text("activation_checkpoint.mode").value_or(whole_ ? "selective" : "none");
    const auto option = set_.text("activation_checkpoint.selective_ac_option");
    if (mode != "selective") {
      if (mode != "none" && mode != "full")
        set_.fail("activation_checkpoint.mode", "expected none, selective or full");
      return set_word(job_.recompute, mode);
    }
    const std::string which = option.value_or(whole_ ? "2" : "op");
    if (which == "2") return set_word(job_.recompute_modules, "every-second");
    set_word(job_.recompute, "selective");
    if (which == "op" && option) {
      note(
          "activation_checkpoint.selective_ac_option op: every second matrix multiplication runs again as "
          "well, "
          "in the estimate the attention core alone");
    } else if (which != "op") {
      note(fmt::format(
          "activation_checkpoint.selective_ac_option {}: taken as the attention core of every layer",
          printable(which)));
    }
  }

  void read_precision() {
    std::vector<std::string> converters = set_.list("model.converters");
    for (const std::string& each : converters) {
      const bool fp8 = each.find("float8") != std::string::npos;
      if (fp8) set_word(job_.precision, "fp8");
      if (!fp8) note(fmt::format("model.converters {}: not in the estimate", printable(each)));
    }
    const auto reduced = set_.text("training.mixed_precision_reduce");
    if (whole_ || reduced) {
      set_word(job_.sent_gradients, reduced.value_or("float32") == "bfloat16" ? "bf16" : "fp32");
    }
    if (whole_) set_word(job_.loss, "kernel-by-kernel");
  }

  Settings set_;
  Recipe recipe_;
  Job& job_;
  std::int64_t tensor_ = 1;
  std::int64_t context_ = 1;
  std::int64_t pipeline_ = 1;
  std::int64_t data_ = 1;
  bool whole_ = false;
};

}  // namespace

Recipe read_torchtitan(Settings settings, const Job& given) {
  return TitanReader(std::move(settings), given).read();
}

}  // namespace bandwright
