#pragma once
#include <functional>
#include <map>
#include <vector>

#include "plan/hardware/free_step.h"
#include "training/division/parallel_groups.h"

namespace bandwright {

// A step on hardware that is still to be bought the other way: a product of max-plus matrices over the times
// of its streams, a block a power of what its round is (plan/max_plus_step.h), whose entries have their bytes
// with them. For proofs and their check, where plan/hardware/free_step.h is what is checked: nothing is
// shared between divisions, nothing leapt over.
class MatrixStep {
 public:
  using Price = std::function<PathTime(Axes axis, const Collective& collective)>;

  // REQUIRES a valid job whose passes are apart, and groups of its NPUs.
  MatrixStep(const TrainingJob& job, const std::vector<Group>& groups);

  // `copying`: of an NPU's processors, those that copy for collectives.
  [[nodiscard]] PathTime at(const Price& price, double copying) const;
  // Over a layout; where all dimensions are one (FreeStep::take_together).
  [[nodiscard]] PathTime over(const FreeLayout& layout, std::span<const double> gb_per_s) const;
  [[nodiscard]] PathTime together(std::span<const FabricDimension> classes, double copying,
                                  std::span<const double> gb_per_s) const;

 private:
  struct Operation {
    double ns = 0.0;
    const Collective* collective = nullptr;
    Axes axis = Axes::Tensor;
    std::vector<std::uint32_t> after;
  };
  struct Pass {
    std::vector<Collective> collectives;
    std::vector<Operation> operations;
  };
  class Passes;
  template <class Write>
  [[nodiscard]] Pass written(const LayerPasses& passes, Write write) const;

  TrainingJob job_;
  const std::vector<Group>& groups_;
  std::map<int, Pass> passes_;  // by which
  std::int64_t outlast_output_from_ = 0;
};

}  // namespace bandwright
