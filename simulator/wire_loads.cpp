#include "simulator/wire_loads.h"

namespace bandwright {

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

std::vector<WireLoads::Slowest> WireLoads::price(std::span<const double> gb_per_s) const {
  std::vector<Slowest> prices(ranges_.size());
  for (std::size_t c = 0; c < ranges_.size(); ++c) {
    const std::uint32_t end = ranges_[c].first + ranges_[c].count;
    for (std::uint32_t i = ranges_[c].first; i < end; ++i) {
      const double ns = loads_[i].load() / gb_per_s[static_cast<std::size_t>(loads_[i].dimension)];
      if (ns > prices[c].ns) prices[c] = {ns, static_cast<int>(i)};
    }
  }
  return prices;
}

void WireLoads::add_bytes(std::uint32_t collective, double calls, std::span<double> bytes) const {
  const Range& range = ranges_[collective];
  for (const Traffic& load : std::span(loads_).subspan(range.first, range.count)) {
    bytes[static_cast<std::size_t>(load.dimension)] += calls * load.bytes;
  }
}

std::vector<Load> WireLoads::binding_loads(std::span<const Slowest> prices,
                                           std::span<const double> calls) const {
  std::vector<double> bytes;
  for (std::size_t c = 0; c < prices.size(); ++c) {
    if (calls[c] == 0.0 || prices[c].load < 0) continue;
    const Traffic& load = loads_[static_cast<std::size_t>(prices[c].load)];
    const auto d = static_cast<std::size_t>(load.dimension);
    if (bytes.size() <= d) bytes.resize(d + 1, 0.0);
    bytes[d] += calls[c] * load.load();
  }
  std::vector<Load> loads;
  for (std::size_t d = 0; d < bytes.size(); ++d) {
    if (bytes[d] > 0.0) loads.push_back({only_dimension(static_cast<int>(d)), bytes[d]});
  }
  return loads;
}

}  // namespace bandwright
