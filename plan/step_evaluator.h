#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "plan/lone_pass.h"
#include "plan/stream_clock.h"
#include "training/division/parallel_groups.h"
#include "training/layers/layer_passes.h"
#include "training/training_step.h"

namespace bandwright {

// Step times of many divisions of one job over one network, those of estimate() but for the rounding of sums
// (1e-12 of a step). What divisions have in common is priced once:
//
//   passes of a layer     by the groups that are in it (TP, CP, EP), micro-batch, sequence parallelism and
//                         recomputation: written and timed alone, as each ends before the next begins
//   collectives           by group sizes, kind and bytes
//
// and the schedule around them is the one of training/training_step.cpp, played as it is written
// (plan/stream_clock.h). Where passes do overlap (experts beside another micro-batch, say), a division's
// whole step is built. Not for several threads at a time: each has its own.
//
// Cost: about 1 us a division, 20 us for passes that are new.
class StepEvaluator {
 public:
  // At the machine's own bandwidths. The job's own division says what is no decision
  // (plan/division_space.h).
  StepEvaluator(const TrainingJob& job, Network network);
  StepEvaluator(const TrainingJob& job, Network network, std::vector<double> gb_per_s);
  ~StepEvaluator();

  // Infinite beyond the clock of 100 days. REQUIRES a valid division of the network's NPUs, which differs
  // from the job's in decisions alone.
  [[nodiscard]] double step_ns(const Parallelism& p);

  [[nodiscard]] std::int64_t built() const { return built_; }  // whole steps

 private:
  struct Sizes;   // TP, CP, PP, EP: the groups and what collectives over them take
  struct Layers;  // what passes of a layer take
  struct Send {   // between stages
    double ns = 0.0;
    double waited_ns = 0.0;  // of one beside the next chunk
    bool apart = true;
  };
  struct Calls;
  struct SizesKey {
    std::int64_t tensor, context, pipeline, expert;
    friend bool operator==(const SizesKey&, const SizesKey&) = default;
  };
  struct LayersKey {
    std::size_t layout;
    std::int64_t tensor, context, expert, micro_batch;
    Recomputation recompute;
    bool sequence_parallel;
    bool piped;
    bool sums_gradients;  // as they are computed: below ZeRO 2
    friend bool operator==(const LayersKey&, const LayersKey&) = default;
  };
  struct Hash {
    std::size_t operator()(const SizesKey& key) const;
    std::size_t operator()(const LayersKey& key) const;
  };

  Sizes& sizes_of(const Parallelism& p);
  Layers& layers_of(const Parallelism& p, const Sizes& sizes);
  [[nodiscard]] Layers timed_layers(const Sizes& sizes) const;
  Send send_of(const Parallelism& p, Sizes& sizes);
  template <class Write>
  [[nodiscard]] LonePass timed_alone(const Sizes& sizes, const LayerPasses& passes, Write write) const;
  double collective_ns(Sizes& sizes, Axes axis, CollectiveKind kind, std::int64_t bytes);
  double processors_ns(Sizes& sizes, Axes axis, CollectiveKind kind, std::int64_t bytes);
  [[nodiscard]] double built_step_ns(const Parallelism& p);
  [[nodiscard]] double timed(Step step) const;

  TrainingJob job_;
  Network network_;
  std::vector<double> gb_per_s_;
  std::vector<double> efficiency_;
  std::unordered_map<SizesKey, std::unique_ptr<Sizes>, Hash> sizes_;
  std::unordered_map<LayersKey, std::unique_ptr<Layers>, Hash> layers_;
  std::vector<std::vector<Group>> layouts_;  // of the groups inside a layer, each different one once
  std::int64_t built_ = 0;
};

}  // namespace bandwright
