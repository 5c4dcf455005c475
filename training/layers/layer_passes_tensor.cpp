// Tensor-parallel communication of a layer's passes.
#include <cmath>

#include "training/collective_time.h"
#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"

namespace bandwright {

void LayerPasses::tensor_call(CollectiveKind kind, double bytes, Role role, bool beside) {
  const StreamSet sets = beside ? streams(Stream::Tensor) : streams(Stream::Tensor, Stream::Compute);
  call(Axes::Tensor, kind, bytes, step_label(role, StepLine::TensorParallel),
       streams(Stream::Tensor, Stream::Compute), sets);
}

void LayerPasses::tensor_before(Role role, bool beside, double copies) {
  if (!p_.sequence_parallel || copies <= 0.0) return;
  tensor_call(CollectiveKind::AllGather, copies * activation_ / static_cast<double>(p_.tensor), role, beside);
}

void LayerPasses::tensor_after(Role role, bool beside, double copies) {
  if (copies <= 0.0) return;
  tensor_call(p_.sequence_parallel ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce,
              copies * activation_, role, beside);
}

// What the all-gather before a block and what comes after it take alone.
LayerPasses::TensorCalls LayerPasses::tensor_calls(double copies, bool after) const {
  TensorCalls calls;
  const auto add = [&](CollectiveKind kind, double bytes) {
    const double ns = call_ns(Axes::Tensor, kind, bytes);
    if (ns <= 0.0) return;
    calls.ns += ns;
    ++calls.count;
  };
  if (copies <= 0.0) return calls;
  if (p_.sequence_parallel) {
    add(CollectiveKind::AllGather, copies * activation_ / static_cast<double>(p_.tensor));
  }
  if (after) {
    add(p_.sequence_parallel ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce,
        copies * activation_);
  }
  return calls;
}

void LayerPasses::block_with_tensor(const BlockCost& cost, Role role, double copies, bool after) {
  const TensorCalls calls = p_.overlap_tensor ? tensor_calls(copies, after) : TensorCalls{};
  if (calls.count == 0) {
    tensor_before(role, false, copies);
    block(cost, role);
    if (after) tensor_after(role, false, copies);
    return;
  }
  core_and_streaming(cost, role);
  const auto chunks = static_cast<double>(p_.tensor);
  const double started =
      static_cast<double>(calls.count) * (chunks - 1.0) * job_.machine.npu.constants.kernel_overhead_us * 1e3;
  const Label projections = step_label(role, StepLine::Projections);
  builder_.compute(projections, nanoseconds(cost.projections / chunks));
  tensor_before(role, true, copies);
  if (after) tensor_after(role, true, copies);
  builder_.compute(projections, nanoseconds(cost.projections * (1.0 - 1.0 / chunks)));
  builder_.compute(step_label(role, StepLine::TensorParallel),
                   nanoseconds(copying_share(job_.machine) * calls.ns + started));
  builder_.join(streams(Stream::Compute, Stream::Tensor));
}

// Experts divided over TP gather every copy of a token that its TP ranks sent them parts of, and give each
// back (Megatron-Core, token_dispatcher.py); without sequence parallelism each rank has all tokens.
double LayerPasses::copies_in_ffn(bool sparse) const {
  if (!sparse || !p_.sequence_parallel) return 1.0;
  const bool own_tensor = p_.experts_tensor() != p_.tensor;
  const auto routed = own_tensor ? 0.0 : static_cast<double>(job_.model.experts.per_token);
  return routed + (job_.model.experts.shared > 0 ? 1.0 : 0.0);
}

// The gradient of the input goes to the other TP ranks while that of the weights is computed, in software
// since 2022 (Megatron-LM, LinearWithGradAccumulationAndAsyncCommunication).
void LayerPasses::weights_beside_tensor(const BlockCost& cost, Role input, Role weight, double copies) {
  const bool beside = p_.overlap_backward || p_.overlap_tensor;
  tensor_after(input, beside, copies);
  builder_.compute(step_label(weight, StepLine::Projections), nanoseconds(cost.projections));
  if (beside) builder_.join(streams(Stream::Compute, Stream::Tensor));
}

}  // namespace bandwright
