#include "training/memory_bill.h"

#include <algorithm>

#include "training/division/dealing.h"
#include "workload/layer_operators.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

constexpr double weight_bytes = 2.0;
constexpr double allocator_loss = 0.04;
constexpr double library_bytes = 1.5 * 1073741824.0;
// Of a matrix multiplication, on an H100; PyTorch has one, and Transformer Engine another, and one on each of
// four streams for those of experts (multi_stream.cpp).
constexpr double workspace = 32.0 * 1048576.0;
double workspaces(const TransformerArchitecture& m) { return (m.sparse() ? 6.0 : 2.0) * workspace; }

// Of one logit. Kernel by kernel (PyTorch): bf16 and fp32 copies, logarithms of the softmax in fp32, and the
// gradients of both, of which not all live at a time (12 to 14). In place: in bf16 and once in fp32, where
// exponentials and then the gradient take the logits' place (Megatron-LM, cross_entropy.py). Fused: in bf16,
// and the gradient.
double logit_bytes(Loss loss) {
  switch (loss) {
    case Loss::KernelByKernel:
      return 13.0;
    case Loss::InPlace:
      return 6.0;
    default:
      return 4.0;
  }
}

double as_double(std::int64_t value) { return static_cast<double>(value); }

// Whether the first stage has the embedding in place of a layer: where the stages have room for both ends.
bool embedding_fills_place(const TransformerArchitecture& m, const Parallelism& p) {
  return p.pipeline > 1 && p.pipeline * dealing(m, p).stage >= m.layers + 2;
}

// Layers of a stage by their kind. One of a pipeline that has experts in every `interval`-th layer holds
// most.
struct StageLayers {
  double dense = 0.0;
  double sparse = 0.0;
};
StageLayers layers_of(const TransformerArchitecture& m, const Parallelism& p, StageEnd stage) {
  const Dealing dealt = dealing(m, p);
  const bool last = stage == StageEnd::Last && p.pipeline > 1;
  const std::int64_t first = dealt.stage - (stage == StageEnd::First && embedding_fills_place(m, p) ? 1 : 0);
  const std::int64_t layers = last ? dealt.last_stage : first;
  if (!m.sparse()) return {.dense = as_double(layers)};
  const std::int64_t most = (layers + m.experts.interval - 1) / m.experts.interval;
  const std::int64_t sparse = p.pipeline > 1 ? most : m.sparse_layers();
  return {as_double(layers - sparse), as_double(sparse)};
}

double local_experts(const TransformerArchitecture& m, const Parallelism& p) {
  return as_double(m.experts.count) / as_double(p.expert * p.experts_tensor());
}

// Parameters of a stage, by how they are divided.
struct Held {
  double dense = 0.0;
  double experts = 0.0;
  double embedding = 0.0;
};
Held held(const TransformerArchitecture& m, const Parallelism& p, StageEnd stage, const Adapters& adapters) {
  const double tp = as_double(p.tensor);
  const StageLayers layers = layers_of(m, p, stage);
  const TrainedParameters each = trained_parameters(m, adapters);
  Held result;
  result.dense = (layers.dense * each.dense_layer + layers.sparse * each.sparse_layer) / tp;
  result.experts = layers.sparse > 0.0 ? layers.sparse * local_experts(m, p) * each.expert : 0.0;
  if (adapters.freeze()) return result;
  const double table = as_double(m.vocabulary) * as_double(m.hidden);
  const double ends = p.pipeline == 1             ? embedding_parameters(m)
                      : stage == StageEnd::First  ? table + as_double(m.positions) * as_double(m.hidden)
                      : stage == StageEnd::Second ? 0.0
                                                  : table;
  result.embedding = ends / tp;
  return result;
}

double core_scores(const TransformerArchitecture& m, const Parallelism& p, double x) {
  const bool kept = p.attention == AttentionKernel::Unfused && p.recompute == Recomputation::None;
  if (!kept) return 0.0;
  return m.attention_per_layer() * x * 5.0 * as_double(m.heads) * as_double(m.sequence) /
         (as_double(m.hidden) * as_double(p.tensor));
}

// Chunks of layers that are in flight with v chunks per stage: stage r of p runs 2 (p - r - 1) + (v - 1) p +
// 1 forward passes before its first backward pass (Megatron-LM, schedules.py).
double layers_in_flight(const TransformerArchitecture& m, const Parallelism& p, StageEnd stage) {
  const double stages = as_double(p.pipeline);
  const StageLayers layers = layers_of(m, p, stage);
  const double per_stage = layers.dense + layers.sparse;
  const double micro_batches = as_double(p.micro_batches());
  if (p.schedule == PipelineSchedule::GPipe) return per_stage * micro_batches;
  const double chunks = as_double(p.virtual_stages);
  const double before = stage == StageEnd::First ? 0.0 : stage == StageEnd::Second ? 1.0 : stages - 1.0;
  const double piped =
      chunks > 1.0 ? stages + (stages - 1.0 - 2.0 * before) / chunks : std::max(1.0, stages - before);
  const double beside = p.overlap_expert && m.sparse() ? 1.0 / chunks : 0.0;
  return per_stage * std::min(piped + beside, micro_batches);
}

double logits(const TransformerArchitecture& m, const Parallelism& p) {
  return logit_bytes(p.loss) * as_double(p.micro_batch * m.sequence) / as_double(p.context) *
         as_double(m.vocabulary) / as_double(p.tensor);
}

// Where every second multiplication runs again: the layer's input, the attention's output, and the results of
// the other half of queries, keys and values, the output, and the FFN's matrices.
double kept_of_every_second(const TransformerArchitecture& m, double inner, double tp, double divided) {
  const double hidden = as_double(m.hidden);
  const double heads = as_double((m.heads + 2 * m.kv_heads) * m.head_dim) / hidden;
  const double in = (m.ffn_kind == FfnKind::SwiGlu ? 2.0 : 1.0) * inner;
  return 2.0 / divided + (2.0 * as_double(m.heads * m.head_dim) / hidden) / tp +
         0.5 * 2.0 * ((heads + in) / tp + 2.0 / divided);
}

// What a state space layer keeps of a token: what its projection made, which the convolution and the states
// are computed from again, and the last projection's input (github.com/state-spaces/mamba, ssd_combined.py).
double kept_of_state_space(const StateSpace& space, double input) {
  return 2.0 * as_double(space.projected()) + (2.0 + input) * as_double(space.inner());
}

// Of one layer, by its kind: 34 = 11 (attention) + 19 (a GELU FFN of 4 h) + 4 (norms); other FFNs keep their
// inner activations in proportion, those of experts once per expert visited, with the copy of the token that
// each gets. Of attention, 8 are queries, keys, values and what they weigh, 2 bytes each: fewer with fewer
// key/value heads, more where latent attention has made them out of its latents. Two are masks of dropout,
// which models with gated FFNs do not have. In fp8 the inputs of the multiplications are kept in 1 byte: of
// queries, keys and values, of both of the FFN's, and of the attention's output beside its own in bf16.
double layer_bytes(const TransformerArchitecture& m, const Parallelism& p, bool sparse) {
  const double tp = as_double(p.tensor);
  const double hidden = as_double(m.hidden);
  const double x = as_double(p.micro_batch * m.sequence) / as_double(p.context) * hidden;
  const double divided = p.sequence_parallel ? tp : 1.0;
  if (p.recompute == Recomputation::Full) return 2.0 * x / divided;
  const bool gated = m.ffn_kind == FfnKind::SwiGlu;
  const double input = input_bytes(p.precision);  // of a multiplication
  const double copies = sparse ? as_double(m.experts.per_token) : 0.0;
  const double inner =
      (sparse ? copies * as_double(m.experts.ffn) + as_double(m.experts.shared_inner()) : as_double(m.ffn)) /
      hidden;
  const double attention = m.attention_per_layer();
  const double attended = attention * as_double(m.heads * m.head_dim) / hidden;
  const double core =
      attention * 2.0 * as_double((m.heads + m.kv_heads) * (m.score_dim() + m.head_dim)) / hidden +
      (2.0 - input) * attended + m.states_per_layer() * kept_of_state_space(m.state_space, input) / hidden;
  const RecomputedModules& again = p.again;
  // Where the projection after attention runs again, the sum after it is not kept.
  const double sums = again.output ? 1.0 : 1.0 + m.mixers_per_layer();
  // Inputs of frozen matrices are not kept where no adapter needs them.
  const Adapters& adapters = p.adapters;
  const auto needs = [&](bool adapted) { return !adapters.freeze() || adapted ? 1.0 : 0.0; };
  if (again.every_second) return x * kept_of_every_second(m, inner, tp, divided);
  const bool no_ffn = sparse ? again.experts : again.ffn;
  const double normed = needs(adapters.ffn_in) + m.mixers_per_layer() * needs(adapters.qkv);
  const double whole = sums * 2.0 + (again.norms ? 0.0 : normed * input) + (gated ? 0.0 : 2.0);
  const double inner_kept = again.activation ? 0.0 : needs(adapters.ffn_out) * input;
  const double within = no_ffn ? 0.0 : inner * ((gated ? 4.0 : 2.0) + inner_kept);
  const double latents = 2.0 * as_double(m.latent.q_rank + m.latent.kv_rank + m.latent.rope_dim) / hidden;
  const bool up_again = again.up_projections && m.latent.kv_rank > 0;
  const double core_again = again.core ? (4.0 - input) * attended : 0.0;  // what it makes
  const double kept_core = (up_again ? latents + (4.0 - input) * attended : core) - core_again;
  const double copied =
      no_ffn ? 0.0 : copies * needs(adapters.ffn_in) * input * as_double(m.expert_width()) / hidden;
  return x * ((whole + copied) / divided + (kept_core + within) / tp) + core_scores(m, p, x);
}

// The weights that are gathered at a time under ZeRO 3: of two layers of the larger kind, as the next is
// fetched beside the one in use. A compiler gathers matrix by matrix, and fetches the next beside the one in
// use or the table of the output layer.
double gathered_parameters(const TransformerArchitecture& m, const Parallelism& p) {
  const double tp = as_double(p.tensor);
  if (!p.compiled) {
    const double sparse =
        m.sparse() ? sparse_layer_parameters(m) / tp + local_experts(m, p) * expert_parameters(m) : 0.0;
    return 2.0 * std::max(dense_layer_parameters(m) / tp, sparse);
  }
  double largest = 0.0;
  const auto add = [&](const ProjectionList& all, double matrices) {
    for (const Projection& each : all) {
      const bool both = m.ffn_kind == FfnKind::SwiGlu && each.out > each.in;  // gate and value, apart
      largest = std::max(largest, matrices * as_double(each.in * each.out) / (both ? 2.0 : 1.0));
    }
  };
  add(attention_projections(m), 1.0 / tp);
  add(ffn_projections(m, m.ffn), 1.0 / tp);
  if (m.sparse())
    add(expert_projections(m), as_double(m.experts.count) / as_double(p.expert * p.experts_tensor()));
  return std::max(2.0 * largest, as_double(m.vocabulary * m.hidden) / tp);
}

double average_layer(const TransformerArchitecture& m, const Parallelism& p, StageEnd stage) {
  const StageLayers layers = layers_of(m, p, stage);
  const double all = layers.dense + layers.sparse;
  if (all <= 0.0) return 0.0;
  return (layers.dense * layer_bytes(m, p, false) + layers.sparse * layer_bytes(m, p, true)) / all;
}

// What the layer that runs again keeps of it meanwhile.
double run_again(const TransformerArchitecture& m, const Parallelism& p, StageEnd stage) {
  if (p.recompute != Recomputation::Full) return 0.0;
  Parallelism kept = p;
  kept.recompute = Recomputation::None;
  return std::max(layers_of(m, p, stage).dense > 0.0 ? layer_bytes(m, kept, false) : 0.0,
                  m.sparse() ? layer_bytes(m, kept, true) : 0.0);
}

// Of layers whose activations are in the host's memory, those that are being copied, and so in both.
constexpr double copied_layers = 2.0;

}  // namespace

double offloaded_share(const TransformerArchitecture& m, const Parallelism& p) {
  if (p.offloaded_layers == 0) return 0.0;
  const std::int64_t layers = dealing(m, p).stage;
  return as_double(std::min(p.offloaded_layers, layers)) / as_double(layers);
}

double fragmentation(double allocated_bytes) { return allocator_loss * allocated_bytes; }

double layer_activations(const TransformerArchitecture& m, const Parallelism& p) {
  return average_layer(m, p, StageEnd::First);
}

std::vector<MemoryBill::Line> MemoryBill::lines() const {
  return {
      {"weights", layer_weights},     {"gradients", layer_gradients}, {"optimizer state", layer_optimizer},
      {"embedding", embedding},       {"activations", activations},   {"logits", logits},
      {"gathered weights", gathered}, {"buffers", buffers},           {"fragmentation", allowance}};
}

double MemoryBill::total() const {
  return layer_weights + layer_gradients + layer_optimizer + embedding + activations + logits + gathered +
         buffers + allowance;
}

MemoryBill::Line MemoryBill::largest() const {
  const std::vector<Line> all = lines();
  return *std::max_element(all.begin(), all.end(), [](auto& a, auto& b) { return a.bytes < b.bytes; });
}

MemoryBill memory_bill(const TransformerArchitecture& model, const Parallelism& p, StageEnd stage) {
  const Held parameters = held(model, p, stage, {});
  const Held trained = p.adapters.freeze() ? held(model, p, stage, p.adapters) : parameters;
  const double all_replicas = as_double(p.data * p.context);
  const double replicas = p.zero_npus > 0 ? std::min(all_replicas, as_double(p.zero_npus)) : all_replicas;
  const double expert_replicas =
      std::max(1.0, all_replicas * as_double(p.tensor) / as_double(p.expert * p.experts_tensor()));
  const auto over = [&](int zero, double bytes, const Held& those) {
    const bool divided = p.zero >= zero;
    return bytes *
           (those.dense / (divided ? replicas : 1.0) + those.experts / (divided ? expert_replicas : 1.0));
  };
  const auto whole = [&](int zero, double bytes) { return bytes / (p.zero >= zero ? replicas : 1.0); };
  const auto gradient_bytes = static_cast<double>(p.stored_gradient_bytes);
  const double state_bytes = optimizer_state_bytes(p.optimizer);
  MemoryBill bill;
  const double kept_bytes = p.compiled && !p.adapters.freeze() ? 0.0 : weight_bytes;
  bill.layer_weights =
      over(3, kept_bytes, parameters) + (p.adapters.freeze() ? over(3, weight_bytes, trained) : 0.0);
  bill.layer_gradients = over(2, gradient_bytes, trained);
  bill.layer_optimizer = over(1, state_bytes, trained);
  bill.embedding = parameters.embedding * whole(3, kept_bytes) +
                   trained.embedding * (whole(2, gradient_bytes) + whole(1, state_bytes));
  if (p.pipeline == 1 || stage == StageEnd::Last) bill.logits = logits(model, p);
  const double layer = average_layer(model, p, stage);
  const double in_flight = layers_in_flight(model, p, stage);
  bill.offloaded = offloaded_share(model, p) * layer * in_flight;
  bill.again = std::max(0.0, run_again(model, p, stage) - bill.logits);
  bill.activations =
      layer * in_flight - bill.offloaded + std::min(bill.offloaded, copied_layers * layer) + bill.again;
  if (p.zero >= 3) bill.gathered = weight_bytes * gathered_parameters(model, p);
  if (p.compiled) return bill;
  const double all = as_double(p.gradient_bytes) * (trained.dense + trained.experts + trained.embedding);
  bill.buffers = workspaces(model) + (p.data > 1 ? std::min(p.bucket_bytes, all) : 0.0);
  bill.allowance = fragmentation(bill.total()) + library_bytes;
  return bill;
}

MemoryBill memory_bill(const TransformerArchitecture& model, const Parallelism& p) {
  const MemoryBill first = memory_bill(model, p, StageEnd::First);
  if (p.pipeline == 1) return first;
  MemoryBill fullest = first;
  const auto compare = [&](StageEnd stage) {
    MemoryBill other = memory_bill(model, p, stage);
    if (other.total() > fullest.total()) fullest = other;
  };
  if (p.pipeline > 2 && embedding_fills_place(model, p)) compare(StageEnd::Second);
  compare(StageEnd::Last);
  return fullest;
}

}  // namespace bandwright
