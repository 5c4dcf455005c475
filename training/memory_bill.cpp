#include "training/memory_bill.h"

#include <algorithm>

namespace bandwright {
namespace {

constexpr double weight_bytes = 2.0;
constexpr double gradient_bytes = 4.0;
constexpr double optimizer_bytes = 12.0;
constexpr double allocator_loss = 0.04;
constexpr double library_bytes = 1.5 * 1073741824.0;

// Parameters of the fullest stage, by how they are divided.
struct Held {
  double dense = 0.0;
  double experts = 0.0;
  double embedding = 0.0;
};

Held held(const TransformerArchitecture& m, const Parallelism& p) {
  const auto tp = static_cast<double>(p.tensor);
  const auto pp = static_cast<double>(p.pipeline);
  const auto per_stage = static_cast<double>(dealing(m, p).stage);
  // A stage of a pipeline that has experts in every layer holds most.
  const double sparse_share =
      pp > 1.0 && m.sparse() ? 1.0 : static_cast<double>(m.sparse_layers()) / static_cast<double>(m.layers);
  const double local_experts = static_cast<double>(m.experts.count) / static_cast<double>(p.expert);
  Held result;
  result.dense =
      per_stage / tp *
      ((1.0 - sparse_share) * dense_layer_parameters(m) + sparse_share * sparse_layer_parameters(m));
  result.experts = per_stage * sparse_share * local_experts * expert_parameters(m) / tp;
  result.embedding = embedding_parameters(m) / tp / (pp > 1.0 && !m.tied_embeddings ? 2.0 : 1.0);
  return result;
}

double core_scores(const TransformerArchitecture& m, const Parallelism& p, double x) {
  const bool kept = p.attention == AttentionKernel::Unfused && p.recompute == Recomputation::None;
  if (!kept) return 0.0;
  return x * 5.0 * static_cast<double>(m.heads) * static_cast<double>(m.sequence) /
         (static_cast<double>(m.hidden) * static_cast<double>(p.tensor));
}

double layers_in_flight(const TransformerArchitecture& m, const Parallelism& p) {
  const auto stages = static_cast<double>(p.pipeline);
  const auto per_stage = static_cast<double>(dealing(m, p).stage);
  const auto micro_batches = static_cast<double>(p.micro_batches());
  if (p.schedule == PipelineSchedule::GPipe) return per_stage * micro_batches;
  const double chunks = static_cast<double>(p.virtual_stages);
  const double in_flight = chunks > 1.0 ? stages * (1.0 + (stages - 1.0) / (stages * chunks)) : stages;
  const double beside = p.overlap_expert && m.sparse() ? 1.0 / chunks : 0.0;
  return per_stage * std::min(in_flight + beside, micro_batches);
}

double buffer_bytes(const TransformerArchitecture& m, const Parallelism& p) {
  const auto tp = static_cast<double>(p.tensor);
  const double logits = p.pipeline == 1
                            ? 4.0 * static_cast<double>(p.micro_batch * m.sequence) /
                                  static_cast<double>(p.context) * static_cast<double>(m.vocabulary) / tp
                            : 0.0;
  const double gathered = p.zero >= 3 ? 2.0 * weight_bytes * dense_layer_parameters(m) / tp : 0.0;
  return (p.data > 1 ? p.bucket_bytes : 0.0) + gathered + logits;
}

}  // namespace

// 34 = 11 (attention) + 19 (a GELU FFN of 4 h) + 4 (norms);
// other FFNs keep their inner activations in proportion, those of experts once per expert visited. Of
// attention, 8 are queries, keys, values and what they weigh, 2 bytes each: fewer with fewer key/value heads,
// more where latent attention has made them out of its latents.
double layer_activations(const TransformerArchitecture& m, const Parallelism& p) {
  const auto tp = static_cast<double>(p.tensor);
  const double x = static_cast<double>(p.micro_batch * m.sequence) / static_cast<double>(p.context) *
                   static_cast<double>(m.hidden);
  if (p.recompute == Recomputation::Full) return 2.0 * x / (p.sequence_parallel ? tp : 1.0);
  const double replicated = 10.0 / (p.sequence_parallel ? tp : 1.0);
  const double visited = m.sparse() ? static_cast<double>(m.experts.per_token + m.experts.shared) : 1.0;
  const double inner = static_cast<double>(m.sparse() ? m.experts.ffn : m.ffn) * visited /
                       (4.0 * static_cast<double>(m.hidden));
  const double gates = m.ffn_kind == FfnKind::SwiGlu ? 1.5 : 1.0;
  const double core = 2.0 * static_cast<double>((m.heads + m.kv_heads) * (m.score_dim() + m.head_dim)) /
                      static_cast<double>(m.hidden);
  return x * (replicated + (core + 16.0 * inner * gates) / tp) + core_scores(m, p, x);
}

std::vector<MemoryBill::Line> MemoryBill::lines() const {
  return {{"weights", layer_weights},  {"gradients", layer_gradients}, {"optimizer state", layer_optimizer},
          {"embedding", embedding},    {"activations", activations},   {"buffers", buffers},
          {"fragmentation", allowance}};
}

double MemoryBill::total() const {
  double bytes = 0.0;
  for (const Line& line : lines()) bytes += line.bytes;
  return bytes;
}

MemoryBill::Line MemoryBill::largest() const {
  const std::vector<Line> all = lines();
  return *std::max_element(all.begin(), all.end(), [](auto& a, auto& b) { return a.bytes < b.bytes; });
}

MemoryBill memory_bill(const TransformerArchitecture& model, const Parallelism& p) {
  const Held parameters = held(model, p);
  const double replicas = static_cast<double>(p.data * p.context);
  const double expert_replicas = std::max(1.0, replicas / static_cast<double>(p.expert));
  const auto over = [&](int stage, double bytes) {
    const bool divided = p.zero >= stage;
    return bytes * (parameters.dense / (divided ? replicas : 1.0) +
                    parameters.experts / (divided ? expert_replicas : 1.0));
  };
  const auto whole = [&](int stage, double bytes) { return bytes / (p.zero >= stage ? replicas : 1.0); };
  MemoryBill bill;
  bill.layer_weights = over(3, weight_bytes);
  bill.layer_gradients = over(2, gradient_bytes);
  bill.layer_optimizer = over(1, optimizer_bytes);
  bill.embedding =
      parameters.embedding * (whole(3, weight_bytes) + whole(2, gradient_bytes) + whole(1, optimizer_bytes));
  bill.activations = layer_activations(model, p) * layers_in_flight(model, p);
  if (p.recompute == Recomputation::Full) {  // the layer being recomputed keeps everything
    Parallelism kept = p;
    kept.recompute = Recomputation::None;
    bill.activations += layer_activations(model, kept);
  }
  bill.buffers = buffer_bytes(model, p);
  bill.allowance = allocator_loss * bill.total() + library_bytes;
  return bill;
}

}  // namespace bandwright
