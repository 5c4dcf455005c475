#pragma once
#include "training/layers/layer_cost.h"

namespace bandwright {

// What the costs of one layer are made of: kernels by kind, in matrix units as in a short run.
class Pricer {
 public:
  Pricer(const TransformerArchitecture& model, const Parallelism& p, const Npu& npu)
      : model_(model),
        p_(p),
        npu_(npu),
        tokens_(tokens_per_pass(model, p)),
        tp_(static_cast<double>(p.tensor)) {}

  // A projection whose weights are divided over TP, for so many tokens in `matrices` equal multiplications;
  // `adapted`: where weights are frozen, an adapter is beside it.
  void project(BlockPasses& passes, const Projection& w, double tokens, bool adapted) const {
    multiply_weights(passes, projection_gemms(w, tokens, tp_));
    if (adapted) adapt(passes, w, tokens, tp_, 1.0);
  }
  // The same of experts, divided over their own TP, for so many tokens of each.
  void project_experts(BlockPasses& passes, const Projection& w, double tokens, double experts,
                       bool adapted) const;
  void stream(BlockCost& cost, double bytes, double kernels) const {
    run(cost, cost.streaming, streaming_ns(npu_, bytes) + (kernels - 1.0) * streaming_ns(npu_, 0.0), kernels);
  }
  void attention_core(BlockPasses& passes) const;
  // The convolution, the states of all chunks, gate and norm: what state_space_work() says.
  void state_space_core(BlockPasses& passes) const;

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
  void multiply(BlockCost& cost, Precision precision, const Gemm& gemm, double result_bytes = 2.0) const;
  // `share`: of that time in which matrix units compute.
  static void run_core(BlockCost& cost, double ns, double kernels, double share) {
    run(cost, cost.core, ns, kernels);
    cost.hot_core += ns;
    cost.idle_core += (1.0 - share) * ns;
    cost.heat += share * ns;
  }
  void multiply_weights(BlockPasses& passes, const ProjectionGemms& gemms) const;
  void adapt(BlockPasses& passes, const Projection& w, double tokens, double tp, double matrices) const;
  // Of what is not multiplied in fewer bits.
  [[nodiscard]] Precision plain_precision() const {
    return narrows(p_.precision) ? Precision::Bf16 : p_.precision;
  }
  void flash(BlockPasses& passes, const AttentionGemms& core) const;
  void unfused(BlockPasses& passes, const AttentionGemms& core) const;

  const TransformerArchitecture& model_;
  const Parallelism& p_;
  const Npu& npu_;
  double tokens_;
  double tp_;
};

}  // namespace bandwright
