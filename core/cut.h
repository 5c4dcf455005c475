#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace bandwright {

// A set of physical dimensions, bit d for dimension d (dimension 0 is the innermost).
using DimensionSet = std::uint32_t;
constexpr int max_dimensions = 16;

constexpr DimensionSet only_dimension(int d) { return DimensionSet{1} << d; }
constexpr bool contains(DimensionSet set, int d) { return (set >> d & 1U) != 0; }

// `bytes` that have to cross any of the dimensions `dims`, which share them in proportion to bandwidth.
struct Load {
  DimensionSet dims = 0;
  double bytes = 0.0;
  friend bool operator==(const Load&, const Load&) = default;
};

// A supporting function of a step time: for every bandwidth vector b in GB/s (1 GB/s = 1 byte per ns),
//   T(b) >= constant_ns + sum over loads of bytes / (sum of b_d over the load's dimensions)
// with equality at the b it was asked for. It is a critical path: the compute on it and the bytes it waits
// for. Doubles, not unit integers: weights and shares are fractional and certificates reach 1e-9.
struct Cut {
  double constant_ns = 0.0;
  std::vector<Load> loads;

  // The value at b, in ns; 0 bytes over 0 GB/s is 0.
  [[nodiscard]] double at(std::span<const double> gb_per_s) const {
    double ns = constant_ns;
    for (const Load& load : loads) {
      if (load.bytes == 0.0) continue;
      double shared = 0.0;
      for (std::size_t d = 0; d < gb_per_s.size(); ++d) {
        if (contains(load.dims, static_cast<int>(d))) shared += gb_per_s[d];
      }
      ns += load.bytes / shared;
    }
    return ns;
  }
};

}  // namespace bandwright
