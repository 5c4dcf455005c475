#include "simulator/wire_loads.h"

#include <algorithm>
#include <bit>

namespace bandwright {
namespace {

double ns_of(const Load& load, std::span<const double> gb_per_s) {
  double shared = 0.0;
  for (std::size_t d = 0; d < gb_per_s.size(); ++d) {
    if (contains(load.dims, static_cast<int>(d))) shared += gb_per_s[d];
  }
  return load.bytes / shared;
}

const Load& slowest_load(const WireLoads::Turn& turn, std::span<const double> gb_per_s) {
  return *std::max_element(turn.begin(), turn.end(), [&](const Load& a, const Load& b) {
    return ns_of(a, gb_per_s) < ns_of(b, gb_per_s);
  });
}

WireLoads::Slowest longest_course(const WireLoads::Courses& all, std::span<const double> gb_per_s) {
  WireLoads::Slowest longest;
  for (std::size_t i = 0; i < all.courses.size(); ++i) {
    double ns = 0.0;
    for (const WireLoads::Turn& turn : all.courses[i]) ns += ns_of(slowest_load(turn, gb_per_s), gb_per_s);
    if (ns > longest.ns) longest = {ns, static_cast<int>(i)};
  }
  return longest;
}

}  // namespace

WireLoads::WireLoads(std::span<const GroupCollective> collectives, std::span<const Group> groups,
                     const Network& network, const Library& library, std::span<const double> efficiency) {
  for (const GroupCollective& call : collectives) {
    const auto first = static_cast<std::uint32_t>(loads_.size());
    for (Traffic load : collective_traffic(call.collective, groups[call.group], network, library)) {
      if (!efficiency.empty()) load.share *= efficiency[static_cast<std::size_t>(load.dimension)];
      loads_.push_back(load);
    }
    ranges_.push_back({first, static_cast<std::uint32_t>(loads_.size()) - first, call.group});
  }
}

WireLoads::WireLoads(std::span<const GroupCollective> collectives, std::vector<Courses> loads)
    : courses_(std::move(loads)) {
  for (const GroupCollective& call : collectives) ranges_.push_back({0, 0, call.group});
}

std::vector<WireLoads::Slowest> WireLoads::price(std::span<const double> gb_per_s) const {
  std::vector<Slowest> prices(ranges_.size());
  for (std::size_t c = 0; c < courses_.size(); ++c) prices[c] = longest_course(courses_[c], gb_per_s);
  for (std::size_t c = 0; c < ranges_.size(); ++c) {
    const std::uint32_t end = ranges_[c].first + ranges_[c].count;
    for (std::uint32_t i = ranges_[c].first; i < end; ++i) {
      const double ns = loads_[i].load() / gb_per_s[static_cast<std::size_t>(loads_[i].dimension)];
      if (ns > prices[c].ns) prices[c] = {ns, static_cast<int>(i)};
    }
  }
  return prices;
}

int WireLoads::dimension(std::uint32_t collective, const Slowest& slowest) const {
  if (slowest.load < 0) return -1;
  const auto index = static_cast<std::size_t>(slowest.load);
  if (courses_.empty()) return loads_[index].dimension;
  return std::countr_zero(courses_[collective].courses[index].front().front().dims);
}

void WireLoads::add_bytes(std::uint32_t collective, double calls, std::span<double> bytes) const {
  if (!courses_.empty()) {
    const std::vector<double>& sent = courses_[collective].sent;
    for (std::size_t d = 0; d < sent.size(); ++d) bytes[d] += calls * sent[d];
    return;
  }
  const Range& range = ranges_[collective];
  for (const Traffic& load : std::span(loads_).subspan(range.first, range.count)) {
    bytes[static_cast<std::size_t>(load.dimension)] += calls * load.bytes;
  }
}

std::vector<Load> WireLoads::binding_loads(std::span<const Slowest> prices, std::span<const double> calls,
                                           std::span<const double> gb_per_s) const {
  std::vector<Load> sums;
  const auto add = [&](DimensionSet dims, double bytes) {
    const auto known =
        std::find_if(sums.begin(), sums.end(), [&](const Load& load) { return load.dims == dims; });
    if (known != sums.end()) {
      known->bytes += bytes;
    } else if (bytes > 0.0) {
      sums.push_back({dims, bytes});
    }
  };
  for (std::size_t c = 0; c < prices.size(); ++c) {
    if (calls[c] == 0.0 || prices[c].load < 0) continue;
    const auto index = static_cast<std::size_t>(prices[c].load);
    if (courses_.empty()) {
      add(only_dimension(loads_[index].dimension), calls[c] * loads_[index].load());
      continue;
    }
    for (const Turn& turn : courses_[c].courses[index]) {
      const Load& load = slowest_load(turn, gb_per_s);
      add(load.dims, calls[c] * load.bytes);
    }
  }
  std::sort(sums.begin(), sums.end(), [](const Load& a, const Load& b) { return a.dims < b.dims; });
  return sums;
}

}  // namespace bandwright
