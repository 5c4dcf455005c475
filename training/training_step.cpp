#include "training/training_step.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "training/layer_passes.h"

namespace bandwright {
namespace {

// Writes the schedule of a stage: which passes follow each other, and what happens to the weights between.
class JobWriter {
 public:
  JobWriter(const TrainingJob& job, const Network& network)
      : job_(job),
        p_(job.parallelism),
        network_(network),
        builder_(job.model.name, parallel_groups(network, job.parallelism), step_line_names()),
        passes_(job, builder_) {}

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
  void gather_weights(Role role, double parameters);
  void reduce_gradients(double dense, double experts);
  void finish_gradients();
  void update();
  [[nodiscard]] double layer_parameters(bool sparse) const;
  [[nodiscard]] double expert_share() const;

  const TrainingJob& job_;
  const Parallelism& p_;
  const Network& network_;
  StepProgramBuilder builder_;
  LayerPasses passes_;
};

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
  passes_.call(Axes::Data, CollectiveKind::AllGather, 2.0 * parameters / replicas,
               step_label(role, StepLine::Parameters), marks(Mark::Data, Mark::Compute),
               p_.overlap_parameters ? marks(Mark::Data, Mark::Prefetch)
                                     : marks(Mark::Data, Mark::Prefetch, Mark::Compute));
}

void JobWriter::reduce_gradients(double dense, double experts) {
  const CollectiveKind kind = p_.zero >= 1 ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce;
  const auto size = static_cast<double>(p_.gradient_bytes);
  const MarkSet sets = p_.overlap_gradients ? marks(Mark::Data) : marks(Mark::Data, Mark::Compute);
  const StepProgramBuilder::Label gradients = step_label(Role::WeightGradient, StepLine::Gradients);
  passes_.call(Axes::Data, kind, size * dense, gradients, marks(Mark::Data, Mark::Compute), sets);
  passes_.call(Axes::ExpertData, kind, size * experts, gradients, marks(Mark::Data, Mark::Compute), sets);
}

void JobWriter::chunk_forward(const Chunk& chunk, Role role) {
  const bool gathers = p_.zero >= 3;
  if (chunk.embedding) passes_.embedding_forward(role);
  const auto layers = [&](std::int64_t count, bool sparse) {
    builder_.repeat(count, [&] {
      if (gathers) {
        builder_.join(marks(Mark::Compute, Mark::Prefetch));
        gather_weights(role, layer_parameters(sparse) + (sparse ? expert_share() : 0.0));
      }
      passes_.forward(sparse, role);
    });
  };
  layers(chunk.dense, false);
  layers(chunk.sparse, true);
  if (chunk.head) passes_.output_forward(role);
}

void JobWriter::chunk_backward(const Chunk& chunk, Role role, bool reduces) {
  const Role gradient = role == Role::Bubble ? role : Role::InputGradient;
  if (chunk.head) passes_.output_backward(gradient);
  const auto layer = [&](bool sparse) {
    const double dense = layer_parameters(sparse);
    const double experts = sparse ? expert_share() : 0.0;
    if (p_.zero >= 3) {
      builder_.join(marks(Mark::Compute, Mark::Prefetch));
      gather_weights(role, dense + experts);
    }
    passes_.backward(sparse, role);
    if (p_.zero >= 2) reduce_gradients(dense, experts);
  };
  const auto layers = [&](std::int64_t count, bool sparse) {
    const bool buckets = reduces && p_.overlap_gradients && p_.zero < 2;
    if (!buckets || count == 0) {
      builder_.repeat(count, [&] { layer(sparse); });
      return;
    }
    const double dense = layer_parameters(sparse);
    const double experts = sparse ? expert_share() : 0.0;
    const double bytes = static_cast<double>(p_.gradient_bytes) * (dense + experts);
    const auto each =
        std::clamp(static_cast<std::int64_t>(std::ceil(p_.bucket_bytes / bytes)), std::int64_t{1}, count);
    const auto bucket = [&](std::int64_t size) {
      builder_.repeat(size, [&] { layer(sparse); });
      reduce_gradients(dense * static_cast<double>(size), experts * static_cast<double>(size));
    };
    builder_.repeat(count / each, [&] { bucket(each); });
    if (count % each > 0) bucket(count % each);
  };
  layers(chunk.sparse, true);
  layers(chunk.dense, false);
  if (chunk.embedding) passes_.embedding_backward(gradient);
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
    if (piped) passes_.send(Role::Forward);
    chunk_backward(each, Role::Forward, reduces);
    if (piped) passes_.send(Role::InputGradient);
  };
  builder_.repeat(p_.pipeline - 1, [&] {
    chunk_forward(ordinary, Role::Bubble);
    passes_.send(Role::Bubble);
  });
  builder_.repeat(piped ? m : m - 1, [&] {
    builder_.repeat(v - 1, [&] { passes(ordinary, false); });
    passes(last, false);
  });
  if (!piped) passes(last, true);
  builder_.repeat(p_.pipeline - 2, [&] {
    chunk_backward(ordinary, Role::Bubble, false);
    passes_.send(Role::Bubble);
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
  builder_.compute(step_label(Role::Optimizer, StepLine::Optimizer),
                   nanoseconds(job_.slowdown.update * optimizer_ns(job_.machine.npu, updated)));
  if ((p_.zero == 1 || p_.zero == 2) && !p_.overlap_parameters) gather_weights(Role::Optimizer, held);
}

}  // namespace

StepProgram training_step(const TrainingJob& job, const Network& network) {
  validate(job.model, job.parallelism);
  return JobWriter(job, network).write();
}

}  // namespace bandwright
