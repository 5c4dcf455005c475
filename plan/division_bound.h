#pragma once
#include <unordered_map>

#include "training/layers/layer_cost.h"
#include "training/training_step.h"

namespace bandwright {

// A lower bound of a division's step time on every network: what the slowest pipeline stage computes. With M
// micro-batches, F and B the passes of a layer (F + B + F where it is computed again), s layers on the
// slowest stage, H the output layer, and f layers that a micro-batch passes before it comes to the last
// stage:
//
//   step >= M min(s (F + B), l (F + B) + H) + f (F + B)       l: layers of the stage with the output layer
//
// Compute passes one after the other on one stream, whatever is communicated beside it. Kernel prices are
// shared by all divisions with the same TP, CP, EP, micro-batch and sequence parallelism.
class DivisionBound {
 public:
  // REQUIRES that `job` outlives it; its own division does not matter.
  explicit DivisionBound(const TrainingJob& job) : job_(job) {}

  [[nodiscard]] double operator()(const Parallelism& p);

 private:
  struct Passes {  // ns of one layer, or of the output layer
    double forward = 0.0;
    double backward = 0.0;
  };
  struct Prices {
    Passes dense;
    Passes sparse;
    Passes head;
    Passes embedding;
  };
  struct Key {
    std::int64_t tensor, context, expert, micro_batch;
    bool sequence_parallel;
    bool sums_gradients;  // a step's, as they are computed: below ZeRO 2
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  const Prices& prices(const Parallelism& p);

  const TrainingJob& job_;
  std::unordered_map<Key, Prices, Hash> known_;
};

}  // namespace bandwright
