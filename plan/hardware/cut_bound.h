#pragma once
#include <array>
#include <span>

#include "plan/hardware/free_region.h"

namespace bandwright {

// A lower bound of the goal over a region, from cuts T(b) >= c_k + sum of l_kd / b_d. Any weights mu of the
// cuts with sum 1 prove
//
//   F(mu) = least_value(sum of mu_k c_k, sum of mu_k l_k)
//
// F is quasi-concave in mu, and rises where weight moves to a cut that is higher where the least is; weights
// are moved from the cut that is lowest there to the one that is highest, until they do not differ. One cut
// alone loses up to half, as a collective over several dimensions charges the slowest only.
class CutBound {
 public:
  static constexpr std::size_t most_cuts = 12;

  explicit CutBound(const FreeRegion& region) : region_(region) {}

  // Adds what a step takes at bandwidths and improves the weights.
  void add(const PathTime& time, const FreeBandwidths& at);

  // Begins with cuts of something that is nowhere above.
  void adopt(const CutBound& below);

  [[nodiscard]] double value() const { return least_.value; }
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
  [[nodiscard]] double height(const Cut& cut, const FreeBandwidths& at) const;
  [[nodiscard]] LeastValue least() const;
  void move(std::size_t from, std::size_t to);
  void improve();

  const FreeRegion& region_;
  std::array<Cut, most_cuts> cuts_{};
  std::size_t count_ = 0;
  LeastValue least_;
};

}  // namespace bandwright
