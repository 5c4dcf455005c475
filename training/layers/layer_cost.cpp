#include "training/layers/layer_cost.h"

#include <algorithm>
#include <array>

#include "training/layers/power_limit.h"
#include "training/layers/pricer.h"

namespace bandwright {
namespace {

void add(BlockCost& sum, const BlockCost& part) {
  sum.projections += part.projections;
  sum.core += part.core;
  sum.hot_core += part.hot_core;
  sum.idle_core += part.idle_core;
  sum.heat += part.heat;
  sum.streaming += part.streaming;
  sum.kernels += part.kernels;
}
void add(BlockPasses& sum, const BlockPasses& part) {
  add(sum.forward, part.forward);
  add(sum.input_gradient, part.input_gradient);
  add(sum.weight_gradient, part.weight_gradient);
}
// So much of all of it.
void scale(BlockCost& cost, double share) {
  cost.projections *= share;
  cost.core *= share;
  cost.hot_core *= share;
  cost.idle_core *= share;
  cost.heat *= share;
  cost.streaming *= share;
  cost.kernels *= share;
}
void scale(BlockPasses& passes, double share) {
  for (BlockCost* each : {&passes.forward, &passes.input_gradient, &passes.weight_gradient, &passes.again}) {
    scale(*each, share);
  }
}
// So much of the multiplications.
void add_share(BlockCost& sum, const BlockCost& part, double share) {
  sum.projections += share * part.projections;
  sum.heat += share * part.heat;
  sum.kernels += share * part.kernels;
}

// What was added to a cost since it was `before`.
void add_since(BlockCost& sum, const BlockCost& cost, const BlockCost& before) {
  BlockCost less = before;
  scale(less, -1.0);
  add(sum, cost);
  add(sum, less);
}

// From the latents to queries, keys and values of all heads.
bool is_up_projection(const TransformerArchitecture& model, const Projection& projection) {
  return model.latent.kv_rank > 0 &&
         (projection.in == model.latent.kv_rank || projection.in == model.latent.q_rank);
}

// Whether an adapter is beside a projection into a part of a layer, or out of it.
enum class Part : std::uint8_t { Mixer, Ffn };
bool adapts(const Parallelism& p, bool out, Part part) {
  const Adapters& a = p.adapters;
  if (!a.freeze()) return false;
  return part == Part::Mixer ? (out ? a.output : a.qkv) : (out ? a.ffn_out : a.ffn_in);
}

// The two projections of an FFN of `inner` elements, for every token.
void project_ffn(const Pricer& pricer, const TransformerArchitecture& model, const Parallelism& p,
                 BlockPasses& passes, std::int64_t inner) {
  const ProjectionList projections = ffn_projections(model, inner);
  for (const Projection& projection : projections) {
    pricer.project(passes, projection, pricer.tokens(),
                   adapts(p, &projection == &projections.back(), Part::Ffn));
  }
}

// Norm, projections, core, dropout and residual. In activations: norm reads and writes; bias, dropout and
// residual read two, write one and a mask; query, key, value and context are rearranged once.
BlockPasses attention_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  BlockPasses passes;
  const ProjectionList projections = attention_projections(model);
  for (const Projection& projection : projections) {
    const bool output = &projection == &projections.back();
    BlockPasses one;
    pricer.project(one, projection, pricer.tokens(), adapts(p, output, Part::Mixer));
    add(passes, one);
    if (p.again.up_projections && is_up_projection(model, projection)) add(passes.again, one.forward);
    if (p.again.output && output) add(passes.again, one.forward);
  }
  if (p.again.every_second) add_share(passes.again, passes.forward, 0.5);
  const BlockCost projected = passes.forward;
  pricer.attention_core(passes);
  if (p.again.core) add_since(passes.again, passes.forward, projected);
  pricer.stream(passes.forward, 7.0 * pricer.activation() + 5.0 * pricer.divided(), 4.0);
  pricer.stream(passes.input_gradient, 10.0 * pricer.activation() + 8.0 * pricer.divided(), 7.0);
  if (p.again.norms) pricer.stream(passes.again, 2.0 * pricer.activation(), 1.0);
  if (p.again.every_second) {
    pricer.stream(passes.again, 7.0 * pricer.activation() + 5.0 * pricer.divided(), 4.0);
  }
  return passes;
}

// Norm, projections, convolution, states, gate and norm, residual.
BlockPasses state_space_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  BlockPasses passes;
  const ProjectionList projections = state_space_projections(model);
  for (const Projection& projection : projections) {
    pricer.project(passes, projection, pricer.tokens(),
                   adapts(p, &projection == &projections.back(), Part::Mixer));
  }
  if (p.again.every_second) add_share(passes.again, passes.forward, 0.5);
  pricer.state_space_core(passes);
  pricer.stream(passes.forward, 7.0 * pricer.activation(), 4.0);
  pricer.stream(passes.input_gradient, 10.0 * pricer.activation(), 7.0);
  if (p.again.norms) pricer.stream(passes.again, 2.0 * pricer.activation(), 1.0);
  return passes;
}

// What of a layer is no FFN: attention, and in models with state spaces the share of both that falls to it.
BlockPasses mixers_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  BlockPasses attention = attention_cost(model, p, npu);
  if (model.state_space.layers == 0) return attention;
  scale(attention, model.attention_per_layer());
  BlockPasses states = state_space_cost(model, p, npu);
  scale(states, model.states_per_layer());
  add(attention, states);
  add(attention.again, states.again);
  return attention;
}

// The streaming part of an FFN with `inner` elements per token: norm, dropout and residual on h, the
// activation function on the inner size.
void stream_ffn(const Pricer& pricer, BlockPasses& passes, double inner_bytes) {
  pricer.stream(passes.forward, 7.0 * pricer.activation() + 2.5 * inner_bytes, 3.0);
  pricer.stream(passes.input_gradient, 10.0 * pricer.activation() + 5.0 * inner_bytes, 6.0);
}

double inner_bytes(const TransformerArchitecture& model, double tokens, std::int64_t inner, double tp) {
  const double gates = model.ffn_kind == FfnKind::SwiGlu ? 1.5 : 1.0;
  return 2.0 * gates * tokens * static_cast<double>(inner) / tp;
}

// Norm and activation function, where those run again and not all does; `inner` bytes as in stream_ffn().
void ffn_again(const Pricer& pricer, const RecomputedModules& again, BlockPasses& passes, double inner) {
  if (again.norms) pricer.stream(passes.again, 2.0 * pricer.activation(), 1.0);
  if (again.activation) pricer.stream(passes.again, 2.5 * inner, 1.0);
  if (!again.every_second) return;
  add_share(passes.again, passes.forward, 0.5);
  pricer.stream(passes.again, 7.0 * pricer.activation() + 2.5 * inner, 3.0);
}

// How often each copy of a token passes through memory beside its multiplications and the activation
// function: it is permuted for the exchange, sorted by expert, padded, weighed and put back, and backward
// every one of them again with the gradients of weights and router. Where a whole step is issued at once,
// kernels do that together (Megatron-Core 26.06). Fitted; 2 is to read a copy once and write it once.
struct CopyPasses {
  double forward = 12.0;
  double backward = 14.0;
};
CopyPasses copy_passes(const Parallelism& p) { return p.whole_graphs ? CopyPasses{2.0, 2.0} : CopyPasses{}; }

// How often the inner activations of experts pass through memory where biases, clamps and the gate are
// kernels of their own: bias (2), clamps of both halves, sigmoid, product, offset and the router's weight,
// partly in fp32 (Megatron-Core, experts.py, of 2025); backward twice as often. Fitted; compilers that
// see the whole step fuse most of them.
constexpr double clamp_kernels = 12.0;
double clamp_passes(const Parallelism& p, const Npu& npu) {
  const bool fused = p.whole_graphs || npu.constants.host_us <= 0.0;
  return fused ? 8.0 : 29.0;
}

void limit(LayerCost& cost, const Npu& npu) {
  limit_power(std::array<BlockPasses*, 2>{&cost.attention, &cost.ffn}, npu);
}

}  // namespace

double tokens_per_pass(const TransformerArchitecture& model, const Parallelism& p) {
  return static_cast<double>(p.micro_batch * model.sequence) / static_cast<double>(p.context);
}

LayerCost dense_layer_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  LayerCost cost{.attention = mixers_cost(model, p, npu)};
  project_ffn(pricer, model, p, cost.ffn, model.ffn);
  const double inner = inner_bytes(model, pricer.tokens(), model.ffn, static_cast<double>(p.tensor));
  stream_ffn(pricer, cost.ffn, inner);
  if (p.again.ffn) cost.ffn.again = cost.ffn.forward;
  ffn_again(pricer, p.again, cost.ffn, inner);
  limit(cost, npu);
  return cost;
}

LayerCost sparse_layer_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  LayerCost cost{.attention = mixers_cost(model, p, npu)};
  const double local = static_cast<double>(model.experts.count) / static_cast<double>(p.expert);
  const double tokens =
      pricer.tokens() * static_cast<double>(p.experts_tensor()) / static_cast<double>(p.tensor);
  const double routed = tokens * static_cast<double>(model.experts.per_token);
  const ProjectionList projections = expert_projections(model);
  for (const Projection& projection : projections) {
    pricer.project_experts(cost.ffn, projection, routed / local, local,
                           adapts(p, &projection == &projections.back(), Part::Ffn));
  }
  for (const Projection& projection : latent_projections(model)) {
    pricer.project(cost.ffn, projection, pricer.tokens(), false);
  }
  // Side by side they are one FFN.
  if (model.experts.shared > 0) project_ffn(pricer, model, p, cost.ffn, model.experts.shared_inner());
  const auto tp = static_cast<double>(p.tensor);
  const auto visited = static_cast<double>(model.experts.per_token);
  const double inner = visited * inner_bytes(model, pricer.tokens(), model.experts.ffn, tp);
  stream_ffn(pricer, cost.ffn, inner + inner_bytes(model, pricer.tokens(), model.experts.shared_inner(), tp));
  const CopyPasses copies = copy_passes(p);
  const double copied = visited * pricer.activation() * static_cast<double>(model.expert_width()) /
                        static_cast<double>(model.hidden);
  pricer.stream(cost.ffn.forward, copies.forward * copied, 6.0);
  pricer.stream(cost.ffn.input_gradient, copies.backward * copied, 6.0);
  const double clamped = model.clamped_ffn ? clamp_passes(p, npu) * inner : 0.0;
  if (clamped > 0.0) {
    pricer.stream(cost.ffn.forward, clamped, clamp_kernels);
    pricer.stream(cost.ffn.input_gradient, 2.0 * clamped, 2.0 * clamp_kernels);
  }
  if (p.again.experts) cost.ffn.again = cost.ffn.forward;
  ffn_again(pricer, p.again, cost.ffn, inner + clamped / 2.5);
  limit(cost, npu);
  return cost;
}

// In bf16 also where the layers' multiplications are in fp8 (Megatron-Core, TorchTitan), as often as tokens
// are predicted.
BlockPasses head_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  Parallelism unscaled = p;
  if (narrows(p.precision)) unscaled.precision = Precision::Bf16;
  const Pricer pricer(model, unscaled, npu);
  BlockPasses passes;
  // In fp32, kernel by kernel: cast, maximum, difference, exponential, sum, quotient; backward a product and
  // a cast. Fused: read twice, written once.
  const bool fused = p.loss == Loss::Fused;
  const double logits =
      2.0 * pricer.tokens() * static_cast<double>(model.vocabulary) / static_cast<double>(p.tensor);
  for (std::int64_t token = 0; token < model.predicted; ++token) {
    pricer.project(passes, {model.hidden, model.vocabulary}, pricer.tokens(), false);
    pricer.stream(passes.forward, (fused ? 3.0 : 19.0) * logits + 2.0 * pricer.activation(), 8.0);
    pricer.stream(passes.input_gradient, (fused ? 3.0 : 10.0) * logits + 3.0 * pricer.activation(), 5.0);
  }
  limit_power(std::array<BlockPasses*, 1>{&passes}, npu);
  return passes;
}

BlockPasses embedding_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  BlockPasses passes;
  pricer.stream(passes.forward, 5.0 * pricer.activation(), 4.0);
  if (!p.adapters.freeze()) pricer.stream(passes.input_gradient, 4.0 * pricer.activation(), 4.0);
  return passes;
}

double optimizer_ns(const Npu& npu, double parameters) { return streaming_ns(npu, 36.0 * parameters); }

}  // namespace bandwright
