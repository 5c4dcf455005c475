#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "plan/hardware/candidates.h"
#include "plan/hardware/search/leaders.h"
#include "plan/hardware/shape_bound.h"

namespace bandwright {

// A division with an order of its groups: which of the candidates, and of their arrangements.
struct LaidDivision {
  std::uint32_t candidate = 0;
  std::uint32_t arrangement = 0;
};

// A division on a shape that may be among the best.
struct PairSurvivor {
  std::uint32_t candidate = 0;
  std::uint32_t arrangement = 0;
  ShapeFamily shape;
  double bound = 0.0;
};

// The best network that a division was asked on, of those that led when they were: what there is to say when
// the search is interrupted. For several threads.
class ReachedNetworks {
 public:
  struct Reached {
    double value = 0.0;
    double step_ns = 0.0;
    std::uint32_t arrangement = 0;
    ShapeFamily shape;
    std::vector<double> gb_per_s;
  };
  void keep(std::uint32_t candidate, Reached reached);
  // The best first.
  [[nodiscard]] std::vector<std::pair<std::uint32_t, Reached>> best() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Reached> networks_;
};

struct PairWork {
  std::atomic<std::int64_t> steps{0}, families{0}, shapes{0}, solved{0};
};

// What excludes a division from the answer, or a network from being its best.
double excluding_limit(const HardwareSpace& space, const HardwareSearch& search, const Leaders& leaders,
                       std::uint32_t candidate);

// Bounds divisions on the networks of a family: all of them at once, then those of one kind of a dimension
// after the other, and at last single networks. For several threads.
class PairBound {
 public:
  PairBound(const HardwareSpace& space, const HardwareSearch& search, const HardwareCandidates& candidates,
            Leaders& leaders, ReachedNetworks& reached, PairWork& work)
      : space_(space),
        search_(search),
        candidates_(candidates),
        leaders_(leaders),
        reached_(reached),
        work_(work) {}

  // Adds what may be among the best to the survivors, if they are given, and tells the leaders what was
  // reached. Begins to ask at `from`, where it leaves what would be asked next.
  void bound(LaidDivision laid, const ShapeFamily& family, const FreeLayout& layout, FreeStep& step,
             FreeBandwidths& from, std::vector<PairSurvivor>* survivors);

  // Reaches something good with a division: all families, then shapes of the few best.
  void guess(std::uint32_t candidate, FreeStep& step);

 private:
  [[nodiscard]] double limit(std::uint32_t candidate) const {
    return excluding_limit(space_, search_, leaders_, candidate);
  }
  void divide(LaidDivision laid, const ShapeFamily& shapes, const FreeLayout& layout, const CutBound* below,
              FreeStep& step, std::vector<PairSurvivor>* survivors);
  void bound_shape(LaidDivision laid, const ShapeFamily& shape, const FreeLayout& layout,
                   const CutBound* below, FreeStep& step, std::vector<PairSurvivor>* survivors);
  void reach_nearby(LaidDivision laid, const ShapeFamily& shape, const FreeRegion& region, const StepAt& time,
                    const PathTime& asked, const FreeBandwidths& at);
  void reach(LaidDivision laid, const ShapeFamily& shape, double value, double step_ns,
             const FreeBandwidths& at);

  const HardwareSpace& space_;
  const HardwareSearch& search_;
  const HardwareCandidates& candidates_;
  Leaders& leaders_;
  ReachedNetworks& reached_;
  PairWork& work_;
};

}  // namespace bandwright
