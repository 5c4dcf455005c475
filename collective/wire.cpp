#include "collective/wire.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "core/error.h"

namespace bandwright {
namespace {

// Beyond the clock at its end: whoever plays it is refused there.
Time time_of(double ns, bool truncate) {
  if (!(ns < to_ns(clock_end))) return 2 * clock_end;
  return truncate ? Time(static_cast<std::int64_t>(ns) * 1000) : Time(std::llround(std::ceil(ns * 1e3)));
}

}  // namespace

Wire::Wire(const Library& library, const Network& network, const GroupDimension& part, double bandwidth)
    : kind_(network.dimensions[static_cast<std::size_t>(part.dimension)].kind),
      physical_npus_(network.dimensions[static_cast<std::size_t>(part.dimension)].npus),
      npus_(part.npus),
      reduction_bytes_per_ns_(library.reduction_bandwidth ? library.reduction_bandwidth->value() : 0.0),
      hop_latency_(library.latency_of(part.dimension)),
      endpoint_delay_(library.endpoint_delay),
      message_overhead_(library.message_overhead),
      truncate_(library.truncate) {
  if (!(bandwidth > 0.0) || !std::isfinite(bandwidth)) {
    throw InputError(fmt::format("dimension {} carries data at {} {}", part.dimension + 1, bandwidth,
                                 library.gib ? "GiB/s" : "GB/s"));
  }
  std::int64_t below = 1;
  for (int d = 0; d < part.dimension; ++d) below *= network.dimensions[static_cast<std::size_t>(d)].npus;
  step_ = static_cast<int>(part.stride / below);
  ports_ = static_cast<int>(std::lround(1.0 / kind_->message_share(physical_npus_)));
  port_bytes_per_second_ = bandwidth / ports_ * library.bytes_per_second_unit();
}

Time Wire::occupancy(std::int64_t bytes, double speed) const {
  const double ns = static_cast<double>(bytes) * 1e9 / (port_bytes_per_second_ * speed);
  return message_overhead_ + time_of(ns, truncate_);
}

Time Wire::reduction(std::int64_t bytes) const {
  if (reduction_bytes_per_ns_ == 0.0) return {};
  return 3 * time_of(static_cast<double>(bytes) / reduction_bytes_per_ns_, truncate_);
}

Time Wire::latency(int from, int to) const {
  return hop_latency_ * kind_->hops(physical_npus_, physical(from), physical(to));
}

std::int64_t Wire::part(std::int64_t bytes, std::int64_t parts) const {
  return truncate_ ? bytes / parts : bytes / parts + (bytes % parts == 0 ? 0 : 1);
}

std::int64_t Wire::size(std::int64_t bytes, const ByteShare& share) const {
  const std::int64_t common = truncate_ ? 1 : std::gcd(share.count, share.of);
  return part(bytes, share.of / common) * (share.count / common);
}

}  // namespace bandwright
