#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"
#include "study/recipe/launchers.h"

namespace bandwright {
namespace {

class Reader {
 public:
  Reader(Settings settings, const Job& given) : set_(std::move(settings)) {
    recipe_.software = "Megatron-Core";
    recipe_.job = given;
  }

  Recipe read() {
    whole_ = set_.has("num-layers");
    read_npus();
    read_division();
    read_virtual_stages();
    if (whole_) read_model();
    read_zero();
    read_recomputation();
    read_overlap();
    read_precision();
    read_rest();
    sort_unused(recipe_, set_, megatron_core_arguments(), "--");
    return std::move(recipe_);
  }

 private:
  void count(std::string_view name, std::string Job::*word) {
    const auto value = set_.count(name);
    if (value && *value < 1) set_.fail(name, "expected 1 or more");
    if (value) set_word(recipe_.job.*word, *value);
  }
  void note(std::string text) { recipe_.notes.push_back(std::move(text)); }
  [[nodiscard]] std::int64_t number(std::string Job::*word) const {
    const std::string& text = recipe_.job.*word;
    return text.empty() ? 1 : parse_integer(text, 1, most_setting);
  }

  [[nodiscard]] std::int64_t replica() const {  // NPUs
    return capped_product({number(&Job::tp), number(&Job::pp), number(&Job::cp)});
  }

  void read_npus() {
    const auto nodes = set_.count("nnodes");
    const auto slurm_nodes = set_.count("nodes");
    auto each = set_.count("nproc-per-node");
    for (const char* name : {"ntasks-per-node", "gpus-per-node"}) {
      const auto other = set_.count(name);
      if (!each && other && *other > 1) each = other;
    }
    if (each) set_word(recipe_.job.npus, capped_product({*each, nodes.value_or(slurm_nodes.value_or(1))}));
  }

  void read_division() {
    count("tensor-model-parallel-size", &Job::tp);
    count("pipeline-model-parallel-size", &Job::pp);
    count("context-parallel-size", &Job::cp);
    count("expert-model-parallel-size", &Job::ep);
    count("expert-tensor-parallel-size", &Job::expert_tp);
    count("micro-batch-size", &Job::micro_batch);
    count("global-batch-size", &Job::global_batch);
    count("seq-length", &Job::sequence);
    if (set_.flag("sequence-parallel")) set_word(recipe_.job.sequence_parallel, "true");
    if (recipe_.job.global_batch.empty() && !recipe_.job.npus.empty()) {  // one micro-batch of each replica
      const std::int64_t replicas = std::max<std::int64_t>(1, number(&Job::npus) / replica());
      set_word(recipe_.job.global_batch, capped_product({number(&Job::micro_batch), replicas}));
    }
  }

  void read_virtual_stages() {
    count("num-virtual-stages-per-pipeline-rank", &Job::virtual_stages);
    const std::int64_t pp = number(&Job::pp);
    if (const auto layers = set_.count("num-layers-per-virtual-pipeline-stage")) {
      const auto all = set_.count("num-layers");
      if (!all || *layers < 1 || *all % *layers != 0 || *all / *layers % pp != 0) {
        set_.fail("num-layers-per-virtual-pipeline-stage", "expected a part of the layers of a stage");
      }
      set_word(recipe_.job.virtual_stages, *all / *layers / pp);
    }
    for (const char* name :
         {"account-for-embedding-in-pipeline-split", "account-for-loss-in-pipeline-split"}) {
      static_cast<void>(set_.flag(name));  // as the estimate deals them
    }
    if (const auto layout = set_.text("pipeline-model-parallel-layout")) {
      const auto chunks = std::count(layout->begin(), layout->end(), '|') + 1;
      if (chunks % pp != 0) set_.fail("pipeline-model-parallel-layout", "expected chunks for every stage");
      set_word(recipe_.job.virtual_stages, chunks / pp);
      if (whole_) note("--pipeline-model-parallel-layout: the estimate deals the layers by its own rule");
    }
  }

  void read_model() {
    TransformerArchitecture model{.name = "recipe"};
    const auto size = [&](std::string_view name) {
      const auto value = set_.count(name);
      if (!value) set_.fail(name, "is missing beside --num-layers");
      if (*value < 1) set_.fail(name, "expected 1 or more");
      return *value;
    };
    model.layers = size("num-layers");
    model.hidden = size("hidden-size");
    model.heads = size("num-attention-heads");
    model.kv_heads = model.heads;
    const auto groups = set_.count("num-query-groups");
    if (set_.flag("group-query-attention")) model.kv_heads = groups.value_or(1);
    model.ffn_kind = set_.flag("swiglu") ? FfnKind::SwiGlu : FfnKind::Gelu;
    model.ffn = set_.count("ffn-hidden-size").value_or(4 * model.hidden);
    model.head_dim =
        set_.count("kv-channels").value_or(model.hidden / std::max<std::int64_t>(1, model.heads));
    model.sequence = size("seq-length");
    model.tied_embeddings = !set_.flag("untie-embeddings-and-output-weights");
    const bool learned =
        set_.text("position-embedding-type").value_or("learned_absolute") == "learned_absolute" &&
        !set_.has("use-rotary-position-embeddings");
    if (learned) model.positions = set_.count("max-position-embeddings").value_or(model.sequence);
    read_experts(model);
    read_latent(model);
    const auto vocabulary =
        set_.has("padded-vocab-size") ? set_.count("padded-vocab-size") : set_.count("vocab-size");
    model.vocabulary = vocabulary.value_or(50304);
    if (const auto more = set_.count("mtp-num-layers")) set_word(recipe_.job.predict_more, *more);
    if (!recipe_.job.model.empty()) return;
    set_word(recipe_.job.model, word_of_model(model, vocabulary.has_value()));
    if (!vocabulary && recipe_.job.model.starts_with('{')) {
      note("vocabulary: the tokenizer's, which is not in the arguments; 50,304 is taken");
    }
  }

  void read_experts(TransformerArchitecture& model) {
    const auto experts = set_.count("num-experts");
    if (!experts) return;
    Experts& e = model.experts;
    e.count = *experts;
    e.per_token = set_.count("moe-router-topk").value_or(2);
    e.ffn = set_.count("moe-ffn-hidden-size").value_or(model.ffn);
    if (const auto shared = set_.count("moe-shared-expert-intermediate-size")) {
      e.shared = 1;
      e.shared_ffn = *shared;
    }
    e.groups = set_.count("moe-router-num-groups").value_or(1);
    e.groups_per_token = set_.count("moe-router-group-topk").value_or(e.groups);
    read_layer_pattern(e, model.layers);
  }

  // "2": every second; "([0]*3+[1]*58)": three dense ones first.
  void read_layer_pattern(Experts& e, std::int64_t layers) {
    const std::vector<std::string> words = set_.list("moe-layer-freq");
    if (words.empty()) return;
    std::string text;
    for (const std::string& word : words) text += word;
    std::erase_if(text, [](char c) { return c == '(' || c == ')' || c == ' ' || c == '"'; });
    std::int64_t dense = 0;
    std::int64_t sparse = 0;
    try {
      if (text.find('[') == std::string::npos) {
        e.interval = parse_integer(text, 1, layers);
        return;
      }
      for (const std::string_view part : split(text, '+')) {
        const std::size_t times = part.find('*');
        const std::int64_t many =
            times == std::string_view::npos ? 1 : parse_integer(part.substr(times + 1), 0, layers);
        const std::string_view kind = part.substr(0, times);
        if (kind == "[0]" && sparse == 0) {
          dense += many;
        } else if (kind == "[1]") {
          sparse += many;
        } else {
          throw InputError("expected dense layers first, then those with experts");
        }
      }
      e.dense_layers = dense;
    } catch (const InputError&) {
      note(fmt::format("--moe-layer-freq {}: taken as experts in every layer", printable(text)));
    }
  }

  void read_latent(TransformerArchitecture& model) {
    if (!set_.flag("multi-latent-attention")) return;
    model.latent.q_rank = set_.count("q-lora-rank").value_or(0);
    model.latent.kv_rank = set_.count("kv-lora-rank").value_or(32);
    model.latent.key_dim = set_.count("qk-head-dim").value_or(128);
    model.latent.rope_dim = set_.count("qk-pos-emb-head-dim").value_or(64);
    model.head_dim = set_.count("v-head-dim").value_or(128);
    model.kv_heads = model.heads;
  }

  void read_zero() {
    const bool fsdp2 = set_.flag("use-torch-fsdp2");
    const bool fsdp = set_.flag("use-megatron-fsdp") || set_.flag("use-custom-fsdp") || fsdp2;
    const bool divided = set_.flag("use-distributed-optimizer");
    const std::string strategy =
        set_.text("data-parallel-sharding-strategy").value_or(fsdp2 ? "optim_grads_params" : "no_shard");
    std::int64_t zero = divided ? 1 : 0;
    if (fsdp) {
      zero = strategy == "optim_grads_params" ? 3
             : strategy == "optim_grads"      ? 2
             : strategy == "optim"            ? 1
                                              : zero;
    }
    if (zero > 0) set_word(recipe_.job.zero, zero);
    if (const auto instances = set_.count("num-distributed-optimizer-instances");
        instances && *instances > 1) {
      if (recipe_.job.npus.empty()) return note("--num-distributed-optimizer-instances: give --npus as well");
      set_word(recipe_.job.zero_npus, number(&Job::npus) / replica() / *instances);
    }
  }

  void read_recomputation() {
    const std::string what = set_.text("recompute-granularity")
                                 .value_or(set_.flag("recompute-activations") ? "selective" : "none");
    const std::vector<std::string> modules = set_.list("recompute-modules");
    const std::string method = set_.text("recompute-method").value_or("uniform");
    const std::int64_t layers = set_.count("recompute-num-layers").value_or(1);
    if (what == "full") {
      set_word(recipe_.job.recompute, "full");
      if (method == "block") {
        note(fmt::format(
            "--recompute-method block: {} layers of a stage run again there, all in the estimate", layers));
      } else if (layers > 1) {
        note(fmt::format(
            "--recompute-num-layers {}: kept is what every so many-th layer begins with; of every "
            "layer in the estimate's memory",
            layers));
      }
    } else if (what == "selective") {
      select(modules.empty() ? std::vector<std::string>{"core_attn"} : modules);
    } else if (what != "none") {
      set_.fail("recompute-granularity", "expected full or selective");
    }
  }

  void select(const std::vector<std::string>& modules) {
    struct Module {
      std::string_view theirs, ours;
    };
    constexpr std::array same = {Module{"layernorm", "norms"}, Module{"moe_act", "activation"},
                                 Module{"mla_up_proj", "up-projections"}, Module{"mlp", "ffn"},
                                 Module{"moe", "experts"}};
    std::string again;
    for (const std::string& module : modules) {
      const auto* const known_module =
          std::find_if(same.begin(), same.end(), [&](const Module& each) { return each.theirs == module; });
      if (module == "core_attn") {
        set_word(recipe_.job.recompute, "selective");
      } else if (known_module != same.end()) {
        again += (again.empty() ? "" : ",") + std::string(known_module->ours);
      } else {
        note(fmt::format("--recompute-modules {}: not in the estimate", printable(module)));
      }
    }
    set_word(recipe_.job.recompute_modules, again);
  }

  void read_overlap() {
    const bool gradients = set_.flag("overlap-grad-reduce");
    const bool parameters = set_.flag("overlap-param-gather");
    const bool tensor = set_.flag("tp-comm-overlap");
    const bool expert = set_.flag("overlap-moe-expert-parallel-comm");
    std::string list = "backward";
    // Without a divided optimizer nothing is gathered, and the word has no meaning.
    if (parameters || recipe_.job.zero.empty() || recipe_.job.zero == "0") list = "parameters," + list;
    if (gradients) list = "gradients," + list;
    if (tensor) list += ",tensor";
    if (expert) list += ",expert";
    set_word(recipe_.job.overlap, list);
  }

  void read_precision() {
    const bool bf16 = set_.flag("bf16");
    const bool fp16 = set_.flag("fp16");
    const bool fp8 = set_.text("fp8-format").has_value() || set_.has("fp8");
    const bool fp4 = set_.text("fp4-format").has_value();
    static_cast<void>(set_.list("fp8"));
    if (fp8 || fp4 || fp16) set_word(recipe_.job.precision, fp4 ? "nvfp4" : fp8 ? "fp8" : "fp16");
    if (whole_ && !bf16 && !fp16 && !fp8 && !fp4) {
      note("neither --bf16 nor --fp16: Megatron-Core computes in fp32 then, the estimate in bf16");
    }
    // megatron/training/arguments.py: with bf16 gradients are summed and reduced in fp32 unless they say not
    // to.
    const bool reduced = set_.flag("grad-reduce-in-bf16");
    const bool stored = set_.text("main-grads-dtype").value_or("fp32") == "bf16";
    if (reduced || stored) {
      set_word(recipe_.job.stored_gradients, "bf16");
      set_word(recipe_.job.sent_gradients, "bf16");
    } else if (whole_) {
      set_word(recipe_.job.sent_gradients, "fp32");
    }
    const bool aware = set_.flag("use-precision-aware-optimizer");
    const std::string moments = set_.text("exp-avg-dtype").value_or("fp32");
    static_cast<void>(set_.text("exp-avg-sq-dtype"));
    const std::string optimizer = set_.text("optimizer").value_or("adam");
    if (aware && moments == "bf16") set_word(recipe_.job.optimizer, "adam-bf16");
    if (aware && (moments == "fp8" || moments == "uint8")) set_word(recipe_.job.optimizer, "adam-8bit");
    if (optimizer.find("muon") != std::string::npos) set_word(recipe_.job.optimizer, "muon");
    if (optimizer == "sgd") note("--optimizer sgd: Adam's two moments are in the estimate's memory");
  }

  void read_rest() {
    const bool fused = set_.flag("cross-entropy-loss-fusion");
    if (whole_) set_word(recipe_.job.loss, fused ? "fused" : "in-place");
    if (const auto bucket = set_.count("ddp-bucket-size")) {  // of parameters, in bytes of their gradients
      set_word(recipe_.job.bucket,
               fmt::format("{} B", *bucket * (recipe_.job.sent_gradients == "fp32" ? 4 : 2)));
    }
    if (const auto dispatch = set_.text("moe-token-dispatcher-type")) {
      set_word(recipe_.job.dispatch, *dispatch == "flex" ? "per-node" : "all-to-all");
      if (*dispatch == "allgather") {
        note("--moe-token-dispatcher-type allgather: taken as an all-to-all, which sends less");
      }
    }
    const std::string attention = set_.text("attention-backend").value_or("auto");
    if (attention == "unfused" || attention == "local") set_word(recipe_.job.attention, "unfused");
    const bool graphs = set_.flag("enable-cuda-graph") || set_.flag("cuda-graph-impl");
    const std::string scope = fmt::format("{}", fmt::join(set_.list("cuda-graph-scope"), ","));
    if (graphs && scope.find("full_iteration") != std::string::npos)
      set_word(recipe_.job.whole_graphs, "true");
    if (graphs && recipe_.job.whole_graphs.empty())
      note("CUDA graphs of single layers are not in the estimate");
  }

  Settings set_;
  Recipe recipe_;
  bool whole_ = false;
};

}  // namespace

Recipe read_megatron_core(Settings settings, const Job& given) {
  return Reader(std::move(settings), given).read();
}

}  // namespace bandwright
