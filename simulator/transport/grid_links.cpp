#include "simulator/transport/grid_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace bandwright {

GridLinks::GridLinks(const Scenario& scenario) : npus_(scenario.network.npus()) {
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
                           .latency = scenario.library.latency_of(d),
                           .single_port = dimension.kind->message_share(dimension.npus) == 1.0});
    links += per_line * (npus_ / dimension.npus);
    stride *= dimension.npus;
    if (links > std::numeric_limits<std::uint32_t>::max()) {
      throw InputError("more than 2^32 links; --transport ports has none");
    }
  }
  count_ = static_cast<std::uint32_t>(links);
  for (const LinkSpec& spec : scenario.library.links) apply(spec);
  check_connected();
}

void GridLinks::apply(const LinkSpec& spec) {
  const auto fits = [&](const Physical& d) {
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
    speeds_[link] = spec.speed;
    if (spec.speed == 0.0) d->has_failures = true;
  }
}

void GridLinks::check_connected() const {
  for (const Physical& d : dimensions_) {
    if (!d.has_failures) continue;
    for (std::int64_t line = 0; line < npus_ / d.npus; ++line) {
      for (int to = 1; to < d.npus; ++to) {
        if (!intact(direct_route(d, line, 0, to))) static_cast<void>(detour(d, line, 0, to));
        if (!intact(direct_route(d, line, to, 0))) static_cast<void>(detour(d, line, to, 0));
      }
    }
  }
}

std::vector<std::uint32_t> GridLinks::direct_route(const Physical& d, std::int64_t line, int from,
                                                   int to) const {
  std::vector<int> links;
  d.kind->route(d.npus, from, to, links);
  std::vector<std::uint32_t> route;
  const auto base = d.first_link + static_cast<std::uint32_t>(line) * d.links;
  for (const int link : links) route.push_back(base + static_cast<std::uint32_t>(link));
  return route;
}

bool GridLinks::intact(std::span<const std::uint32_t> route) const {
  return std::none_of(route.begin(), route.end(), [&](std::uint32_t link) {
    const auto found = speeds_.find(link);
    return found != speeds_.end() && found->second == 0.0;
  });
}

// The way with the fewest links over other NPUs of the line (Bellman-Ford: lines are short and failures few).
std::vector<std::uint32_t> GridLinks::detour(const Physical& d, std::int64_t line, int from, int to) const {
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

void GridLinks::add_route(const Hop& hop, std::int64_t sender, std::vector<std::uint32_t>& route) {
  const Physical& d = dimension(hop.dimension);
  const std::int64_t line = sender / (d.stride * d.npus) * d.stride + sender % d.stride;
  const auto base = d.first_link + static_cast<std::uint32_t>(line) * d.links;
  const std::size_t first = route.size();
  links_of_route_.clear();
  d.kind->route(d.npus, hop.from, hop.to, links_of_route_);
  for (const int link : links_of_route_) route.push_back(base + static_cast<std::uint32_t>(link));
  if (!d.has_failures || intact(std::span(route).subspan(first))) return;
  const auto [known, fresh] = detours_.try_emplace({base, {hop.from, hop.to}});
  if (fresh) known->second = detour(d, line, hop.from, hop.to);
  route.resize(first);
  route.insert(route.end(), known->second.begin(), known->second.end());
}

}  // namespace bandwright
