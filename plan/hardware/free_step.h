#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "plan/timed_passes.h"
#include "training/collective_curve.h"
#include "training/division/parallel_groups.h"

namespace bandwright {

// Where the groups of a division lie on hardware that is still to be bought.
struct FreeLayout {
  std::vector<FreeDimension> network;  // innermost first
  std::vector<Group> groups;           // as parallel_groups(), parts of a dimension side by side as one
  double copying = 0.0;                // of an NPU's processors, those that copy for collectives
};

// Steps of many divisions of one job over hardware whose bandwidths are free: the schedule of
// training/training_step.h, with collectives as training/collective_curve.h prices them. The time of a step
// is convex in bandwidth and falls with it; where it is taken, its longest path comes with it, a cut.
//
// The passes of a layer are written once for all divisions that have them in common (plan/timed_passes.h).
// Not for several threads at a time: each has its own.
//
// Cost: 3 us a step, 2 us for another layout or division, 20 us for passes that are new.
class FreeStep {
 public:
  // REQUIRES no overlap of tensor parallelism or experts with compute, whose passes are not apart.
  explicit FreeStep(const TrainingJob& job);
  ~FreeStep();

  // A layout, or all there are together: collectives of TP, CP, DP and PP as aggregate_curve() has them,
  // those of experts for nothing. REQUIRES that the layout outlives what is asked of it.
  void take(const Parallelism& p, const FreeLayout& layout);
  void take_together(const Parallelism& p, const std::vector<Group>& groups,
                     std::span<const FabricDimension> classes, double copying);

  // Of what was taken. REQUIRES positive bandwidths, one per dimension; where all are one, the same for each
  // of TP, CP, DP and PP, whose bytes the path has apart.
  [[nodiscard]] PathTime at(std::span<const double> gb_per_s);

  // Equal numbers: divisions that differ in what they recompute only, and do not differ in any pass.
  [[nodiscard]] std::size_t passes_of(const Parallelism& p, const std::vector<Group>& groups);

 private:
  struct Call {
    Axes axis;
    CollectiveKind kind;
    std::int64_t bytes;
    friend bool operator==(const Call&, const Call&) = default;
  };
  struct Pass;                      // operations of a pass, calls not priced
  using Passes = LayerTimes<Pass>;  // of a division
  struct Written;
  struct Priced {
    Call call;
    CollectiveCurve curve;
    PathTime now;
  };
  struct Calls;
  struct Key {
    std::int64_t tensor, context, expert, micro_batch, inside;
    Recomputation recompute;
    bool sequence_parallel;
    bool piped;
    bool sums_gradients;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  const Written& written(const Parallelism& p, const std::vector<Group>& groups);
  [[nodiscard]] std::unique_ptr<Written> write(const std::vector<Group>& groups) const;
  void begin(const Parallelism& p, const std::vector<Group>& groups);
  [[nodiscard]] PathTime played(const Pass& pass);
  [[nodiscard]] const PathTime& priced(const Call& call);

  TrainingJob job_;
  std::unordered_map<Key, const Written*, Hash> by_key_;
  std::vector<std::unique_ptr<Written>> all_;

  const std::vector<Group>* groups_ = nullptr;
  const FreeLayout* layout_ = nullptr;  // else together:
  std::span<const FabricDimension> classes_;
  double copying_ = 0.0;
  const Written* passes_ = nullptr;
  std::vector<Priced> calls_;
  std::span<const double> gb_per_s_;
  std::vector<PathTime> ends_;
};

}  // namespace bandwright
