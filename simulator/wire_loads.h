#pragma once
#include <span>
#include <vector>

#include "collective/traffic.h"
#include "core/cut.h"
#include "step/step.h"

namespace bandwright {

// What the collectives of a step take on each dimension by the plan of the library's algorithms
// (collective/traffic.h), and how long at given bandwidths b, with e the share of them that collectives reach
// and s what the group can use (topology/group.h):
//
//   ns = max over dimensions d of busy_d / (e_d s_d b_d)
//
// Or what they take on classes of links, worked out from the links themselves (simulator/link_loads.h).
class WireLoads {
 public:
  WireLoads(std::span<const GroupCollective> collectives, std::span<const Group> groups,
            const Network& network, const Library& library,
            std::span<const double> efficiency);  // of each dimension; empty: 1

  // Loads worked out elsewhere. A collective takes as long as the longest of its courses; a course is turns
  // that follow each other, each as long as the slowest of its loads takes, whose dimensions share it in
  // proportion to bandwidth: bytes / (sum of b_d).
  using Turn = std::vector<Load>;
  using Course = std::vector<Turn>;
  struct Courses {
    std::vector<Course> courses;
    std::vector<double> sent;  // bytes by dimension, on average over the NPUs
  };
  WireLoads(std::span<const GroupCollective> collectives, std::vector<Courses> loads);

  struct Slowest {  // how a collective runs at given bandwidths
    double ns = 0.0;
    int load = -1;  // the binding one, or course; -1 when it carries nothing
  };
  // Of each collective. A load at 0 GB/s takes forever: +inf.
  [[nodiscard]] std::vector<Slowest> price(std::span<const double> gb_per_s) const;

  [[nodiscard]] std::uint32_t group(std::uint32_t collective) const { return ranges_[collective].group; }
  // Of what binds a collective: its dimension, the first of a course, -1 without one.
  [[nodiscard]] int dimension(std::uint32_t collective, const Slowest& slowest) const;

  // Adds what a collective that is called so often sends, to one number per dimension.
  void add_bytes(std::uint32_t collective, double calls, std::span<double> bytes) const;

  // Loads of a cut at the bandwidths of `prices`: of each collective its binding dimension alone, as often as
  // `calls` says, as the bytes that take as long at full bandwidth.
  [[nodiscard]] std::vector<Load> binding_loads(std::span<const Slowest> prices,
                                                std::span<const double> calls,
                                                std::span<const double> gb_per_s) const;

 private:
  struct Range {  // of loads_
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t group = 0;
  };
  std::vector<Range> ranges_;
  std::vector<Traffic> loads_;    // their shares are e s
  std::vector<Courses> courses_;  // of each collective, in place of `loads_`
};

}  // namespace bandwright
