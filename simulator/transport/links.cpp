#include "simulator/transport/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace bandwright {

Links::Links(const Scenario& scenario, Crossing crossing, PlayEvents& events)
    : network_(scenario.network), crossing_(crossing), events_(events), wires_(scenario) {
  const std::int64_t npus = wires_.npus();
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
    links += per_line * (npus / dimension.npus);
    stride *= dimension.npus;
    if (links > std::numeric_limits<std::uint32_t>::max()) {
      throw InputError("more than 2^32 links; --transport ports has none");
    }
  }
  link_free_.resize(static_cast<std::size_t>(links));
  port_free_.resize(static_cast<std::size_t>(npus) * dimensions_.size());
  for (const LinkSpec& spec : scenario.system.links) apply(spec);
  check_connected();
}

void Links::apply(const LinkSpec& spec) {
  const auto fits = [&](const Physical& d) {
    const std::int64_t step = d.stride * d.npus;
    return spec.from != spec.to && spec.from / step == spec.to / step &&
           spec.from % d.stride == spec.to % d.stride;
  };
  const auto d = std::find_if(dimensions_.begin(), dimensions_.end(), fits);
  if (d == dimensions_.end() || spec.from >= wires_.npus() || spec.to >= wires_.npus()) {
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

void Links::check_connected() const {
  for (const Physical& d : dimensions_) {
    if (!d.has_failures) continue;
    for (std::int64_t line = 0; line < wires_.npus() / d.npus; ++line) {
      for (int to = 1; to < d.npus; ++to) {
        if (!intact(direct_route(d, line, 0, to))) static_cast<void>(detour(d, line, 0, to));
        if (!intact(direct_route(d, line, to, 0))) static_cast<void>(detour(d, line, to, 0));
      }
    }
  }
}

std::vector<std::uint32_t> Links::direct_route(const Physical& d, std::int64_t line, int from, int to) const {
  std::vector<int> links;
  d.kind->route(d.npus, from, to, links);
  std::vector<std::uint32_t> route;
  const auto base = d.first_link + static_cast<std::uint32_t>(line) * d.links;
  for (const int link : links) route.push_back(base + static_cast<std::uint32_t>(link));
  return route;
}

bool Links::intact(std::span<const std::uint32_t> route) const {
  return std::none_of(route.begin(), route.end(), [&](std::uint32_t link) {
    const auto found = link_speed_.find(link);
    return found != link_speed_.end() && found->second == 0.0;
  });
}

// The way with the fewest links over other NPUs of the line (Bellman-Ford: lines are short and failures few).
std::vector<std::uint32_t> Links::detour(const Physical& d, std::int64_t line, int from, int to) const {
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

void Links::find_route(Packet& packet) {
  const Message& message = packet.message;
  packet.route.clear();
  packet.legs.clear();
  if (message.dimension >= 0) {
    const Hop hop = wires_.hop_along(message.dimension, message.from, message.to);
    return add_leg(packet, hop, message.from);
  }
  std::int64_t at = message.from;
  for (const Hop& hop : hops_between(network_, message.from, message.to)) {
    add_leg(packet, hop, at);
    at += (hop.to - hop.from) * hop.stride;
    if (crossing_ == Crossing::Innermost) break;
  }
}

void Links::add_leg(Packet& packet, const Hop& hop, std::int64_t sender) {
  const Physical& d = dimensions_[static_cast<std::size_t>(hop.dimension)];
  const std::int64_t line = sender / (d.stride * d.npus) * d.stride + sender % d.stride;
  const auto base = d.first_link + static_cast<std::uint32_t>(line) * d.links;
  const auto first = static_cast<std::uint32_t>(packet.route.size());
  links_of_route_.clear();
  d.kind->route(d.npus, hop.from, hop.to, links_of_route_);
  for (const int link : links_of_route_) packet.route.push_back(base + static_cast<std::uint32_t>(link));
  if (d.has_failures && !intact(std::span(packet.route).subspan(first))) {
    const auto [known, fresh] = detours_.try_emplace({base, {hop.from, hop.to}});
    if (fresh) known->second = detour(d, line, hop.from, hop.to);
    packet.route.resize(first);
    packet.route.insert(packet.route.end(), known->second.begin(), known->second.end());
  }
  packet.legs.push_back({hop.dimension, sender, first, static_cast<std::uint32_t>(packet.route.size())});
}

std::uint32_t Links::take_packet() {
  if (free_packets_.empty()) {
    packets_.emplace_back();
    return static_cast<std::uint32_t>(packets_.size() - 1);
  }
  const std::uint32_t index = free_packets_.back();
  free_packets_.pop_back();
  return index;
}

void Links::send(const Message& message, Time begun) {
  const std::uint32_t index = take_packet();
  Packet& packet = packets_[index];
  packet.message = message;
  packet.leg = 0;
  packet.hop = 0;
  packet.in_port = true;
  packet.tail = Time(0);
  find_route(packet);
  events_.push(begun, play_event(PlayEvent::TransportActs, index));
}

Time Links::held_for(std::uint32_t link, Time occupancy) const {
  const auto differs = link_speed_.find(link);
  if (differs == link_speed_.end()) return occupancy;
  const double held = static_cast<double>(occupancy.value()) / differs->second;
  if (!(held < static_cast<double>(clock_end.value()))) return 2 * clock_end;
  return Time(std::llround(held));
}

// The packet's head is at its port or next link now: takes it as soon as it is free.
void Links::handle(std::uint32_t index) {
  Packet& packet = packets_[index];
  const Leg& leg = packet.legs[packet.leg];
  const Physical& d = dimensions_[static_cast<std::size_t>(leg.dimension)];
  const Time occupancy = wires_.occupancy(leg.dimension, packet.message.bytes, leg.sender);
  const PlayEvent again = play_event(PlayEvent::TransportActs, index);
  if (packet.in_port && d.single_port) {
    packet.in_port = false;
    Time& free = port_free_[static_cast<std::size_t>(leg.sender) * dimensions_.size() +
                            static_cast<std::size_t>(leg.dimension)];
    const Time start = std::max(events_.now(), free);
    free = start + occupancy;
    packet.tail = std::max(packet.tail, free);
    return events_.push(start, again);
  }
  packet.in_port = false;
  const std::uint32_t link = packet.route[packet.hop++];
  const Time start = std::max(events_.now(), link_free_[link]);
  link_free_[link] = start + held_for(link, occupancy);
  packet.tail = std::max(packet.tail, link_free_[link]) + d.latency;
  if (packet.hop < leg.end) return events_.push(start + d.latency, again);
  if (++packet.leg == packet.legs.size()) {
    events_.push(packet.tail, packet.message.arrival);
    free_packets_.push_back(index);
    return;
  }
  packet.in_port = true;
  events_.push(packet.message.lone ? packet.tail : start + d.latency, again);
}

}  // namespace bandwright
