#include "training/layers/pricer.h"

#include <cmath>

namespace bandwright {
namespace {

// Share of a matrix unit's speed in plain multiplications that on-chip attention reaches, forward and
// backward. Of an H100's peak FlashAttention-3 has 0.63 forward and 0.49 backward with causal sequences of 8k
// and heads of 128, where multiplications have 0.95 (Shah et al., 2024, figures 5 and 6); cuDNN's of 2025 are
// as fast. Those of 2024 are fitted on runs of up to a million tokens (NeMo 24.03 to 25.04). FlashAttention-2
// has 0.7 and 0.55 of an A100 and runs the older instructions on later NPUs, the first kernels 0.25 to 0.4
// (Dao, FlashAttention-2, 2023, figures 4 to 6).
struct AttentionShare {
  double forward = 1.0;
  double backward = 1.0;
};
AttentionShare attention_share(AttentionKernel kernel, const Npu& npu) {
  switch (kernel) {
    case AttentionKernel::Flash1:
      return {0.33 * npu.older_kernels, 0.33 * npu.older_kernels};
    case AttentionKernel::Flash2:
      return {0.7 * npu.older_kernels, 0.55 * npu.older_kernels};
    case AttentionKernel::Flash2024:
      return {0.55 * npu.attention_speed, 0.42 * npu.attention_speed};
    default:
      return {0.67 * npu.attention_speed, 0.53 * npu.attention_speed};
  }
}
// Megatron-LM's fused softmax takes whole groups of heads (fused_softmax.py, is_kernel_available); with
// others, the softmax is written out in fp32.
constexpr double fused_softmax_heads = 4.0;

// Share of a matrix unit's speed that the chunks of a state space reach, in Triton's kernels of one size for
// all NPUs, as the first on-chip attention did; and how often the backward pass does the forward's work:
// twice for the gradients, and what was not kept once more.
constexpr double chunk_share = 0.4;
constexpr double state_space_backward = 2.5;
constexpr double state_space_kernels = 7.0;
// How often what they read and write passes through memory at its speed: kernels of few tokens and many
// states wait for each other. Fitted on Nemotron 3 (Megatron-Bridge, 26.04 to 26.08).
constexpr double state_space_passes = 7.0;

// Operations per time and bits, of those with 16 bits.
double relative_power(const Npu& npu, Precision precision) {
  if (!narrows(precision)) return 1.0;
  const double bits = precision == Precision::Nvfp4 ? 4.0 : 8.0;
  return npu.peak(precision) * bits / (npu.peak(Precision::Bf16) * 16.0);
}

// Bytes that casting an element to fp8 passes through memory: the largest is looked for (2), it is read again
// (2) and written as rows and as columns (1 each). With MXFP8, whose scales are of 32 elements, as many: rows
// and columns are scaled apart. To nvfp4 columns are rotated before (a Hadamard transform: 2 read, 2 written)
// and then looked through and cast like rows, by themselves (Transformer Engine, NVFP4 quantizer, 2.8).
double cast_bytes(Precision precision) {
  return 4.0 + 2.0 * input_bytes(precision) + (precision == Precision::Nvfp4 ? 8.0 : 0.0);
}

}  // namespace

void Pricer::project_experts(BlockPasses& passes, const Projection& w, double tokens, double experts,
                             bool adapted) const {
  const auto tp = static_cast<double>(p_.experts_tensor());
  BlockPasses own;
  multiply_weights(own, projection_gemms(w, tokens, tp, experts));
  if (adapted) adapt(own, w, tokens, tp, experts);
  const auto add = [&](BlockCost& cost, const BlockCost& part) {
    cost.projections += part.projections / npu_.ragged_speed;
    cost.heat += part.heat;
    cost.streaming += part.streaming;
    cost.kernels += part.kernels;
  };
  add(passes.forward, own.forward);
  add(passes.input_gradient, own.input_gradient);
  add(passes.weight_gradient, own.weight_gradient);
}

// The power that matrix units draw in a format, of what they draw in bf16: as they compute twice as fast with
// half the bits they draw as much, and more where they are faster than that (nvfp4 on a GB300: 1.5 times).
void Pricer::multiply(BlockCost& cost, Precision precision, const Gemm& gemm, double result_bytes) const {
  const double ns = gemm_ns(npu_, precision, gemm, result_bytes);
  run(cost, cost.projections, ns, 1.0);
  cost.heat += ns * relative_power(npu_, precision);
}

// A gradient that is reduced at the end of a step is added to the sum of those before as it is computed
// (Megatron-LM, gradient accumulation fusion): read and written. In fp8 inputs are cast; weights once per
// step, which does not weigh.
void Pricer::multiply_weights(BlockPasses& passes, const ProjectionGemms& gemms) const {
  const double summed = p_.zero < 2 ? 2.0 * static_cast<double>(p_.stored_gradient_bytes) : 2.0;
  multiply(passes.forward, p_.precision, gemms.forward);
  multiply(passes.input_gradient, p_.precision, gemms.input_gradient);
  if (!p_.adapters.freeze()) multiply(passes.weight_gradient, p_.precision, gemms.weight_gradient, summed);
  if (!narrows(p_.precision)) return;
  const auto& [m, n, k, batch] = gemms.forward;
  stream(passes.forward, batch * cast_bytes(p_.precision) * m * k, 2.0);
  stream(passes.input_gradient, batch * cast_bytes(p_.precision) * m * n, 2.0);
}

// Down to the rank and up again, in 16 bits; what comes of that is added to what the matrix makes: both are
// read, and the sum is written.
void Pricer::adapt(BlockPasses& passes, const Projection& w, double tokens, double tp,
                   double matrices) const {
  const std::int64_t rank = p_.adapters.rank;
  for (const Projection& each : {Projection{w.in, rank}, Projection{rank, w.out}}) {
    const ProjectionGemms gemms = projection_gemms(each, tokens, tp, matrices);
    multiply(passes.forward, plain_precision(), gemms.forward);
    multiply(passes.input_gradient, plain_precision(), gemms.input_gradient);
    multiply(passes.weight_gradient, plain_precision(), gemms.weight_gradient);
  }
  const ProjectionGemms whole = projection_gemms(w, tokens, tp, matrices);
  const auto add = [&](BlockCost& cost, const Gemm& sum) {
    stream(cost, 3.0 * 2.0 * sum.m * sum.n * sum.batch, 1.0);
  };
  add(passes.forward, whole.forward);
  add(passes.input_gradient, whole.input_gradient);
}

void Pricer::attention_core(BlockPasses& passes) const {
  const double heads = static_cast<double>(model_.heads * p_.micro_batch) / tp_;
  const double queries = static_cast<double>(model_.sequence) / static_cast<double>(p_.context);
  const AttentionGemms gemms = attention_gemms(model_, queries, heads);
  if (p_.attention == AttentionKernel::Unfused) {
    unfused(passes, gemms);
  } else {
    flash(passes, gemms);
  }
}

void Pricer::state_space_core(BlockPasses& passes) const {
  const StateSpaceWork work = state_space_work(model_.state_space);
  const double tokens = tokens_ / tp_;  // heads and groups are divided
  const double rate =
      npu_.peak(plain_precision()) * npu_.constants.gemm_efficiency * chunk_share * npu_.older_kernels;
  const auto pass = [&](BlockCost& cost, double times) {
    run_core(cost, times * tokens * work.flop / rate, 0.0, chunk_share * npu_.older_kernels);
    stream(cost, times * tokens * state_space_passes * work.bytes, std::ceil(times * state_space_kernels));
  };
  pass(passes.forward, 1.0);
  pass(passes.input_gradient, state_space_backward);
}

// The kernels compute the scores once more in the backward pass.
void Pricer::flash(BlockPasses& passes, const AttentionGemms& core) const {
  const double unit = npu_.peak(plain_precision()) * npu_.constants.gemm_efficiency;
  const AttentionShare share = attention_share(p_.attention, npu_);
  const double uneven = p_.balanced_context ? 1.0 : 2.0 - 1.0 / static_cast<double>(p_.context);
  const double rate = unit * share.forward / uneven;
  const double backward_rate = unit * share.backward / uneven;
  const double overhead = streaming_ns(npu_, 0.0);
  const double attended = causal_share * model_.attended_share();
  double backward = core.scores().flop();
  for (const Gemm& gemm : core.backward) backward += gemm.flop();
  run_core(passes.forward, attended * core.flop() / rate + overhead, 1.0, share.forward);
  run_core(passes.input_gradient, attended * backward / backward_rate + 2.0 * overhead, 2.0, share.backward);
}

void Pricer::unfused(BlockPasses& passes, const AttentionGemms& core) const {
  const Gemm& scores = core.scores();
  const auto multiply_batch = [&](BlockCost& cost, const Gemm& gemm) {
    run_core(cost, gemm_ns(npu_, plain_precision(), gemm), 1.0, 1.0);
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

}  // namespace bandwright
