#include "training/training_step.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "training/collective_time.h"
#include "training/layer_cost.h"

namespace bandwright {
namespace {

using Label = StepProgramBuilder::Label;

const std::vector<std::string>& line_names() {
  static const std::vector<std::string> names = {
      "projections",          "attention core", "streaming kernels", "output layer",
      "waiting for the host", "optimizer",      "tensor parallel",   "context parallel",
      "expert parallel",      "pipeline",       "gradients",         "parameters"};
  return names;
}

Label label(Role role, StepLine line) { return {role, static_cast<std::uint16_t>(line)}; }

// What issuing the collectives of a layer's pass costs the host, in kernels.
constexpr double collective_calls = 2.0;
// The backward pass is issued by compiled code, the forward pass by an interpreter.
constexpr double backward_issue = 0.25;

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

// Writes the passes of a job into a program.
class JobWriter {
 public:
  JobWriter(const TrainingJob& job, const Network& network)
      : job_(job),
        p_(job.parallelism),
        network_(network),
        builder_(job.model.name, parallel_groups(network, job.parallelism), line_names()),
        dense_(slowed(dense_layer_cost(job.model, p_, job.machine.npu), job.slowdown)),
        head_(slowed(head_cost(job.model, p_, job.machine.npu), job.slowdown)),
        embedding_(slowed(embedding_cost(job.model, p_, job.machine.npu), job.slowdown)) {
    if (job.model.sparse()) {
      sparse_ = slowed(sparse_layer_cost(job.model, p_, job.machine.npu), job.slowdown);
    }
    tokens_ = tokens_per_pass(job.model, p_);
    activation_ = 2.0 * tokens_ * static_cast<double>(job.model.hidden);
  }

  StepProgram write() &&;

 private:
  // How the layers of a chunk are dealt: the first `dense` layers of a sparse model have no experts.
  struct Chunk {
    std::int64_t dense = 0;
    std::int64_t sparse = 0;
    bool embedding = false;
    bool head = false;
  };

  [[nodiscard]] Chunk chunk(std::int64_t layers) const;
  void chunk_forward(const Chunk& chunk, Role role);
  void chunk_backward(const Chunk& chunk, Role role, bool reduces);
  void layer_forward(const LayerCost& cost, bool sparse, Role role);
  void layer_backward(const LayerCost& cost, bool sparse, Role role);
  void block(const BlockCost& cost, Role role, bool beside_tensor);
  void weights(const BlockCost& cost, Role role);
  void issue(double kernels, Role role);
  void tensor_before(Role role);
  void tensor_after(Role role);
  void tensor_call(CollectiveKind kind, double bytes, Role role);
  void route(Role role);
  void context_exchange(Role role, bool backward);
  void send(Role role);
  void steady(const Chunk& ordinary);
  void gather_weights(Role role, double parameters);
  void reduce_gradients(double dense, double experts);
  void finish_gradients();
  void update();
  void call(Axes axis, CollectiveKind kind, double bytes, Label label, MarkSet waits, MarkSet sets);
  [[nodiscard]] double layer_parameters(bool sparse) const;
  [[nodiscard]] double expert_share() const;

  const TrainingJob& job_;
  const Parallelism& p_;
  const Network& network_;
  StepProgramBuilder builder_;
  LayerCost dense_;
  LayerCost sparse_;
  BlockPasses head_;
  BlockPasses embedding_;
  double tokens_ = 0.0;
  double activation_ = 0.0;
};

void JobWriter::call(Axes axis, CollectiveKind kind, double bytes, Label label, MarkSet waits, MarkSet sets) {
  const Group& group = builder_.group(index_of(axis));
  const Collective collective{kind, Bytes(std::llround(bytes / usable_share(job_.machine, group)))};
  const double latency = collective_latency_ns(job_.machine, group, collective);
  builder_.collective(label, {collective, index_of(axis)}, nanoseconds(latency), waits, sets);
}

void JobWriter::block(const BlockCost& cost, Role role, bool beside_tensor) {
  builder_.compute(label(role, StepLine::AttentionCore), nanoseconds(cost.core));
  builder_.compute(label(role, StepLine::Streaming), nanoseconds(cost.streaming));
  builder_.compute(label(role, StepLine::Projections), nanoseconds(cost.projections));
  if (beside_tensor) builder_.join(marks(Mark::Compute, Mark::Tensor));
}

void JobWriter::weights(const BlockCost& cost, Role role) {
  builder_.compute(label(role, StepLine::Projections), nanoseconds(cost.projections));
}

// The host issues the kernels of a pass one by one, beside the pass itself; a join() ends both.
void JobWriter::issue(double kernels, Role role) {
  const double calls = kernels + (p_.tensor > 1 ? collective_calls : 0.0);
  builder_.overhead(label(role, StepLine::Host),
                    nanoseconds(calls * job_.machine.npu.constants.host_us * 1e3), Mark::Host);
}

void JobWriter::tensor_call(CollectiveKind kind, double bytes, Role role) {
  const MarkSet sets = p_.overlap_tensor ? marks(Mark::Tensor) : marks(Mark::Tensor, Mark::Compute);
  call(Axes::Tensor, kind, bytes, label(role, StepLine::TensorParallel), marks(Mark::Tensor, Mark::Compute),
       sets);
}

void JobWriter::tensor_before(Role role) {
  if (!p_.sequence_parallel) return;
  tensor_call(CollectiveKind::AllGather, activation_ / static_cast<double>(p_.tensor), role);
}

void JobWriter::tensor_after(Role role) {
  tensor_call(p_.sequence_parallel ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce, activation_,
              role);
}

void JobWriter::route(Role role) {
  const double share = p_.sequence_parallel ? static_cast<double>(p_.tensor) : 1.0;
  call(Axes::Expert, CollectiveKind::AllToAll,
       activation_ / share * static_cast<double>(job_.model.experts.per_token),
       label(role, StepLine::ExpertParallel), marks(Mark::Expert, Mark::Compute),
       marks(Mark::Expert, Mark::Compute));
}

// Keys and values of all context ranks; backward also their gradients, back to where they came from.
void JobWriter::context_exchange(Role role, bool backward) {
  const double keys = 2.0 * 2.0 * tokens_ * static_cast<double>(job_.model.kv_heads * job_.model.head_dim) /
                      static_cast<double>(p_.tensor);
  const MarkSet both = marks(Mark::Context, Mark::Compute);
  call(Axes::Context, CollectiveKind::AllGather, keys, label(role, StepLine::ContextParallel), both, both);
  if (!backward) return;
  call(Axes::Context, CollectiveKind::ReduceScatter, keys * static_cast<double>(p_.context),
       label(role, StepLine::ContextParallel), both, both);
}

void JobWriter::layer_forward(const LayerCost& cost, bool sparse, Role role) {
  issue(cost.attention.forward.kernels + cost.ffn.forward.kernels, role);
  context_exchange(role, false);
  tensor_before(role);
  block(cost.attention.forward, role, p_.overlap_tensor);
  tensor_after(role);
  if (sparse) route(role);
  tensor_before(role);
  block(cost.ffn.forward, role, p_.overlap_tensor);
  tensor_after(role);
  if (sparse) route(role);
  builder_.join(marks(Mark::Compute, Mark::Host));
}

void JobWriter::layer_backward(const LayerCost& cost, bool sparse, Role role) {
  const bool bubble = role == Role::Bubble;
  const Role again = bubble ? Role::Bubble : Role::Recompute;
  const Role input = bubble ? Role::Bubble : Role::InputGradient;
  const Role weight = bubble ? Role::Bubble : Role::WeightGradient;
  if (p_.recompute == Recomputation::Full) layer_forward(cost, sparse, again);
  issue(backward_issue * (cost.attention.input_gradient.kernels + cost.attention.weight_gradient.kernels +
                          cost.ffn.input_gradient.kernels + cost.ffn.weight_gradient.kernels),
        input);
  if (sparse) route(input);
  tensor_before(input);
  block(cost.ffn.input_gradient, input, p_.overlap_tensor);
  tensor_after(input);
  weights(cost.ffn.weight_gradient, weight);
  if (sparse) route(input);
  if (p_.recompute == Recomputation::Selective && p_.attention == AttentionKernel::Unfused) {
    builder_.compute(label(again, StepLine::AttentionCore), nanoseconds(cost.attention.forward.core));
  }
  context_exchange(input, true);
  tensor_before(input);
  block(cost.attention.input_gradient, input, p_.overlap_tensor);
  tensor_after(input);
  weights(cost.attention.weight_gradient, weight);
  builder_.join(marks(Mark::Compute, Mark::Host));
}

JobWriter::Chunk JobWriter::chunk(std::int64_t layers) const {
  if (!job_.model.sparse()) return {.dense = layers};
  if (p_.pipeline > 1) return {.sparse = layers};  // the slowest stage has experts in every layer
  return {.dense = layers - job_.model.sparse_layers(), .sparse = job_.model.sparse_layers()};
}

double JobWriter::expert_share() const {
  return static_cast<double>(job_.model.experts.count) / static_cast<double>(p_.expert) *
         expert_parameters(job_.model) / static_cast<double>(p_.tensor);
}

double JobWriter::layer_parameters(bool sparse) const {
  const double all = sparse ? sparse_layer_parameters(job_.model) : dense_layer_parameters(job_.model);
  return all / static_cast<double>(p_.tensor);
}

void JobWriter::gather_weights(Role role, double parameters) {
  const double replicas = static_cast<double>(p_.data * p_.context);
  call(Axes::Data, CollectiveKind::AllGather, 2.0 * parameters / replicas, label(role, StepLine::Parameters),
       marks(Mark::Data, Mark::Compute),
       p_.overlap_parameters ? marks(Mark::Data, Mark::Prefetch)
                             : marks(Mark::Data, Mark::Prefetch, Mark::Compute));
}

void JobWriter::reduce_gradients(double dense, double experts) {
  const CollectiveKind kind = p_.zero >= 1 ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce;
  const auto size = static_cast<double>(p_.gradient_bytes);
  const MarkSet sets = p_.overlap_gradients ? marks(Mark::Data) : marks(Mark::Data, Mark::Compute);
  const Label gradients = label(Role::WeightGradient, StepLine::Gradients);
  call(Axes::Data, kind, size * dense, gradients, marks(Mark::Data, Mark::Compute), sets);
  call(Axes::ExpertData, kind, size * experts, gradients, marks(Mark::Data, Mark::Compute), sets);
}

void JobWriter::chunk_forward(const Chunk& chunk, Role role) {
  const bool gathers = p_.zero >= 3;
  if (chunk.embedding) block(embedding_.forward, role, false);
  const auto layers = [&](std::int64_t count, const LayerCost& cost, bool sparse) {
    builder_.repeat(count, [&] {
      if (gathers) {
        builder_.join(marks(Mark::Compute, Mark::Prefetch));
        gather_weights(role, layer_parameters(sparse) + (sparse ? expert_share() : 0.0));
      }
      layer_forward(cost, sparse, role);
    });
  };
  layers(chunk.dense, dense_, false);
  layers(chunk.sparse, sparse_, true);
  if (chunk.head) {
    const Label output = label(role, StepLine::OutputLayer);
    builder_.compute(output, nanoseconds(head_.forward.ns()));
    tensor_before(role);
  }
}

void JobWriter::chunk_backward(const Chunk& chunk, Role role, bool reduces) {
  const bool bubble = role == Role::Bubble;
  if (chunk.head) {
    const Role gradient = bubble ? Role::Bubble : Role::InputGradient;
    builder_.compute(label(gradient, StepLine::OutputLayer),
                     nanoseconds(head_.input_gradient.ns() + head_.weight_gradient.ns()));
    tensor_after(gradient);
  }
  const auto layer = [&](const LayerCost& cost, bool sparse) {
    const double dense = layer_parameters(sparse);
    const double experts = sparse ? expert_share() : 0.0;
    if (p_.zero >= 3) {
      builder_.join(marks(Mark::Compute, Mark::Prefetch));
      gather_weights(role, dense + experts);
    }
    layer_backward(cost, sparse, role);
    if (p_.zero >= 2) reduce_gradients(dense, experts);
  };
  const auto layers = [&](std::int64_t count, const LayerCost& cost, bool sparse) {
    const bool buckets = reduces && p_.overlap_gradients && p_.zero < 2;
    if (!buckets || count == 0) {
      builder_.repeat(count, [&] { layer(cost, sparse); });
      return;
    }
    const double dense = layer_parameters(sparse);
    const double experts = sparse ? expert_share() : 0.0;
    const double bytes = static_cast<double>(p_.gradient_bytes) * (dense + experts);
    const auto each =
        std::clamp(static_cast<std::int64_t>(std::ceil(p_.bucket_bytes / bytes)), std::int64_t{1}, count);
    const auto bucket = [&](std::int64_t size) {
      builder_.repeat(size, [&] { layer(cost, sparse); });
      reduce_gradients(dense * static_cast<double>(size), experts * static_cast<double>(size));
    };
    builder_.repeat(count / each, [&] { bucket(each); });
    if (count % each > 0) bucket(count % each);
  };
  layers(chunk.sparse, sparse_, true);
  layers(chunk.dense, dense_, false);
  if (chunk.embedding) block(embedding_.input_gradient, bubble ? role : Role::InputGradient, false);
}

void JobWriter::send(Role role) {
  const MarkSet both = marks(Mark::Pipeline, Mark::Compute);
  call(Axes::Pipeline, CollectiveKind::PointToPoint, activation_ / static_cast<double>(p_.tensor),
       label(role, StepLine::PipelineParallel), both, both);
}

StepProgram JobWriter::write() && {
  const std::int64_t per_chunk = layers_per_chunk(job_.model, p_);
  const std::int64_t v = p_.virtual_stages;
  const std::int64_t m = p_.micro_batches();
  const bool piped = p_.pipeline > 1;
  const Chunk ordinary = chunk(per_chunk);
  Chunk last = ordinary;  // of the last stage, or the whole model without a pipeline
  last.head = true;
  last.embedding = !piped;
  if (piped && ends_count_as_layers(job_.model, p_)) (last.dense > 0 ? last.dense : last.sparse) -= 1;
  const auto passes = [&](const Chunk& each, bool reduces) {
    chunk_forward(each, Role::Forward);
    if (piped) send(Role::Forward);
    chunk_backward(each, Role::Forward, reduces);
    if (piped) send(Role::InputGradient);
  };
  builder_.repeat(p_.pipeline - 1, [&] {
    chunk_forward(ordinary, Role::Bubble);
    send(Role::Bubble);
  });
  builder_.repeat(piped ? m : m - 1, [&] {
    builder_.repeat(v - 1, [&] { passes(ordinary, false); });
    passes(last, false);
  });
  if (!piped) passes(last, true);
  builder_.repeat(p_.pipeline - 2, [&] {
    chunk_backward(ordinary, Role::Bubble, false);
    send(Role::Bubble);
  });
  if (piped) chunk_backward(ordinary, Role::Bubble, true);
  finish_gradients();
  update();
  StepProgram program = std::move(builder_).finish();
  for (std::size_t d = 0; d < network_.dimensions.size(); ++d) {
    program.wire_efficiency.push_back(job_.machine.dimensions[d].constants.efficiency);
  }
  return program;
}

// What the buckets of the last backward pass did not carry: all of it when nothing is overlapped, the other
// chunks of a stage and the embedding.
void JobWriter::finish_gradients() {
  const Chunk each = chunk(layers_per_chunk(job_.model, p_));
  const double embedding =
      static_cast<double>(job_.model.vocabulary * job_.model.hidden) / static_cast<double>(p_.tensor);
  const double chunks =
      p_.zero >= 2 ? 0.0 : static_cast<double>(p_.virtual_stages - (p_.overlap_gradients ? 1 : 0));
  const double dense = static_cast<double>(each.dense) * layer_parameters(false) +
                       static_cast<double>(each.sparse) * layer_parameters(true);
  const double experts = static_cast<double>(each.sparse) * expert_share();
  reduce_gradients(chunks * dense + embedding, chunks * experts);
  builder_.join(marks(Mark::Compute, Mark::Data));
}

void JobWriter::update() {
  const Chunk each = chunk(layers_per_chunk(job_.model, p_) * p_.virtual_stages);
  const double replicas = static_cast<double>(p_.data * p_.context);
  const double embedding =
      static_cast<double>(job_.model.vocabulary * job_.model.hidden) / static_cast<double>(p_.tensor);
  const double held = static_cast<double>(each.dense) * layer_parameters(false) +
                      static_cast<double>(each.sparse) * (layer_parameters(true) + expert_share()) +
                      embedding;
  const double updated = p_.zero >= 1 ? held / replicas : held;
  builder_.compute(label(Role::Optimizer, StepLine::Optimizer),
                   nanoseconds(job_.slowdown.update * optimizer_ns(job_.machine.npu, updated)));
  if ((p_.zero == 1 || p_.zero == 2) && !p_.overlap_parameters) gather_weights(Role::Optimizer, held);
}

}  // namespace

StepProgram training_step(const TrainingJob& job, const Network& network) {
  validate(job.model, job.parallelism);
  return JobWriter(job, network).write();
}

}  // namespace bandwright
