#pragma once
#include "collective/library.h"
#include "topology/group.h"

namespace bandwright {

// A part of the bytes an NPU enters a phase with: `count` of so many equal ones.
struct ByteShare {
  std::int64_t count = 1;
  std::int64_t of = 1;
  friend bool operator==(const ByteShare&, const ByteShare&) = default;
};

// How messages travel along one logical dimension of a group. A message of m bytes over h hops
//
//   holds the sender's port for    overhead + m / W,       W = bandwidth x the kind's message share,
//   arrives                        h x latency later,
//
// and the receiver goes on after the endpoint delay, and 3 m / reduction bandwidth where it reduces. With
// `truncate` the wire time and each of the three memory accesses are cut to whole ns; else times are rounded
// up to a picosecond, so that no message beats its wire. Source: the analytical network of ASTRA-sim 1.0.
class Wire {
 public:
  // `bandwidth` is per NPU, in the library's unit. Throws InputError when it is not a positive number.
  Wire(const Library& library, const Network& network, const GroupDimension& part, double bandwidth);

  [[nodiscard]] int npus() const { return npus_; }
  [[nodiscard]] int ports() const { return ports_; }  // of an NPU: 1, or one per peer
  [[nodiscard]] bool truncates() const { return truncate_; }
  [[nodiscard]] Time endpoint_delay() const { return endpoint_delay_; }

  [[nodiscard]] Time occupancy(std::int64_t bytes, double speed = 1.0) const;
  [[nodiscard]] Time reduction(std::int64_t bytes) const;
  [[nodiscard]] Time latency(int from, int to) const;  // of positions 0 .. npus-1
  // Whether every NPU is as far from those that follow it around the end: the whole of a ring, but not a
  // part.
  [[nodiscard]] bool even() const { return latency(npus_ - 1, 0) == latency(0, 1); }
  [[nodiscard]] Time hop_latency() const { return hop_latency_; }
  // Bytes cut into equal parts: rounded down when truncating, else up.
  [[nodiscard]] std::int64_t part(std::int64_t bytes, std::int64_t parts) const;
  // So many of those parts, each rounded; unless truncating, the share is reduced to lowest terms first: two
  // quarters are a half.
  [[nodiscard]] std::int64_t size(std::int64_t bytes, const ByteShare& share) const;

  // The place of a position on the physical dimension; a ring of more members than it has NPUs winds around.
  [[nodiscard]] const DimensionKind& kind() const { return *kind_; }
  [[nodiscard]] int physical_npus() const { return physical_npus_; }
  [[nodiscard]] int physical(int position) const { return position * step_ % physical_npus_; }

 private:
  const DimensionKind* kind_;
  int physical_npus_;
  int npus_;
  int step_;  // between neighbours, in positions of the physical dimension
  int ports_;
  double port_bytes_per_second_;
  double reduction_bytes_per_ns_;  // 0: reductions are free
  Time hop_latency_;
  Time endpoint_delay_;
  Time message_overhead_;
  bool truncate_;
};

}  // namespace bandwright
