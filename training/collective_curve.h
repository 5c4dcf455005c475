#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "collective/collective.h"
#include "topology/group.h"
#include "training/machine.h"

namespace bandwright {

constexpr int max_free_dimensions = 4;

// A time that falls with bandwidth: at the bandwidths b at which it was taken it is `ns`, elsewhere at least
//
//   constant + sum over d of bytes_d / b_d        constant: ns - sum of bytes_d / b_d at b
struct PathTime {
  double ns = 0.0;
  std::array<double, max_free_dimensions> bytes{};

  PathTime& operator+=(const PathTime& other);
  // `times` of the other.
  void add(double times, const PathTime& other);
  [[nodiscard]] PathTime times(double share) const;
  [[nodiscard]] double constant_ns(std::span<const double> gb_per_s) const;
};

// One dimension of a network that is still to be bought.
struct FreeDimension {
  const FabricDimension* fabric = nullptr;  // its constants, and the bandwidth that its library is tuned for
  int npus = 0;
  std::uint8_t kinds = 0;  // of dimension_kinds(), as bits; several: a bound below each of them
};

// What a collective takes on such hardware as a function of its bandwidths b: what
// training/collective_time.h says, with the bandwidths where nominal ones were,
//
//   latency + max over parts i of (extra_i + (f^1.5 + (bytes_i / b_i)^1.5)^(2/3))
//
// convex and falling in b, so that the step of a job is, too. It differs from that price where it must:
//
//   steps      f are the messages in turn of the kind's own algorithm (collective/algorithm.h)
//   links      a part of a fully connected dimension or of a ring has the links that are its own
//   parts      of a group in one dimension send one after the other
//   protocol   for small messages, and how many chunks a send is cut into: chosen at the bandwidth that the
//              class's library is tuned for, whatever is bought
//
// Over dimensions that are of one of several kinds it is at most what it is over any of them.
struct CollectiveCurve {
  struct Part {
    int dimension = 0;
    double bytes = 0.0;
    double extra_ns = 0.0;
  };
  double latency_ns = 0.0;
  double steps_ns = 0.0;  // f
  std::array<Part, 2 * max_free_dimensions> parts{};
  std::uint8_t count = 0;

  [[nodiscard]] PathTime at(std::span<const double> gb_per_s) const;

  void add(int dimension, double bytes, double extra_ns = 0.0);
};
CollectiveCurve collective_curve(std::span<const FreeDimension> network, const Group& group,
                                 const Collective& collective);

// At most what the collective takes over so many NPUs on any shape of dimensions of these classes, as if they
// were one of its total bandwidth: hierarchical algorithms send the same bytes over all dimensions together,
// however many there are.
CollectiveCurve aggregate_curve(std::span<const FabricDimension> classes, std::int64_t npus,
                                const Collective& collective);

}  // namespace bandwright
