#include "memory/graphs/transformer_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "training/division/dealing.h"
#include "training/layers/layer_cost.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr std::string_view forward_phase = "Forward";
constexpr std::string_view backward_phase = "Backward";
constexpr std::string_view update_phase = "Update";

// Nanoseconds and bytes of one layer, averaged over dense and sparse ones.
struct LayerSize {
  double forward_ns = 0.0;
  double backward_ns = 0.0;
};

double backward_ns(const BlockPasses& passes) {
  return passes.input_gradient.ns() + passes.weight_gradient.ns();
}

LayerSize layer_size(const TrainingJob& job) {
  const auto size = [](const LayerCost& cost) {
    return LayerSize{cost.attention.forward.ns() + cost.ffn.forward.ns(),
                     backward_ns(cost.attention) + backward_ns(cost.ffn)};
  };
  const LayerSize dense = size(dense_layer_cost(job.model, job.parallelism, job.machine.npu));
  if (!job.model.sparse()) return dense;
  const LayerSize sparse = size(sparse_layer_cost(job.model, job.parallelism, job.machine.npu));
  const double share = static_cast<double>(job.model.sparse_layers()) / static_cast<double>(job.model.layers);
  return {share * sparse.forward_ns + (1.0 - share) * dense.forward_ns,
          share * sparse.backward_ns + (1.0 - share) * dense.backward_ns};
}

// An argument of a kernel: a tensor, and the bytes of it that the kernel touches.
struct Argument {
  int tensor = 0;
  double bytes = 0.0;
};

class TransformerBuilder {
 public:
  TransformerBuilder(const TrainingJob& job, const TierPair& tiers)
      : job_(job), tiers_(tiers), bill_(memory_bill(job.model, job.parallelism)), layer_(layer_size(job)) {
    const Parallelism& p = job.parallelism;
    layers_ = dealing(job.model, p).stage;
    graph_.name = job.model.name;
    // Of one micro-batch; the bill's activations are of all in flight, plus one layer run again.
    const double again = p.recompute == Recomputation::Full ? kept_without_recomputation() : 0.0;
    kept_bytes_ = layer_activations(job.model, p);
    in_flight_bytes_ = (bill_.activations - bill_.again) / static_cast<double>(layers_);
    again_bytes_ = again;
    const double sequences_x_hidden =
        2.0 * tokens_per_pass(job.model, p) * static_cast<double>(job.model.hidden);
    output_bytes_ = sequences_x_hidden / (p.sequence_parallel ? static_cast<double>(p.tensor) : 1.0);
  }

  TrainingGraph build() && {
    deal_layers();
    for (Block& block : blocks_) hold(block);
    Argument flowing = embed();
    for (std::size_t b = 1; b < blocks_.size(); ++b) flowing = forward(blocks_[b], flowing);
    flowing = turn(flowing);
    for (std::size_t b = blocks_.size(); b-- > 1;) flowing = backward(blocks_[b], flowing);
    embed_backward(flowing);
    for (Block& block : blocks_) update(block);
    sort_and_check(graph_);
    return std::move(graph_);
  }

 private:
  struct Block {
    std::string name;
    double layers = 0.0;  // 0: the embedding
    double weight_bytes = 0.0, gradient_bytes = 0.0, state_bytes = 0.0;
    Argument weights, gradients, state, kept;
  };

  [[nodiscard]] double kept_without_recomputation() const {
    Parallelism all = job_.parallelism;
    all.recompute = Recomputation::None;
    return layer_activations(job_.model, all);
  }

  void deal_layers() {
    // 2, 4 and 12 bytes per parameter, divided as ZeRO says: the layers' lines tell the shares.
    const double whole = bill_.layer_weights + bill_.layer_gradients + bill_.layer_optimizer;
    const auto share = [&](double line) { return bill_.embedding * line / whole; };
    blocks_.push_back({.name = "embedding",
                       .weight_bytes = share(bill_.layer_weights),
                       .gradient_bytes = share(bill_.layer_gradients),
                       .state_bytes = share(bill_.layer_optimizer)});
    const std::int64_t count = std::min(most_blocks, layers_);
    std::int64_t first = 0;
    for (std::int64_t b = 1; b <= count; ++b) {
      const std::int64_t end = layers_ * b / count;
      const auto part = static_cast<double>(end - first) / static_cast<double>(layers_);
      blocks_.push_back({.name = end - first == 1 ? fmt::format("layer{}", first + 1)
                                                  : fmt::format("layers{}-{}", first + 1, end),
                         .layers = static_cast<double>(end - first),
                         .weight_bytes = part * bill_.layer_weights,
                         .gradient_bytes = part * bill_.layer_gradients,
                         .state_bytes = part * bill_.layer_optimizer});
      first = end;
    }
  }

  Argument tensor(std::string name, double size) {
    if (!(size <= 0x1p50)) throw InputError(fmt::format("tensor '{}' is larger than 1 PiB", name));
    graph_.tensors.push_back({std::move(name), bytes(std::llround(std::ceil(size)))});
    return {static_cast<int>(graph_.tensors.size()) - 1, size};
  }

  void kernel(std::string name, std::string_view op, double ns, const std::vector<Argument>& inputs,
              const std::vector<Argument>& outputs) {
    Kernel result{.name = std::move(name), .op = std::string(op), .fast_ns = ns};
    result.outputs_from = static_cast<int>(inputs.size());
    const bool touches = ns > 0.0;  // those without time hand tensors over as they lie
    for (const Argument& input : inputs) {
      result.arguments.push_back(input.tensor);
      result.slow_ns.push_back(touches ? input.bytes / tiers_.slow.read.value() : 0.0);
    }
    for (const Argument& output : outputs) {
      result.arguments.push_back(output.tensor);
      result.slow_ns.push_back(touches ? output.bytes / tiers_.slow.write.value() : 0.0);
    }
    graph_.kernels.push_back(std::move(result));
  }

  void hold(Block& block) {
    block.weights = tensor(block.name + ".weights", block.weight_bytes);
    block.state = tensor(block.name + ".optimizer", block.state_bytes);
    kernel(block.name + ".hold", "Hold", 0.0, {}, {block.weights, block.state});
  }

  // What a pass touches of activations that may be of several micro-batches.
  Argument activations(const std::string& name, double layers) {
    Argument kept = tensor(name, layers * in_flight_bytes_);
    kept.bytes = layers * kept_bytes_;
    return kept;
  }

  Argument embed() {
    const BlockPasses cost = embedding_cost(job_.model, job_.parallelism, job_.machine.npu);
    const Argument output = tensor("embedding.out", output_bytes_);
    kernel("embedding.forward", forward_phase, cost.forward.ns(), {touched_rows()}, {output});
    return output;
  }
  void embed_backward(const Argument& gradient) {
    const BlockPasses cost = embedding_cost(job_.model, job_.parallelism, job_.machine.npu);
    blocks_[0].gradients = tensor("embedding.gradients", blocks_[0].gradient_bytes);
    kernel("embedding.backward", backward_phase, backward_ns(cost), {gradient}, {blocks_[0].gradients});
  }
  // A lookup reads a row per token, not the table.
  [[nodiscard]] Argument touched_rows() const {
    return {blocks_[0].weights.tensor, std::min(output_bytes_, blocks_[0].weight_bytes)};
  }

  Argument forward(Block& block, const Argument& input) {
    block.kept = activations(block.name + ".kept", block.layers);
    const Argument output = tensor(block.name + ".out", output_bytes_);
    kernel(block.name + ".forward", forward_phase, block.layers * layer_.forward_ns, {block.weights, input},
           {block.kept, output});
    return output;
  }

  // From the last output to its gradient: the output layer, or with a pipeline another stage.
  Argument turn(const Argument& output) {
    const Argument gradient = tensor("output.gradient", output_bytes_);
    if (job_.parallelism.pipeline > 1) {
      kernel("next-stage", "Hold", 0.0, {output}, {gradient});
      return gradient;
    }
    const BlockPasses cost = head_cost(job_.model, job_.parallelism, job_.machine.npu);
    const Argument logits = tensor("output.kept", output_bytes_);
    kernel("output.forward", forward_phase, cost.forward.ns(), {blocks_[0].weights, output}, {logits});
    kernel("output.backward", backward_phase, backward_ns(cost), {blocks_[0].weights, logits}, {gradient});
    return gradient;
  }

  Argument backward(Block& block, const Argument& gradient) {
    Argument kept = block.kept;
    if (job_.parallelism.recompute == Recomputation::Full) {
      kept = tensor(block.name + ".again", again_bytes_);
      kept.bytes *= block.layers;
      kernel(block.name + ".again", forward_phase, block.layers * layer_.forward_ns,
             {block.weights, block.kept}, {kept});
    }
    block.gradients = tensor(block.name + ".gradients", block.gradient_bytes);
    const Argument before = tensor(block.name + ".din", output_bytes_);
    kernel(block.name + ".backward", backward_phase, block.layers * layer_.backward_ns,
           {block.weights, kept, gradient}, {block.gradients, before});
    return before;
  }

  void update(const Block& block) {
    const Argument weights = tensor(block.name + ".weights'", block.weight_bytes);
    const Argument state = tensor(block.name + ".optimizer'", block.state_bytes);
    const double parameters = block.state_bytes / 12.0;
    const double share = 1.0 / static_cast<double>(job_.parallelism.micro_batches());
    const auto shared = [share](Argument argument) {
      return Argument{argument.tensor, argument.bytes * share};
    };
    kernel(block.name + ".update", update_phase, optimizer_ns(job_.machine.npu, parameters) * share,
           {shared(block.gradients), shared(block.state)}, {shared(weights), shared(state)});
    leaves_.push_back({block.name, weights, state});
    graph_.kept.push_back({block.weights.tensor, weights.tensor});
    graph_.kept.push_back({block.state.tensor, state.tensor});
    if (leaves_.size() < blocks_.size()) return;
    for (const Leave& leave : leaves_) {
      kernel(leave.name + ".leave", "Hold", 0.0, {leave.weights, leave.state}, {});
    }
  }

  struct Leave {
    std::string name;
    Argument weights, state;
  };

  const TrainingJob& job_;
  const TierPair& tiers_;
  MemoryBill bill_;
  LayerSize layer_;
  std::int64_t layers_ = 0;
  double kept_bytes_ = 0.0;       // of one layer and micro-batch
  double in_flight_bytes_ = 0.0;  // of one layer
  double again_bytes_ = 0.0;      // of the layer that runs again
  double output_bytes_ = 0.0;
  std::vector<Block> blocks_;
  std::vector<Leave> leaves_;
  TrainingGraph graph_;
};

}  // namespace

TrainingGraph training_graph(const TrainingJob& job, const TierPair& tiers) {
  return TransformerBuilder(job, tiers).build();
}

ComputeSlowdown compute_slowdown(const TrainingGraph& graph, const Replay& replay) {
  struct Phase {
    double fast_ns = 0.0;
    double ns = 0.0;
    [[nodiscard]] double slowdown() const { return fast_ns > 0.0 ? std::max(1.0, ns / fast_ns) : 1.0; }
  };
  Phase forward;
  Phase backward;
  Phase update;
  const auto phase_of = [&](const Kernel& kernel) -> Phase& {
    if (kernel.op == forward_phase) return forward;
    return kernel.op == backward_phase ? backward : update;  // state is moved for the sake of updates
  };
  for (const Kernel& kernel : graph.kernels) phase_of(kernel).fast_ns += kernel.fast_ns;
  // Steps follow each other without gaps: a kernel's share ends where the next one's first span starts.
  Time end;
  for (const Span& span : replay.spans) {
    phase_of(graph.kernels[span.kernel]).ns += to_ns(std::max(span.end, end) - end);
    end = std::max(end, span.end);
  }
  return {forward.slowdown(), backward.slowdown(), update.slowdown()};
}

}  // namespace bandwright
