#pragma once
#include <array>
#include <limits>
#include <span>
#include <vector>

#include "training/collective_curve.h"

namespace bandwright {

using FreeBandwidths = std::array<double, max_free_dimensions>;

// The bandwidths that may be bought: sum of price_d b_d <= total, b_d <= most_d. Further linear constraints
// only raise a minimum.
struct FreeRegion {
  int dimensions = 0;
  FreeBandwidths price{};  // 1 under a budget in GB/s
  double total = 0.0;
  FreeBandwidths most{};
};

// What the least of c + sum of l_d / b_d over a region is, and where. It is convex and a sum over dimensions:
// b_d = min(most_d, t sqrt(l_d / price_d)), with the t that spends all there is.
struct LeastTime {
  double ns = 0.0;
  FreeBandwidths gb_per_s{};
};
LeastTime least_time(const FreeRegion& region, double constant_ns, const FreeBandwidths& bytes);

// A lower bound of a step's time over a region, from cuts T(b) >= c_k + sum of l_kd / b_d. Any weights mu of
// the cuts with sum 1 prove
//
//   T >= F(mu) = least over the region of  sum of mu_k c_k + sum over d of (sum of mu_k l_kd) / b_d
//
// F is concave in mu with slopes dF/dmu_k = cut_k(b), b where the least is; weights are moved from the cut
// that is lowest there to the one that is highest, until they do not differ. One cut alone loses up to half,
// as a collective over several dimensions charges the slowest only.
class CutBound {
 public:
  static constexpr std::size_t most_cuts = 12;

  explicit CutBound(const FreeRegion& region) : region_(region) {}

  // Adds what a step takes at bandwidths and improves the weights.
  void add(const PathTime& time, const FreeBandwidths& at);

  // Begins with cuts of something that is nowhere above.
  void adopt(const CutBound& below);

  [[nodiscard]] double ns() const { return least_.ns; }
  [[nodiscard]] const FreeBandwidths& gb_per_s() const { return least_.gb_per_s; }  // where to ask next
  [[nodiscard]] bool full() const { return count_ == most_cuts; }

  struct Cut {
    FreeBandwidths asked{};  // where
    double constant_ns = 0.0;
    FreeBandwidths bytes{};
    double weight = 0.0;
  };
  [[nodiscard]] std::span<const Cut> cuts() const { return std::span(cuts_).first(count_); }

 private:
  [[nodiscard]] double value(const Cut& cut, const FreeBandwidths& at) const;
  [[nodiscard]] LeastTime least() const;
  void move(std::size_t from, std::size_t to);
  void improve();

  const FreeRegion& region_;
  std::array<Cut, most_cuts> cuts_{};
  std::size_t count_ = 0;
  LeastTime least_;
};

}  // namespace bandwright
