#include "training/layers/layer_passes.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "training/collective_time.h"
#include "training/division/parallel_groups.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

// What issuing the collectives of a layer's pass costs the host, in kernels.
constexpr double collective_calls = 2.0;
// The backward pass is issued by compiled code, the forward pass by an interpreter.
constexpr double backward_issue = 0.25;
// Kernels the host issues after it waited for a transfer before the NPU has something long to do.
constexpr double kernels_before_work = 2.0;
// Kernels that the host issues for the experts of a layer: permutation, padding, casts and multiplications of
// each. Fitted on Megatron-Core's runs before whole-iteration CUDA graphs (release 26.06), in which no layer
// of a micro-batch takes less than 9 ms on an H100's host, whatever its size.
constexpr double expert_kernels_forward = 90.0;
constexpr double expert_kernels_backward = 170.0;
// The stream of what is passed on inside a node, beside Stream::Expert's between nodes: context exchanges,
// whose it is otherwise, hold the compute stream up, so that the two never run at a time without being waited
// for.
constexpr Stream forwarding = Stream::Context;

// Costs of a job whose tensors do not all lie in the NPU's own memory.
void slow_down(BlockCost& cost, double factor) {
  cost.projections *= factor;
  cost.core *= factor;
  cost.hot_core *= factor;
  cost.idle_core *= factor;
  cost.heat *= factor;
  cost.streaming *= factor;
}
BlockPasses slowed(BlockPasses passes, const ComputeSlowdown& slowdown) {
  slow_down(passes.forward, slowdown.forward);
  slow_down(passes.again, slowdown.forward);
  slow_down(passes.input_gradient, slowdown.backward);
  slow_down(passes.weight_gradient, slowdown.backward);
  return passes;
}
LayerCost slowed(const LayerCost& cost, const ComputeSlowdown& slowdown) {
  return {slowed(cost.attention, slowdown), slowed(cost.ffn, slowdown)};
}

// Share of a host link's bandwidth that large copies from and to pinned memory reach: 25 of 32 GB/s over PCIe
// 4, 55 of 64 over PCIe 5 (CUDA samples, bandwidthTest, on A100 and H100).
constexpr double host_link_share = 0.8;

// Of one layer on average of its stage, whichever of its layers are copied: software spreads the copies over
// the whole pass (Transformer Engine, cpu_offload.py; XLA's scheduler).
Time copying_time(const TrainingJob& job) {
  const double bytes =
      offloaded_share(job.model, job.parallelism) * layer_activations(job.model, job.parallelism);
  if (bytes <= 0.0) return Time(0);
  if (!job.machine.npu.host_gb_per_s) throw InputError(job.machine.npu.name + ": no host_bandwidth is known");
  return nanoseconds(bytes / (host_link_share * *job.machine.npu.host_gb_per_s));
}

constexpr std::uint32_t index_of(Axes axis) { return static_cast<std::uint32_t>(axis); }

}  // namespace

const std::vector<std::string>& step_line_names() {
  static const std::vector<std::string> names = {
      "projections",        "attention core", "streaming kernels", "output layer",     "waiting for the host",
      "copies to the host", "optimizer",      "tensor parallel",   "context parallel", "expert parallel",
      "pipeline",           "gradients",      "parameters"};
  return names;
}

Label step_label(Role role, StepLine line) { return {role, static_cast<std::uint16_t>(line)}; }

LayerPasses::LayerPasses(const TrainingJob& job, const Network& network, StreamBuilder& builder)
    : job_(job),
      network_(network),
      p_(job.parallelism),
      builder_(builder),
      dense_(slowed(dense_layer_cost(job.model, p_, job.machine.npu), job.slowdown)),
      head_(slowed(head_cost(job.model, p_, job.machine.npu), job.slowdown)),
      embedding_(slowed(embedding_cost(job.model, p_, job.machine.npu), job.slowdown)),
      tokens_(tokens_per_pass(job.model, p_)),
      activation_(2.0 * reduced_elements(job.model, tokens_)),
      copied_(copying_time(job)),
      per_node_(once_per_node(job.model, p_)) {
  if (!job.model.sparse()) return;
  sparse_ = slowed(sparse_layer_cost(job.model, p_, job.machine.npu), job.slowdown);
  const Group& experts = builder_.group(index_of(Axes::Expert));
  for (const Way way : {Way::Dispatch, Way::Combine}) {
    routes_[static_cast<std::size_t>(way)] = route_bytes(job.model, p_, experts, way == Way::Dispatch);
  }
}

LayerPasses::LayerPasses(const LayerPasses& other, StreamBuilder& builder)
    : job_(other.job_),
      network_(other.network_),
      p_(other.p_),
      builder_(builder),
      dense_(other.dense_),
      sparse_(other.sparse_),
      head_(other.head_),
      embedding_(other.embedding_),
      tokens_(other.tokens_),
      activation_(other.activation_),
      copied_(other.copied_),
      per_node_(other.per_node_),
      routes_(other.routes_) {}

void LayerPasses::call(Axes axis, CollectiveKind kind, double bytes, Label label, StreamSet waits,
                       StreamSet sets) {
  const GroupCollective wanted{{kind, Bytes(std::llround(bytes))}, index_of(axis)};
  if (builder_.group(wanted.group).dimensions.empty() || wanted.collective.bytes <= Bytes(0)) return;
  auto known =
      std::find_if(priced_.begin(), priced_.end(), [&](const Priced& p) { return p.call == wanted; });
  if (known == priced_.end()) {
    const CollectivePrice price =
        collective_price(job_.machine, network_, builder_.group(wanted.group), wanted.collective);
    const GroupCollective played{at_full_speed(wanted.collective, price), wanted.group};
    known = priced_.insert(known, {wanted, builder_.enter(played), nanoseconds(price.latency_ns)});
  }
  builder_.call(label, known->entered, known->latency, waits, sets);
}

void LayerPasses::core_and_streaming(const BlockCost& cost, Role role) {
  builder_.compute(step_label(role, StepLine::AttentionCore), nanoseconds(cost.core));
  if (cost.core > 0.0 && overlaps_context()) builder_.join(streams(Stream::Compute, Stream::Context));
  builder_.compute(step_label(role, StepLine::Streaming), nanoseconds(cost.streaming));
}

void LayerPasses::block(const BlockCost& cost, Role role) {
  core_and_streaming(cost, role);
  builder_.compute(step_label(role, StepLine::Projections), nanoseconds(cost.projections));
}

// The host issues the kernels of a pass one by one, beside the pass itself; a join() ends both.
void LayerPasses::issue(double kernels, Role role) {
  const double calls = kernels + (p_.tensor > 1 ? collective_calls : 0.0);
  builder_.host(step_label(role, StepLine::Host),
                nanoseconds(calls * job_.machine.npu.constants.host_us * 1e3));
}

void LayerPasses::copy(Role role) { builder_.copy(step_label(role, StepLine::Copies), copied_); }
void LayerPasses::end_copy() {
  if (copied_ > Time(0)) builder_.join(streams(Stream::Compute, Stream::Copy));
}

void LayerPasses::route(Role role, Way way) {
  if (beside_ || p_.expert == 1) return;
  exchange(role, way, per_node_ ? streams() : streams(Stream::Compute));
  if (per_node_) builder_.join(streams(Stream::Expert, forwarding));
}

// Both parts of an exchange that goes once per node run side by side, chunk by chunk.
void LayerPasses::exchange(Role role, Way way, StreamSet sets) {
  const Label label = step_label(role, StepLine::ExpertParallel);
  const auto own = static_cast<StreamSet>(sets | streams(Stream::Expert));
  const RouteBytes& bytes = bytes_of(way);
  const StreamSet waits = streams(Stream::Compute);
  if (!per_node_) {
    call(Axes::Expert, CollectiveKind::AllToAll, bytes.inside, label, waits, own);
    return;
  }
  call(Axes::ExpertBetween, CollectiveKind::AllToAll, bytes.between, label, waits, own);
  call(Axes::ExpertInside, CollectiveKind::AllToAll, bytes.inside, label, waits,
       static_cast<StreamSet>(sets | streams(forwarding)));
}

double LayerPasses::exchange_ns(Way way) const {
  const auto ns = [&](Axes axis, double bytes) { return call_ns(axis, CollectiveKind::AllToAll, bytes); };
  const RouteBytes& bytes = bytes_of(way);
  if (!per_node_) return ns(Axes::Expert, bytes.inside);
  return std::max(ns(Axes::ExpertInside, bytes.inside), ns(Axes::ExpertBetween, bytes.between));
}

void LayerPasses::begin_routes_beside(std::int64_t layers) {
  if (p_.expert == 1) return;
  beside_ = true;
  const Time copying =
      nanoseconds(copying_share(job_.machine) * (exchange_ns(Way::Dispatch) + exchange_ns(Way::Combine)));
  const auto both_ways = [&](Role role) {
    for (const Way way : {Way::Dispatch, Way::Combine}) exchange(role, way, streams());
  };
  const auto copy = [&](Role role) { builder_.compute(step_label(role, StepLine::ExpertParallel), copying); };
  const bool again = p_.recompute == Recomputation::Full;
  builder_.repeat(layers, [&] {
    both_ways(Role::Forward);
    if (again) both_ways(Role::Recompute);
    both_ways(Role::InputGradient);
  });
  builder_.repeat(layers, [&] {
    copy(Role::Forward);
    if (again) copy(Role::Recompute);
    copy(Role::InputGradient);
  });
}

void LayerPasses::end_routes_beside() {
  if (!beside_) return;
  beside_ = false;
  builder_.join(streams(Stream::Compute, Stream::Expert, forwarding));
}

bool LayerPasses::layers_outlast_output(std::int64_t layers) const {
  const LayerCost& layer = job_.model.sparse() ? sparse_ : dense_;
  const double again = p_.recompute == Recomputation::Full ? 2.0 : 1.0;
  const auto ns = [](const BlockPasses& passes, double forwards) {
    return forwards * passes.forward.ns() + passes.input_gradient.ns() + passes.weight_gradient.ns();
  };
  return static_cast<double>(layers) * (ns(layer.attention, again) + ns(layer.ffn, again)) > ns(head_, 1.0);
}

// Keys and values of all context ranks; backward also their gradients, back to where they came from. State
// spaces go through a sequence in order: each rank gets all of it of some heads, and gives back what comes of
// it (Megatron-Core, mamba_context_parallel.py).
void LayerPasses::context_exchange(Role role, bool backward) {
  const TransformerArchitecture& model = job_.model;
  const double keys = 2.0 * tokens_ * model.attention_per_layer() *
                      static_cast<double>(model.kv_heads * (model.score_dim() + model.head_dim)) /
                      static_cast<double>(p_.tensor);
  const StreamSet both = streams(Stream::Context, Stream::Compute);
  const StreamSet sets = overlaps_context() ? streams(Stream::Context) : both;
  call(Axes::Context, CollectiveKind::AllGather, keys, step_label(role, StepLine::ContextParallel), both,
       sets);
  if (const StateSpace& space = model.state_space; space.layers > 0) {
    const double elements = model.states_per_layer() * static_cast<double>(space.projected() + space.inner());
    call(Axes::Context, CollectiveKind::AllToAll, 2.0 * tokens_ * elements / static_cast<double>(p_.tensor),
         step_label(role, StepLine::ContextParallel), both, both);
  }
  if (!backward) return;
  call(Axes::Context, CollectiveKind::ReduceScatter, keys * static_cast<double>(p_.context),
       step_label(role, StepLine::ContextParallel), both, sets);
}

// Where a step is not issued at once, the host issues a layer's experts one by one.
void LayerPasses::issue_experts(bool sparse, Role role) {
  if (!sparse || p_.whole_graphs) return;
  const bool forward_pass = role == Role::Forward || role == Role::Recompute;
  builder_.host(step_label(role, StepLine::Host),
                nanoseconds((forward_pass ? expert_kernels_forward : expert_kernels_backward) *
                            job_.machine.npu.constants.host_us * 1e3));
}

// What a layer keeps goes to the host beside its forward pass and comes back beside the backward pass before
// it: as long as these, where they are shorter.
void LayerPasses::forward(bool sparse, Role role) {
  copy(role);
  forward_again(sparse, role);
  end_copy();
}

void LayerPasses::forward_again(bool sparse, Role role) {
  const LayerCost& cost = sparse ? sparse_ : dense_;
  issue(cost.attention.forward.kernels + cost.ffn.forward.kernels, role);
  context_exchange(role, false);
  block_with_tensor(cost.attention.forward, role, job_.model.mixers_per_layer(), true);
  issue_experts(sparse, role);
  if (sparse) route(role, Way::Dispatch);
  block_with_tensor(cost.ffn.forward, role, copies_in_ffn(sparse), true);
  if (sparse) route(role, Way::Combine);
  builder_.join(streams(Stream::Compute, Stream::Host));
}

void LayerPasses::backward(bool sparse, Role role) {
  const LayerCost& cost = sparse ? sparse_ : dense_;
  const bool bubble = role == Role::Bubble;
  const Role again = bubble ? Role::Bubble : Role::Recompute;
  const Role input = bubble ? Role::Bubble : Role::InputGradient;
  const Role weight = bubble ? Role::Bubble : Role::WeightGradient;
  copy(input);
  if (p_.recompute == Recomputation::Full) forward_again(sparse, again);
  issue(backward_issue * (cost.attention.input_gradient.kernels + cost.attention.weight_gradient.kernels +
                          cost.ffn.input_gradient.kernels + cost.ffn.weight_gradient.kernels),
        input);
  const bool parts_again = p_.recompute != Recomputation::Full;
  const bool experts_again = parts_again && sparse && p_.again.experts;
  if (experts_again) issue_experts(sparse, again);
  if (experts_again) route(again, Way::Dispatch);
  if (parts_again) block(cost.ffn.again, again);
  if (experts_again) route(again, Way::Combine);
  issue_experts(sparse, input);
  if (sparse) route(input, Way::Dispatch);
  const double copies = copies_in_ffn(sparse);
  block_with_tensor(cost.ffn.input_gradient, input, copies, false);
  weights_beside_tensor(cost.ffn.weight_gradient, input, weight, copies);
  if (sparse) route(input, Way::Combine);
  if (p_.recompute == Recomputation::Selective && p_.attention == AttentionKernel::Unfused) {
    builder_.compute(step_label(again, StepLine::AttentionCore), nanoseconds(cost.attention.forward.core));
  }
  if (parts_again) block(cost.attention.again, again);
  context_exchange(input, true);
  block_with_tensor(cost.attention.input_gradient, input, job_.model.mixers_per_layer(), false);
  weights_beside_tensor(cost.attention.weight_gradient, input, weight, job_.model.mixers_per_layer());
  builder_.join(streams(Stream::Compute, Stream::Host));
  end_copy();
}

void LayerPasses::output_forward(Role role) {
  builder_.compute(step_label(role, StepLine::OutputLayer), nanoseconds(head_.forward.ns()));
  tensor_before(role, p_.overlap_tensor);
}

void LayerPasses::output_backward(Role role) {
  builder_.compute(step_label(role, StepLine::OutputLayer),
                   nanoseconds(head_.input_gradient.ns() + head_.weight_gradient.ns()));
  tensor_after(role, p_.overlap_tensor);
}

void LayerPasses::send(Role role) {
  const StreamSet both = streams(Stream::Pipeline, Stream::Compute);
  const bool beside = sends_beside(p_, role);
  const Label label = step_label(role, StepLine::PipelineParallel);
  const double bytes = activation_ / static_cast<double>(p_.tensor);
  const CollectiveKind kind = CollectiveKind::PointToPoint;
  call(Axes::Pipeline, kind, bytes, label, both, beside ? streams(Stream::Pipeline) : both);
  if (beside) {
    builder_.compute(label, nanoseconds(send_waited_for * call_ns(Axes::Pipeline, kind, bytes)));
  }
  if (!p_.synchronous_sends) return;
  builder_.compute(step_label(role, StepLine::Host),
                   nanoseconds(kernels_before_work * job_.machine.npu.constants.host_us * 1e3));
}

double LayerPasses::call_ns(Axes axis, CollectiveKind kind, double bytes) const {
  const Group& group = builder_.group(index_of(axis));
  const Collective wanted{kind, Bytes(std::llround(bytes))};
  return group.dimensions.empty() ? 0.0 : collective_ns(job_.machine, network_, group, wanted);
}

void LayerPasses::take_processors(Axes axis, CollectiveKind kind, double bytes, Label label) {
  const double share = copying_share(job_.machine);
  if (share > 0.0) builder_.compute(label, nanoseconds(share * call_ns(axis, kind, bytes)));
}

}  // namespace bandwright
