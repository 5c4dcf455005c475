#include "training/training_step.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "training/division/dealing.h"
#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"

namespace bandwright {
namespace {

// In a step of one micro-batch, a collective over machines beside compute holds it up three times as long as
// the processors that copy do, for 0.45 of its time: as a send between stages (training/step_parts.h), for
// 0.3 of it while NPUs that are not done to the moment are waited for. What hosts do between two steps takes
// each its own time; with more micro-batches NPUs have caught up before gradients go out. Fitted on MLPerf
// 5.1, Llama 3.1 8B.
constexpr int processors_and_waiting = 3;

// Writes the schedule of a stage: which passes follow each other, and what happens to the weights between.
class JobWriter {
 public:
  JobWriter(const TrainingJob& job, StepStreams& streams, StepPasses& passes)
      : job_(job),
        p_(job.parallelism),
        dealt_(dealing(job.model, job.parallelism)),
        builder_(streams),
        passes_(passes) {}

  void write();

 private:
  // How the layers of a chunk are dealt: the first `dense` layers of a sparse model have no experts.
  struct Chunk {
    std::int64_t dense = 0;
    std::int64_t sparse = 0;
    bool embedding = false;
    bool head = false;
    [[nodiscard]] std::int64_t layers() const { return dense + sparse; }
  };
  // Parameters of one NPU: those all replicas share, and those of experts.
  struct Share {
    double dense = 0.0;
    double experts = 0.0;
  };

  [[nodiscard]] Chunk chunk(std::int64_t layers) const;
  // So many chunks of the longest kind and one layer less, so many layers together.
  template <class Write>
  void deal(std::int64_t layers, std::int64_t chunks, Write write) {
    const std::int64_t longest = layers - (dealt_.chunk - 1) * chunks;
    builder_.repeat(longest, [&] { write(chunk(dealt_.chunk)); });
    builder_.repeat(chunks - longest, [&] { write(chunk(dealt_.chunk - 1)); });
  }
  void pipeline();
  [[nodiscard]] bool last_stage_decides() const;
  void stage_passes(bool alone);
  void pass(const Chunk& each, bool reduces, bool beside);
  void chunk_forward(const Chunk& chunk, Role role);
  void chunk_backward(const Chunk& chunk, Role role, bool reduces);
  void gather_weights(Role role, const Share& held);
  void call_replicas(Axes axis, CollectiveKind kind, double bytes, Label label, bool beside, StreamSet sets);
  void gather_embedding(Role role);
  void reduce_gradients(double dense, double experts);
  void finish_gradients();
  void update();
  [[nodiscard]] Share divided(bool sparse, const TrainedParameters& parameters) const;
  [[nodiscard]] Share layer_share(bool sparse) const { return divided(sparse, all_); }
  // Of those that are trained: all, or adapters.
  [[nodiscard]] Share trained_layer(bool sparse) const { return divided(sparse, trained_); }
  [[nodiscard]] Share trained_share(std::int64_t layers) const;
  [[nodiscard]] double embedding() const { return all_.table / static_cast<double>(p_.tensor); }
  [[nodiscard]] double trained_embedding() const { return trained_.table / static_cast<double>(p_.tensor); }
  // Of a layer's weights, those that are gathered before it.
  [[nodiscard]] Share gathered_layer(bool sparse) const {
    return p_.zero >= 3 ? layer_share(sparse) : trained_layer(sparse);
  }
  // Whether weights that the optimizer updated in parts are gathered beside the first micro-batch.
  [[nodiscard]] bool gathers_first() const { return (p_.zero == 1 || p_.zero == 2) && p_.overlap_parameters; }
  // Whether compute waits for other machines in a collective that goes beside it.
  [[nodiscard]] bool waits_for_replicas(Axes axis) const {
    const auto& dimensions = builder_.group(group_of(axis)).dimensions;
    const bool between = !dimensions.empty() && dimensions.back().dimension > 0;
    return between && p_.micro_batches() == 1 && p_.zero < 3;
  }
  [[nodiscard]] double shards() const {
    return static_cast<double>(builder_.group(group_of(Axes::Data)).npus());
  }
  [[nodiscard]] double expert_replicas() const {
    return static_cast<double>(builder_.group(group_of(Axes::ExpertData)).npus());
  }
  static std::uint32_t group_of(Axes axis) { return static_cast<std::uint32_t>(axis); }

  const TrainingJob& job_;
  const Parallelism& p_;
  const Dealing dealt_;
  const TrainedParameters all_ = trained_parameters(job_.model, {});
  const TrainedParameters trained_ = trained_parameters(job_.model, p_.adapters);
  bool gathers_once_ = false;  // the forward passes now written are the first with the new weights
  const bool routes_beside_ = p_.overlap_expert && p_.expert > 1;
  StepStreams& builder_;
  StepPasses& passes_;
};

JobWriter::Chunk JobWriter::chunk(std::int64_t layers) const {
  if (!job_.model.sparse() || layers == 0) return {.dense = layers};
  if (p_.pipeline > 1) return {.sparse = layers};  // the slowest stage has experts in every layer
  return {.dense = layers - job_.model.sparse_layers(), .sparse = job_.model.sparse_layers()};
}

JobWriter::Share JobWriter::divided(bool sparse, const TrainedParameters& parameters) const {
  const auto tp = static_cast<double>(p_.tensor);
  if (!sparse) return {.dense = parameters.dense_layer / tp};
  const double held = static_cast<double>(job_.model.experts.count) / static_cast<double>(p_.expert);
  return {parameters.sparse_layer / tp, held * parameters.expert / static_cast<double>(p_.experts_tensor())};
}

JobWriter::Share JobWriter::trained_share(std::int64_t layers) const {
  const Chunk each = chunk(layers);
  const auto dense = static_cast<double>(each.dense);
  if (each.sparse == 0) return {.dense = dense * trained_layer(false).dense};
  const auto sparse = static_cast<double>(each.sparse);
  const Share one = trained_layer(true);
  return {dense * trained_layer(false).dense + sparse * one.dense, sparse * one.experts};
}

// A collective over the replicas, which takes processors from what is computed beside it.
void JobWriter::call_replicas(Axes axis, CollectiveKind kind, double bytes, Label label, bool beside,
                              StreamSet sets) {
  if (bytes <= 0.0) return;
  passes_.call(axis, kind, bytes, label, streams(Stream::Data, Stream::Compute),
               beside ? sets : static_cast<StreamSet>(sets | streams(Stream::Compute)));
  if (!beside) return;
  const int times = waits_for_replicas(axis) ? processors_and_waiting : 1;
  for (int i = 0; i < times; ++i) passes_.take_processors(axis, kind, bytes, label);
}

void JobWriter::gather_weights(Role role, const Share& held) {
  const StreamSet sets = streams(Stream::Data, Stream::Prefetch);
  const Label parameters = step_label(role, StepLine::Parameters);
  const bool beside = p_.overlap_parameters;
  call_replicas(Axes::Data, CollectiveKind::AllGather, 2.0 * held.dense / shards(), parameters, beside, sets);
  call_replicas(Axes::ExpertData, CollectiveKind::AllGather, 2.0 * held.experts / expert_replicas(),
                parameters, beside, sets);
}

void JobWriter::reduce_gradients(double dense, double experts) {
  const CollectiveKind kind = p_.zero >= 1 ? CollectiveKind::ReduceScatter : CollectiveKind::AllReduce;
  const auto size = static_cast<double>(p_.gradient_bytes);
  const Label gradients = step_label(Role::WeightGradient, StepLine::Gradients);
  const auto reduce = [&](Axes axis, CollectiveKind how, double bytes) {
    call_replicas(axis, how, bytes, gradients, p_.overlap_gradients, streams(Stream::Data));
  };
  reduce(Axes::Data, kind, size * dense);
  reduce(Axes::Replicas, CollectiveKind::AllReduce, p_.zero >= 1 ? size * dense / shards() : size * dense);
  reduce(Axes::ExpertData, kind, size * experts);
}

// The table that the first layers wait for; and that of the output layer, which has time.
void JobWriter::gather_embedding(Role role) {
  builder_.join(streams(Stream::Compute, Stream::Prefetch));
  const Share table{.dense = p_.zero >= 3 ? embedding() : trained_embedding()};
  gather_weights(role, table);
  builder_.join(streams(Stream::Compute, Stream::Prefetch));
  if (!job_.model.tied_embeddings) gather_weights(role, table);
}

void JobWriter::chunk_forward(const Chunk& chunk, Role role) {
  const bool gathers = p_.zero >= 3 || gathers_once_;
  if (chunk.embedding) {
    if (gathers) gather_embedding(role);
    passes_.embedding_forward(role);
  }
  const auto layers = [&](std::int64_t count, bool sparse) {
    builder_.repeat(count, [&] {
      if (gathers) {
        builder_.join(streams(Stream::Compute, Stream::Prefetch));
        gather_weights(role, gathered_layer(sparse));
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
  const bool own_table = chunk.head && chunk.embedding && !job_.model.tied_embeddings;
  if (own_table && (p_.zero >= 2 || (reduces && p_.overlap_gradients)))
    reduce_gradients(trained_embedding(), 0.0);
  const auto layer = [&](bool sparse) {
    if (p_.zero >= 3) {
      builder_.join(streams(Stream::Compute, Stream::Prefetch));
      gather_weights(role, layer_share(sparse));
    }
    passes_.backward(sparse, role);
    const Share trained = trained_layer(sparse);
    if (p_.zero >= 2) reduce_gradients(trained.dense, trained.experts);
  };
  const auto layers = [&](std::int64_t count, bool sparse) {
    const bool buckets = reduces && p_.overlap_gradients && p_.zero < 2;
    const Share held = trained_layer(sparse);
    const double bytes = static_cast<double>(p_.gradient_bytes) * (held.dense + held.experts);
    if (!buckets || count == 0 || bytes <= 0.0) {
      builder_.repeat(count, [&] { layer(sparse); });
      return;
    }
    const auto each =
        std::clamp(static_cast<std::int64_t>(std::ceil(p_.bucket_bytes / bytes)), std::int64_t{1}, count);
    const auto bucket = [&](std::int64_t size) {
      builder_.repeat(size, [&] { layer(sparse); });
      reduce_gradients(held.dense * static_cast<double>(size), held.experts * static_cast<double>(size));
    };
    builder_.repeat(count / each, [&] { bucket(each); });
    if (count % each > 0) bucket(count % each);
  };
  layers(chunk.sparse, true);
  layers(chunk.dense, false);
  if (chunk.embedding) passes_.embedding_backward(gradient);
}

// Whether the slowest stage is the last one, with the output layer in place of some layers. Where l + 2 are
// dealt evenly each end is taken to weigh as much as a layer, as by the software that deals so and in the fit
// of the constants.
bool JobWriter::last_stage_decides() const {
  const bool ends_weigh_a_layer = dealt_.even && dealt_.last_chunk > 0;
  return ends_weigh_a_layer || !passes_.layers_outlast_output(dealt_.stage - dealt_.last_stage);
}

// One micro-batch through all chunks of the slowest stage.
void JobWriter::stage_passes(bool alone) {
  const bool output = last_stage_decides();
  Chunk last = chunk(output ? dealt_.last_chunk : dealt_.chunk);
  const std::int64_t others = (output ? dealt_.last_stage : dealt_.stage) - last.layers();
  last.head = output;
  deal(others, p_.virtual_stages - 1, [&](const Chunk& each) { pass(each, false, routes_beside_); });
  pass(last, false, routes_beside_ && !alone);
}

// One micro-batch through a chunk and back. Beside it, another one's tokens may go to their experts.
void JobWriter::pass(const Chunk& each, bool reduces, bool beside) {
  const bool piped = p_.pipeline > 1;
  if (beside) passes_.begin_routes_beside(each.sparse);
  chunk_forward(each, Role::Forward);
  if (piped) passes_.send(Role::Forward);
  chunk_backward(each, Role::Forward, reduces);
  if (piped) passes_.send(Role::InputGradient);
  if (beside) passes_.end_routes_beside();
}

// Fill, steady state and drain; the last micro-batch has no other beside it.
void JobWriter::pipeline() {
  if (gathers_first()) {
    gather_weights(Role::Forward, trained_share(dealt_.chunk));
    builder_.join(streams(Stream::Compute, Stream::Prefetch));
    gather_weights(Role::Forward, trained_share(dealt_.stage - dealt_.chunk));
  }
  deal(dealt_.fill, p_.pipeline - 1, [&](const Chunk& each) {
    chunk_forward(each, Role::Bubble);
    passes_.send(Role::Bubble);
  });
  const std::int64_t alone = routes_beside_ ? 1 : 0;
  builder_.repeat(p_.micro_batches() - alone, [&] { stage_passes(false); });
  if (alone > 0) stage_passes(true);
  deal(dealt_.fill - dealt_.chunk, p_.pipeline - 2, [&](const Chunk& each) {
    chunk_backward(each, Role::Bubble, false);
    passes_.send(Role::Bubble);
  });
  chunk_backward(chunk(dealt_.chunk), Role::Bubble, true);
}

void JobWriter::write() {
  if (p_.pipeline > 1) {
    pipeline();
  } else {
    Chunk whole = chunk(dealt_.chunk);
    whole.head = whole.embedding = true;
    const bool first = gathers_first();
    if (first && p_.micro_batches() > 1) {
      gathers_once_ = true;
      pass(whole, false, routes_beside_);
      gathers_once_ = false;
    }
    builder_.repeat(p_.micro_batches() - (first && p_.micro_batches() > 1 ? 2 : 1),
                    [&] { pass(whole, false, routes_beside_); });
    gathers_once_ = first && p_.micro_batches() == 1;
    pass(whole, true, false);
    gathers_once_ = false;
  }
  finish_gradients();
  update();
}

// What the buckets of the last backward pass did not carry: all of it when nothing is overlapped, the other
// chunks of a stage and the embedding.
void JobWriter::finish_gradients() {
  const Share rest =
      p_.zero >= 2 ? Share{} : trained_share(dealt_.stage - (p_.overlap_gradients ? dealt_.chunk : 0));
  const bool both = p_.pipeline == 1 && !p_.overlap_gradients && !job_.model.tied_embeddings;
  reduce_gradients(rest.dense + (both ? 2.0 : 1.0) * trained_embedding(), rest.experts);
  builder_.join(streams(Stream::Compute, Stream::Data));
}

void JobWriter::update() {
  Share held = trained_share(dealt_.stage);
  held.dense += (p_.pipeline == 1 && !job_.model.tied_embeddings ? 2.0 : 1.0) * trained_embedding();
  const double updated =
      p_.zero >= 1 ? held.dense / shards() + held.experts / expert_replicas() : held.dense + held.experts;
  builder_.compute(step_label(Role::Optimizer, StepLine::Optimizer),
                   nanoseconds(job_.slowdown.update * optimizer_ns(job_.machine.npu, updated)));
  if ((p_.zero == 1 || p_.zero == 2) && !p_.overlap_parameters) gather_weights(Role::Optimizer, held);
}

// A step as operations with dependencies.
class BuiltStreams final : public StepStreams {
 public:
  explicit BuiltStreams(StreamBuilder& builder) : builder_(builder) {}
  void compute(Label label, Time duration) override { builder_.compute(label, duration); }
  void join(StreamSet waits) override { builder_.join(waits); }
  void repeat(std::int64_t times, Rounds write) override { builder_.repeat(times, write); }
  [[nodiscard]] const Group& group(std::uint32_t index) const override { return builder_.group(index); }

 private:
  StreamBuilder& builder_;
};

}  // namespace

void write_training_step(const TrainingJob& job, StepStreams& streams, StepPasses& passes) {
  JobWriter(job, streams, passes).write();
}

Step training_step(const TrainingJob& job, const Network& network) {
  validate(job.model, job.parallelism);
  StreamBuilder builder(job.model.name, parallel_groups(network, job.parallelism), step_line_names());
  BuiltStreams streams(builder);
  LayerPasses passes(job, network, builder);
  write_training_step(job, streams, passes);
  Step step = std::move(builder).finish();
  step.wire_efficiency = wire_efficiency(job.machine, network);
  return step;
}

std::vector<double> wire_efficiency(const Machine& machine, const Network& network) {
  std::vector<double> of_dimensions;
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    of_dimensions.push_back(machine.dimensions[d].constants.efficiency);
  }
  return of_dimensions;
}

}  // namespace bandwright
