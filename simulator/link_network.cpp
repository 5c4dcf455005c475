#include "simulator/link_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace bandwright {

LinkNetwork::LinkNetwork(const Scenario& scenario) : npus_(scenario.network.npus()) {
  std::int64_t stride = 1;
  std::int64_t links = 0;
  for (int d = 0; d < scenario.network.size(); ++d) {
    const Dimension& dimension = scenario.network.dimensions[static_cast<std::size_t>(d)];
    const std::int64_t per_line = dimension.kind->link_count(dimension.npus);
    dimensions_.push_back({.kind = dimension.kind,
                           .npus = dimension.npus,
                           .stride = stride,
                           .first_link = static_cast<std::uint32_t>(links),
                           .links = static_cast<std::uint32_t>(per_line),
                           .latency = scenario.system.latency_of(d),
                           .single_port = dimension.kind->message_share(dimension.npus) == 1.0});
    links += per_line * (npus_ / dimension.npus);
    stride *= dimension.npus;
    if (links > std::numeric_limits<std::uint32_t>::max()) {
      throw InputError("more than 2^32 links; network_model: ports has none");
    }
  }
  link_free_.resize(static_cast<std::size_t>(links));
  port_free_.resize(static_cast<std::size_t>(npus_) * dimensions_.size());
  for (const LinkSpec& spec : scenario.system.links) apply(spec);
  check_connected();
}

void LinkNetwork::apply(const LinkSpec& spec) {
  const auto fits = [&](const PhysicalDimension& d) {
    const std::int64_t step = d.stride * d.npus;
    return spec.from != spec.to && spec.from / step == spec.to / step &&
           spec.from % d.stride == spec.to % d.stride;
  };
  const auto d = std::find_if(dimensions_.begin(), dimensions_.end(), fits);
  if (d == dimensions_.end() || spec.from >= npus_ || spec.to >= npus_) {
    throw InputError(
        fmt::format("links: NPUs {} and {} share no dimension of the network", spec.from, spec.to));
  }
  const std::int64_t line = spec.from / (d->stride * d->npus) * d->stride + spec.from % d->stride;
  const auto position = [&](std::int64_t npu) { return static_cast<int>(npu / d->stride % d->npus); };
  for (const std::uint32_t link : direct_route(*d, line, position(spec.from), position(spec.to))) {
    link_speed_[link] = spec.speed;
    if (spec.speed == 0.0) d->has_failures = true;
  }
}

void LinkNetwork::check_connected() const {
  for (const PhysicalDimension& d : dimensions_) {
    if (!d.has_failures) continue;
    for (std::int64_t line = 0; line < npus_ / d.npus; ++line) {
      for (int to = 1; to < d.npus; ++to) {
        if (!intact(direct_route(d, line, 0, to))) static_cast<void>(detour(d, line, 0, to));
        if (!intact(direct_route(d, line, to, 0))) static_cast<void>(detour(d, line, to, 0));
      }
    }
  }
}

std::vector<std::uint32_t> LinkNetwork::direct_route(const PhysicalDimension& d, std::int64_t line, int from,
                                                     int to) const {
  std::vector<int> links;
  d.kind->route(d.npus, from, to, links);
  std::vector<std::uint32_t> route;
  const auto base = d.first_link + static_cast<std::uint32_t>(line) * d.links;
  for (const int link : links) route.push_back(base + static_cast<std::uint32_t>(link));
  return route;
}

bool LinkNetwork::intact(const std::vector<std::uint32_t>& route) const {
  return std::none_of(route.begin(), route.end(), [&](std::uint32_t link) {
    const auto found = link_speed_.find(link);
    return found != link_speed_.end() && found->second == 0.0;
  });
}

// The way with the fewest links over other NPUs of the line (Bellman-Ford: lines are short and failures few).
std::vector<std::uint32_t> LinkNetwork::detour(const PhysicalDimension& d, std::int64_t line, int from,
                                               int to) const {
  std::vector<std::vector<std::uint32_t>> best(static_cast<std::size_t>(d.npus));
  std::vector<bool> reached(static_cast<std::size_t>(d.npus), false);
  reached[static_cast<std::size_t>(from)] = true;
  for (bool changed = true; changed;) {
    changed = false;
    for (int a = 0; a < d.npus; ++a) {
      if (!reached[static_cast<std::size_t>(a)]) continue;
      for (int b = 0; b < d.npus; ++b) {
        if (a == b || b == from) continue;
        const std::vector<std::uint32_t> step = direct_route(d, line, a, b);
        const auto& way = best[static_cast<std::size_t>(a)];
        auto& known = best[static_cast<std::size_t>(b)];
        const bool shorter = !reached[static_cast<std::size_t>(b)] || way.size() + step.size() < known.size();
        if (!shorter || !intact(step)) continue;
        known = way;
        known.insert(known.end(), step.begin(), step.end());
        reached[static_cast<std::size_t>(b)] = true;
        changed = true;
      }
    }
  }
  if (!reached[static_cast<std::size_t>(to)]) {
    throw InputError(fmt::format("links: failed links disconnect positions {} and {} of a {} dimension", from,
                                 to, d.kind->name));
  }
  return best[static_cast<std::size_t>(to)];
}

void LinkNetwork::find_route(const Packet& packet, std::vector<std::uint32_t>& route) const {
  const PhysicalDimension& d = dimensions_[static_cast<std::size_t>(packet.dimension)];
  const std::int64_t line = packet.from / (d.stride * d.npus) * d.stride + packet.from % d.stride;
  const auto from = static_cast<int>(packet.from / d.stride % d.npus);
  const auto to = static_cast<int>(packet.to / d.stride % d.npus);
  route = direct_route(d, line, from, to);
  if (d.has_failures && !intact(route)) route = detour(d, line, from, to);
}

std::uint32_t LinkNetwork::inject(const Packet& packet) {
  auto index = static_cast<std::uint32_t>(packets_.size());
  if (free_packets_.empty()) {
    packets_.emplace_back();
  } else {
    index = free_packets_.back();
    free_packets_.pop_back();
  }
  Travelling& travelling = packets_[index];
  travelling.packet = packet;
  travelling.hop = 0;
  travelling.tail = Time(0);
  travelling.in_port = true;
  find_route(packet, travelling.route);
  return index;
}

LinkNetwork::Delivery LinkNetwork::advance(std::uint32_t index, Time now) {
  Travelling& travelling = packets_[index];
  const Packet& packet = travelling.packet;
  const PhysicalDimension& d = dimensions_[static_cast<std::size_t>(packet.dimension)];
  if (travelling.in_port) {
    travelling.in_port = false;
    if (d.single_port) {
      Time& free = port_free_[static_cast<std::size_t>(packet.from) * dimensions_.size() +
                              static_cast<std::size_t>(packet.dimension)];
      const Time start = std::max(now, free);
      free = start + packet.occupancy;
      travelling.tail = free;
      return {false, start, packet.seat, packet.round};
    }
  }
  const std::uint32_t link = travelling.route[travelling.hop++];
  const auto differs = link_speed_.find(link);
  const double speed = differs == link_speed_.end() ? 1.0 : differs->second;
  const Time holds(std::llround(static_cast<double>(packet.occupancy.value()) / speed));
  const Time start = std::max(now, link_free_[link]);
  link_free_[link] = start + holds;
  travelling.tail = std::max(travelling.tail, start + holds) + d.latency;
  if (travelling.hop < travelling.route.size()) return {false, start + d.latency, packet.seat, packet.round};
  free_packets_.push_back(index);
  return {true, travelling.tail, packet.seat, packet.round};
}

}  // namespace bandwright
