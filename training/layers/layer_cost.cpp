#include "training/layers/layer_cost.h"

#include <algorithm>
#include <cmath>

namespace bandwright {
namespace {

// Share of a matrix unit's speed in plain multiplications that on-chip attention reaches, forward and
// backward. FlashAttention-3 has 0.75 of an H100's peak forward and 0.6 backward with long sequences and
// heads of 128, where multiplications have 0.8 to 0.9; cuDNN's of 2024 less (Shah et al., FlashAttention-3,
// 2024, figures 5 and 6). FlashAttention-2 has 0.7 and 0.55 of an A100 and runs the older instructions on
// later NPUs, the first kernels 0.3 to 0.5 (Dao, FlashAttention-2, 2023, figures 4 to 6).
struct AttentionShare {
  double forward = 0.65;
  double backward = 0.5;
};
AttentionShare attention_share(AttentionKernel kernel, const Npu& npu) {
  switch (kernel) {
    case AttentionKernel::Flash1:
      return {0.4 * npu.older_kernels, 0.4 * npu.older_kernels};
    case AttentionKernel::Flash2:
      return {0.7 * npu.older_kernels, 0.55 * npu.older_kernels};
    default:
      return {0.65 * npu.attention_speed, 0.5 * npu.attention_speed};
  }
}
// Megatron-LM's fused softmax takes whole groups of heads (fused_softmax.py, is_kernel_available); with
// others, the softmax is written out in fp32.
constexpr double fused_softmax_heads = 4.0;

// Everything the costs of one layer are made of.
class Pricer {
 public:
  Pricer(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu)
      : model_(model),
        p_(p),
        npu_(npu),
        tokens_(tokens_per_pass(model, p)),
        tp_(static_cast<double>(p.tensor)) {}

  // A projection whose weights are divided over TP, for so many tokens in `matrices` equal multiplications.
  void project(BlockPasses& passes, const Projection& w, double tokens) const {
    multiply_weights(passes, projection_gemms(w, tokens, tp_));
  }

  // The same of experts, divided over their own TP, for so many tokens of each.
  void project_experts(BlockPasses& passes, const Projection& w, double tokens, double experts) const {
    multiply_weights(passes, projection_gemms(w, tokens, static_cast<double>(p_.experts_tensor()), experts));
  }

  void multiply_weights(BlockPasses& passes, const ProjectionGemms& gemms) const {
    multiply(passes.forward, gemms.forward);
    multiply(passes.input_gradient, gemms.input_gradient);
    if (p_.precision == Precision::Fp8) {  // inputs are scaled, cast and transposed
      const auto& [m, n, k, batch] = gemms.forward;
      stream(passes.forward, batch * 4.0 * (m * k + k * n), 2.0);
      stream(passes.input_gradient, batch * 4.0 * m * n, 2.0);
    }
    multiply(passes.weight_gradient, gemms.weight_gradient);
  }

  void stream(BlockCost& cost, double bytes, double kernels) const {
    run(cost, cost.streaming, streaming_ns(npu_, bytes) + (kernels - 1.0) * streaming_ns(npu_, 0.0), kernels);
  }

  void multiply(BlockCost& cost, const Gemm& gemm) const {
    run_hot(cost, cost.projections, gemm_ns(npu_, p_.precision, gemm), 1.0);
  }

  void attention_core(BlockPasses& passes) const {
    const double heads = static_cast<double>(model_.heads * p_.micro_batch) / tp_;
    const double queries = static_cast<double>(model_.sequence) / static_cast<double>(p_.context);
    const AttentionGemms gemms = attention_gemms(model_, queries, heads);
    if (p_.attention == AttentionKernel::Unfused) {
      unfused(passes, gemms);
    } else {
      flash(passes, gemms);
    }
  }

  // Bytes of one t x h activation that every TP rank holds a part of under sequence parallelism, and of one
  // that is always divided.
  [[nodiscard]] double activation() const {
    return 2.0 * reduced_elements(model_, tokens_) / (p_.sequence_parallel ? tp_ : 1.0);
  }
  [[nodiscard]] double divided() const { return 2.0 * reduced_elements(model_, tokens_) / tp_; }
  [[nodiscard]] double tokens() const { return tokens_; }

 private:
  // So many kernels that take `ns` together.
  static void run(BlockCost& cost, double& kind, double ns, double kernels) {
    kind += ns;
    cost.kernels += kernels;
  }
  // Matrix multiplications that take `ns` in a short run. The power limit lowers the clock of the processors;
  // that of the memory is fixed (an A100 supports one, 1,593 MHz: nvidia-smi -q -d SUPPORTED_CLOCKS).
  void run_hot(BlockCost& cost, double& kind, double ns, double kernels) const {
    run(cost, kind, ns / (npu_.constants.sustained * npu_.power_speed()), kernels);
  }

  [[nodiscard]] Precision attention_precision() const {
    return p_.precision == Precision::Fp8 ? Precision::Bf16 : p_.precision;
  }

  // The kernels compute the scores once more in the backward pass.
  void flash(BlockPasses& passes, const AttentionGemms& core) const {
    const double unit = npu_.peak(attention_precision()) * npu_.constants.gemm_efficiency;
    const AttentionShare share = attention_share(p_.attention, npu_);
    const double uneven = p_.balanced_context ? 1.0 : 2.0 - 1.0 / static_cast<double>(p_.context);
    const double rate = unit * share.forward / uneven;
    const double backward_rate = unit * share.backward / uneven;
    const double overhead = streaming_ns(npu_, 0.0);
    const double attended = causal_share * model_.attended_share();
    double backward = core.scores().flop();
    for (const Gemm& gemm : core.backward) backward += gemm.flop();
    run_hot(passes.forward, passes.forward.core, attended * core.flop() / rate + overhead, 1.0);
    run_hot(passes.input_gradient, passes.input_gradient.core,
            attended * backward / backward_rate + 2.0 * overhead, 2.0);
  }

  void unfused(BlockPasses& passes, const AttentionGemms& core) const {
    const Gemm& scores = core.scores();
    const auto multiply_batch = [&](BlockCost& cost, const Gemm& gemm) {
      run_hot(cost, cost.core, gemm_ns(npu_, attention_precision(), gemm), 1.0);
    };
    const auto stream_scores = [&](BlockCost& cost, double passes_over_memory, double kernels) {
      const double bytes = passes_over_memory * 2.0 * scores.batch * scores.m * scores.n;
      run(cost, cost.core, streaming_ns(npu_, bytes) + (kernels - 1.0) * streaming_ns(npu_, 0.0), kernels);
    };
    for (const Gemm& gemm : core.forward) multiply_batch(passes.forward, gemm);
    for (const Gemm& gemm : core.backward) {
      multiply_batch(passes.input_gradient, gemm);
    }
    // Softmax reads and writes; dropout too, and its mask. Backward, dropout reads gradient and mask; softmax
    // gradient and output. Not fused: to fp32, scale, mask, softmax and back, each a kernel.
    const bool fused = std::fmod(scores.batch, fused_softmax_heads) == 0.0;
    stream_scores(passes.forward, fused ? 4.5 : 20.5, fused ? 2.0 : 8.0);
    stream_scores(passes.input_gradient, fused ? 5.5 : 22.5, fused ? 2.0 : 8.0);
  }

  const TransformerArchitecture& model_;
  const Parallelism& p_;
  const Npu& npu_;
  double tokens_;
  double tp_;
};

// Norm, projections, core, dropout and residual. In activations: norm reads and writes; bias, dropout and
// residual read two, write one and a mask; query, key, value and context are rearranged once.
BlockPasses attention_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  BlockPasses passes;
  for (const Projection& projection : attention_projections(model)) {
    pricer.project(passes, projection, pricer.tokens());
  }
  pricer.attention_core(passes);
  pricer.stream(passes.forward, 7.0 * pricer.activation() + 5.0 * pricer.divided(), 4.0);
  pricer.stream(passes.input_gradient, 10.0 * pricer.activation() + 8.0 * pricer.divided(), 7.0);
  return passes;
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

}  // namespace

double tokens_per_pass(const TransformerArchitecture& model, const Parallelism& p) {
  return static_cast<double>(p.micro_batch * model.sequence) / static_cast<double>(p.context);
}

LayerCost dense_layer_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  LayerCost cost{.attention = attention_cost(model, p, npu)};
  for (const Projection& projection : ffn_projections(model, model.ffn)) {
    pricer.project(cost.ffn, projection, pricer.tokens());
  }
  stream_ffn(pricer, cost.ffn, inner_bytes(model, pricer.tokens(), model.ffn, static_cast<double>(p.tensor)));
  return cost;
}

LayerCost sparse_layer_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  LayerCost cost{.attention = attention_cost(model, p, npu)};
  const double local = static_cast<double>(model.experts.count) / static_cast<double>(p.expert);
  const double tokens =
      pricer.tokens() * static_cast<double>(p.experts_tensor()) / static_cast<double>(p.tensor);
  const double routed = tokens * static_cast<double>(model.experts.per_token);
  for (const Projection& projection : ffn_projections(model, model.experts.ffn)) {
    pricer.project_experts(cost.ffn, projection, routed / local, local);
  }
  if (model.experts.shared > 0) {  // side by side they are one FFN
    for (const Projection& projection : ffn_projections(model, model.experts.shared_inner())) {
      pricer.project(cost.ffn, projection, pricer.tokens());
    }
  }
  const auto tp = static_cast<double>(p.tensor);
  const auto visited = static_cast<double>(model.experts.per_token);
  stream_ffn(pricer, cost.ffn,
             visited * inner_bytes(model, pricer.tokens(), model.experts.ffn, tp) +
                 inner_bytes(model, pricer.tokens(), model.experts.shared_inner(), tp));
  pricer.stream(cost.ffn.forward, 4.0 * visited * pricer.activation(), 6.0);  // permute, unpermute
  pricer.stream(cost.ffn.input_gradient, 4.0 * visited * pricer.activation(), 6.0);
  return cost;
}

BlockPasses head_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  BlockPasses passes;
  pricer.project(passes, {model.hidden, model.vocabulary}, pricer.tokens());
  const double logits =
      2.0 * pricer.tokens() * static_cast<double>(model.vocabulary) / static_cast<double>(p.tensor);
  // In fp32, kernel by kernel: cast, maximum, difference, exponential, sum, quotient; backward a product and
  // a cast. Fused: read twice, written once.
  pricer.stream(passes.forward, (p.loss == Loss::Fused ? 3.0 : 19.0) * logits + 2.0 * pricer.activation(),
                8.0);
  pricer.stream(passes.input_gradient,
                (p.loss == Loss::Fused ? 3.0 : 10.0) * logits + 3.0 * pricer.activation(), 5.0);
  return passes;
}

BlockPasses embedding_cost(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu) {
  const Pricer pricer(model, p, npu);
  BlockPasses passes;
  pricer.stream(passes.forward, 5.0 * pricer.activation(), 4.0);
  pricer.stream(passes.input_gradient, 4.0 * pricer.activation(), 4.0);
  return passes;
}

double optimizer_ns(const Npu& npu, double parameters) { return streaming_ns(npu, 36.0 * parameters); }

}  // namespace bandwright
