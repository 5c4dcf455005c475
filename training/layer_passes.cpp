#include "training/layer_passes.h"

#include <algorithm>
#include <cmath>

#include "training/collective_time.h"

namespace bandwright {
namespace {

// What issuing the collectives of a layer's pass costs the host, in kernels.
constexpr double collective_calls = 2.0;
// The backward pass is issued by compiled code, the forward pass by an interpreter.
constexpr double backward_issue = 0.25;
// Kernels the host issues after it waited for a transfer before the NPU has something long to do.
constexpr double kernels_before_work = 2.0;

// Costs of a job whose tensors do not all lie in the NPU's own memory.
void slow_down(BlockCost& cost, double factor) {
  cost.projections *= factor;
  cost.core *= factor;
  cost.streaming *= factor;
}
BlockPasses slowed(BlockPasses passes, const ComputeSlowdown& slowdown) {
  slow_down(passes.forward, slowdown.forward);
  slow_down(passes.input_gradient, slowdown.backward);
  slow_down(passes.weight_gradient, slowdown.backward);
  return passes;
}
LayerCost slowed(const LayerCost& cost, const ComputeSlowdown& slowdown) {
  return {slowed(cost.attention, slowdown), slowed(cost.ffn, slowdown)};
}

constexpr std::uint32_t index_of(Axes axis) { return static_cast<std::uint32_t>(axis); }

}  // namespace

const std::vector<std::string>& step_line_names() {
  static const std::vector<std::string> names = {
      "projections",          "attention core", "streaming kernels", "output layer",
      "waiting for the host", "optimizer",      "tensor parallel",   "context parallel",
      "expert parallel",      "pipeline",       "gradients",         "parameters"};
  return names;
}

StepProgramBuilder::Label step_label(Role role, StepLine line) {
  return {role, static_cast<std::uint16_t>(line)};
}

LayerPasses::LayerPasses(const TrainingJob& job, StepProgramBuilder& builder)
    : job_(job),
      p_(job.parallelism),
      builder_(builder),
      dense_(slowed(dense_layer_cost(job.model, p_, job.machine.npu), job.slowdown)),
      head_(slowed(head_cost(job.model, p_, job.machine.npu), job.slowdown)),
      embedding_(slowed(embedding_cost(job.model, p_, job.machine.npu), job.slowdown)),
      tokens_(tokens_per_pass(job.model, p_)),
      activation_(2.0 * reduced_elements(job.model, tokens_)) {
  if (job.model.sparse()) sparse_ = slowed(sparse_layer_cost(job.model, p_, job.machine.npu), job.slowdown);
}

void LayerPasses::call(Axes axis, CollectiveKind kind, double bytes, StepProgramBuilder::Label label,
                       MarkSet waits, MarkSet sets) {
  const GroupCollective wanted{{kind, Bytes(std::llround(bytes))}, index_of(axis)};
  if (builder_.group(wanted.group).dimensions.empty() || wanted.collective.bytes <= Bytes(0)) return;
  auto known =
      std::find_if(priced_.begin(), priced_.end(), [&](const Priced& p) { return p.call == wanted; });
  if (known == priced_.end()) {
    const CollectivePrice price =
        collective_price(job_.machine, builder_.group(wanted.group), wanted.collective);
    const GroupCollective played{at_full_speed(wanted.collective, price), wanted.group};
    known = priced_.insert(known, {wanted, builder_.enter(played), nanoseconds(price.latency_ns)});
  }
  builder_.call(label, known->entered, known->latency, waits, sets);
}

void LayerPasses::block(const BlockCost& cost, Role role, bool beside_tensor) {
  builder_.compute(step_label(role, StepLine::AttentionCore), nanoseconds(cost.core));
  builder_.compute(step_label(role, StepLine::Streaming), nanoseconds(cost.streaming));
  builder_.compute(step_label(role, StepLine::Projections), nanoseconds(cost.projections));
  if (beside_tensor) builder_.join(marks(Mark::Compute, Mark::Tensor));
}

// The gradient of the input goes to the other TP ranks while that of the weights is computed, in software
// since 2022 (Megatron-LM, LinearWithGradAccumulationAndAsyncCommunication).
void LayerPasses::weights_beside_tensor(const BlockCost& cost, Role input, Role weight) {
  const bool beside = p_.overlap_backward || p_.overlap_tensor;
  tensor_after(input, beside);
  builder_.compute(step_label(weight, StepLine::Projections), nanoseconds(cost.projections));
  if (beside && !p_.overlap_tensor) builder_.join(marks(Mark::Compute, Mark::Tensor));
}

// The host issues the kernels of a pass one by one, beside the pass itself; a join() ends both.
void LayerPasses::issue(double kernels, Role role) {
  const double calls = kernels + (p_.tensor > 1 ? collective_calls : 0.0);
  builder_.host(step_label(role, StepLine::Host),
                nanoseconds(calls * job_.machine.npu.constants.host_us * 1e3));
}

void LayerPasses::tensor_call(CollectiveKind kind, double bytes, Role role, bool beside) {
  const MarkSet sets = beside ? marks(Mark::Tensor) : marks(Mark::Tensor, Mark::Compute);
  call(Axes::Tensor, kind, bytes, step_label(role, StepLine::TensorParallel),
       marks(Mark::Tensor, Mark::Compute), sets);
}

void LayerPasses::tensor_before(Role role) {
  if (!p_.sequence_parallel) return;
  tensor_call(CollectiveKind::AllGather, activation_ / static_cast<double>(p_.tensor), role,
              p_.overlap_tensor);
}

void LayerPasses::tensor_after(Role role, bool beside) {
  tensor_call(p_.sequence_parallel ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce, activation_,
              role, beside);
}

void LayerPasses::route(Role role) {
  const double share = p_.sequence_parallel ? static_cast<double>(p_.tensor) : 1.0;
  call(Axes::Expert, CollectiveKind::AllToAll,
       activation_ / share * static_cast<double>(job_.model.experts.per_token),
       step_label(role, StepLine::ExpertParallel), marks(Mark::Expert, Mark::Compute),
       marks(Mark::Expert, Mark::Compute));
}

// Keys and values of all context ranks; backward also their gradients, back to where they came from.
void LayerPasses::context_exchange(Role role, bool backward) {
  const double keys = 2.0 * 2.0 * tokens_ * static_cast<double>(job_.model.kv_heads * job_.model.head_dim) /
                      static_cast<double>(p_.tensor);
  const MarkSet both = marks(Mark::Context, Mark::Compute);
  call(Axes::Context, CollectiveKind::AllGather, keys, step_label(role, StepLine::ContextParallel), both,
       both);
  if (!backward) return;
  call(Axes::Context, CollectiveKind::ReduceScatter, keys * static_cast<double>(p_.context),
       step_label(role, StepLine::ContextParallel), both, both);
}

void LayerPasses::forward(bool sparse, Role role) {
  const LayerCost& cost = sparse ? sparse_ : dense_;
  issue(cost.attention.forward.kernels + cost.ffn.forward.kernels, role);
  context_exchange(role, false);
  tensor_before(role);
  block(cost.attention.forward, role, p_.overlap_tensor);
  tensor_after(role, p_.overlap_tensor);
  if (sparse) route(role);
  tensor_before(role);
  block(cost.ffn.forward, role, p_.overlap_tensor);
  tensor_after(role, p_.overlap_tensor);
  if (sparse) route(role);
  builder_.join(marks(Mark::Compute, Mark::Host));
}

void LayerPasses::backward(bool sparse, Role role) {
  const LayerCost& cost = sparse ? sparse_ : dense_;
  const bool bubble = role == Role::Bubble;
  const Role again = bubble ? Role::Bubble : Role::Recompute;
  const Role input = bubble ? Role::Bubble : Role::InputGradient;
  const Role weight = bubble ? Role::Bubble : Role::WeightGradient;
  if (p_.recompute == Recomputation::Full) forward(sparse, again);
  issue(backward_issue * (cost.attention.input_gradient.kernels + cost.attention.weight_gradient.kernels +
                          cost.ffn.input_gradient.kernels + cost.ffn.weight_gradient.kernels),
        input);
  if (sparse) route(input);
  tensor_before(input);
  block(cost.ffn.input_gradient, input, p_.overlap_tensor);
  weights_beside_tensor(cost.ffn.weight_gradient, input, weight);
  if (sparse) route(input);
  if (p_.recompute == Recomputation::Selective && p_.attention == AttentionKernel::Unfused) {
    builder_.compute(step_label(again, StepLine::AttentionCore), nanoseconds(cost.attention.forward.core));
  }
  context_exchange(input, true);
  tensor_before(input);
  block(cost.attention.input_gradient, input, p_.overlap_tensor);
  weights_beside_tensor(cost.attention.weight_gradient, input, weight);
  builder_.join(marks(Mark::Compute, Mark::Host));
}

void LayerPasses::output_forward(Role role) {
  builder_.compute(step_label(role, StepLine::OutputLayer), nanoseconds(head_.forward.ns()));
  tensor_before(role);
}

void LayerPasses::output_backward(Role role) {
  builder_.compute(step_label(role, StepLine::OutputLayer),
                   nanoseconds(head_.input_gradient.ns() + head_.weight_gradient.ns()));
  tensor_after(role, p_.overlap_tensor);
}

void LayerPasses::send(Role role) {
  const MarkSet both = marks(Mark::Pipeline, Mark::Compute);
  call(Axes::Pipeline, CollectiveKind::PointToPoint, activation_ / static_cast<double>(p_.tensor),
       step_label(role, StepLine::PipelineParallel), both, both);
  if (!p_.synchronous_sends) return;
  builder_.compute(step_label(role, StepLine::Host),
                   nanoseconds(kernels_before_work * job_.machine.npu.constants.host_us * 1e3));
}

}  // namespace bandwright
