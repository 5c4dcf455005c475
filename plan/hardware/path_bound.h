#pragma once
#include <array>

#include "plan/hardware/cut_bound.h"
#include "plan/hardware/free_hardware.h"

namespace bandwright {

// The longest path through a division's step where all dimensions are one (FreeStep::take_together): compute
// and latencies, and the bytes of each axis on it. It is a path on any network, where its collectives take at
// least as long as their bytes:
//
//   T >= constant + sum over axes a of max over dimensions d of bytes_a share_ad / b_d
//
// with the share of a's bytes that a hierarchical algorithm sends over d, which add up to 1 at least.
enum class PathAxis : std::uint8_t { Tensor, Context, Data, Pipeline };
constexpr std::size_t path_axes = 4;
struct AxisPath {
  double constant_ns = 0.0;
  std::array<double, path_axes> bytes{};
};
using AxisShares = std::array<FreeBandwidths, path_axes>;  // by axis and dimension

// Of groups over any network of a family.
AxisShares axis_shares(const FreeHardware& hardware, const ShapeFamily& family,
                       const std::vector<Group>& groups);

// That at bandwidths, with its cut.
PathTime time_of(const AxisPath& path, const AxisShares& shares, const FreeBandwidths& at, int dimensions);

// Whether so many cuts of it, from `at` on, prove that no bandwidths of the region reach the limit.
bool path_above(const AxisPath& path, const AxisShares& shares, const FreeRegion& region, double limit,
                FreeBandwidths& at);

}  // namespace bandwright
