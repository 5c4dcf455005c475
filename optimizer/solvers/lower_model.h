#pragma once
#include <vector>

#include "optimizer/region.h"

namespace bandwright {

// What is known of a step time T: the maximum of the cuts seen so far, which no T lies below. Scaled:
// bandwidths in units of `unit_gb_per_s`, times in units of `unit_ns`.
class LowerModel {
 public:
  LowerModel(double unit_gb_per_s, double unit_ns) : unit_gb_per_s_(unit_gb_per_s), unit_ns_(unit_ns) {}

  // False if the cut was known.
  bool add(const Cut& cut);
  [[nodiscard]] double at(const Vector& x) const;
  [[nodiscard]] bool loads_only_zero(const Vector& x) const;

  [[nodiscard]] const std::vector<DimensionSet>& sets() const { return sets_; }
  [[nodiscard]] const std::vector<Cut>& cuts() const { return cuts_; }
  [[nodiscard]] double unit_ns() const { return unit_ns_; }
  [[nodiscard]] Eigen::Index size() const { return constants_.size(); }
  [[nodiscard]] const Vector& constants() const { return constants_; }
  [[nodiscard]] const Matrix& loads() const { return loads_; }

 private:
  double unit_gb_per_s_;
  double unit_ns_;
  std::vector<Cut> cuts_;
  std::vector<DimensionSet> sets_;
  Vector constants_;
  Matrix loads_;  // one row per cut, one column per set
};

// A lower bound of  linear . x + T(x)  over a region, from any multipliers whatever: lambda of the cuts and
// mu of the region. With lambda scaled to sum 1, L = lambda . loads, and q = linear + rows^T mu +
// equalities^T mu, every x of the region has
//
//   linear . x + T(x) >= lambda . c + sum_t L_t / x(t) + q . x - mu . (bounds, values)
//                     >= lambda . c + sum_t 2 sqrt(L_t y_t)    - mu . (bounds, values)
//
// for any y >= 0 with  sum of y_t over the sets that hold d <= q_d,  because L / v + y v >= 2 sqrt(L y). The
// rows -x_d <= 0 take no part in q: x >= 0 is used instead. Where rounding leaves q_d < 0, q_d upper_d is
// added, and finally an allowance for the rounding of the sum itself: what is returned is a proof.
// `near` (an approximate minimiser) decides how sets that overlap share q. An empty lambda bounds linear . x.
double certified_bound(const LowerModel& model, const Region& region, const Vector& linear,
                       const Vector& lambda, const Multipliers& mu, const Vector& near);

}  // namespace bandwright
