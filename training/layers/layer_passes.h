#pragma once
#include <array>

#include "training/division/parallel_groups.h"
#include "training/layers/expert_routing.h"
#include "training/layers/layer_cost.h"
#include "training/step_parts.h"
#include "training/training_step.h"

namespace bandwright {

// Writes what one pipeline stage does for one micro-batch into a step: the passes of single layers, of the
// embedding and of the output layer, with the collectives inside and between them.
//
//   forward    [keys and values] attention, TP all-reduce, [to the experts] FFN, TP all-reduce [and back]
//   backward   the same in reverse, each block with its input gradient, TP all-reduce, weight gradient
//
// With sequence parallelism an all-reduce is an all-gather before and a reduce-scatter after the block.
class LayerPasses : public StepPasses {
 public:
  LayerPasses(const TrainingJob& job, const Network& network, StreamBuilder& builder);
  // The same passes, whose costs are known, written to another step.
  LayerPasses(const LayerPasses& other, StreamBuilder& builder);

  void forward(bool sparse, Role role) override;
  void backward(bool sparse, Role role) override;
  void embedding_forward(Role role) override { block(embedding_.forward, role); }
  void embedding_backward(Role role) override { block(embedding_.input_gradient, role); }
  void output_forward(Role role) override;
  void output_backward(Role role) override;
  void send(Role role) override;
  void begin_routes_beside(std::int64_t layers) override;
  void end_routes_beside() override;
  [[nodiscard]] bool layers_outlast_output(std::int64_t layers) const override;
  void call(Axes axis, CollectiveKind kind, double bytes, Label label, StreamSet waits,
            StreamSet sets) override;
  void take_processors(Axes axis, CollectiveKind kind, double bytes, Label label) override;

  // What a collective takes alone.
  [[nodiscard]] double call_ns(Axes axis, CollectiveKind kind, double bytes) const;

 private:
  void forward_again(bool sparse, Role role);
  void core_and_streaming(const BlockCost& cost, Role role);
  void block(const BlockCost& cost, Role role);
  // A block with the TP communication before and after it. Beside its multiplications, which take G, in t =
  // TP chunks, communication of W takes both to
  //
  //   max(G + s W, W + G/t) + (t - 1) o      s: of the processors, those that copy; o: the start of a kernel
  //
  // as one chunk is computed before anything can be sent.
  void block_with_tensor(const BlockCost& cost, Role role, double copies, bool after);
  void weights_beside_tensor(const BlockCost& cost, Role input, Role weight, double copies = 1.0);
  void issue(double kernels, Role role);
  void copy(Role role);
  void end_copy();
  struct TensorCalls {
    double ns = 0.0;
    int count = 0;
  };
  [[nodiscard]] TensorCalls tensor_calls(double copies, bool after) const;
  void tensor_before(Role role, bool beside, double copies = 1.0);
  void tensor_after(Role role, bool beside, double copies = 1.0);
  [[nodiscard]] double copies_in_ffn(bool sparse) const;
  void tensor_call(CollectiveKind kind, double bytes, Role role, bool beside);
  enum class Way : std::uint8_t { Dispatch, Combine };
  [[nodiscard]] const RouteBytes& bytes_of(Way way) const { return routes_[static_cast<std::size_t>(way)]; }
  void route(Role role, Way way);
  void exchange(Role role, Way way, StreamSet sets);
  [[nodiscard]] double exchange_ns(Way way) const;
  void context_exchange(Role role, bool backward);
  [[nodiscard]] bool overlaps_context() const { return p_.overlap_context && p_.context > 1; }
  void issue_experts(bool sparse, Role role);

  const TrainingJob& job_;
  const Network& network_;
  const Parallelism& p_;
  StreamBuilder& builder_;
  LayerCost dense_;
  LayerCost sparse_;
  BlockPasses head_;
  BlockPasses embedding_;
  double tokens_;
  double activation_;  // bytes of one micro-batch between layers
  Time copied_;        // what the activations of one layer take to the host's memory, or back
  bool per_node_;
  bool beside_ = false;  // exchanges with experts are written already
  std::array<RouteBytes, 2> routes_;

  struct Priced {
    GroupCollective call;
    std::uint32_t entered;  // into the step
    Time latency;
  };
  std::vector<Priced> priced_;  // what was called before
};

// The names of StepLine's lines.
const std::vector<std::string>& step_line_names();
Label step_label(Role role, StepLine line);

}  // namespace bandwright
