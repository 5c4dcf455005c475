#include "simulator/transport/flow_ways.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "simulator/transport/flow_network.h"
#include "simulator/transport/grid_links.h"
#include "simulator/transport/wires.h"

namespace bandwright {
namespace {

// The way of each sender's last message: many send to one neighbour again and again. Kept when it is asked
// for the second time, so that those who send to all others pay next to nothing.
class LastWays {
 public:
  void resize(std::size_t senders) { last_.resize(senders); }
  template <class Find>
  const Routes::Way& find(std::size_t sender, std::int64_t to, Routes::Way& scratch, Find&& find_now) {
    Last& last = last_[sender];
    if (last.to != to) {
      last.to = to;
      last.way.steps.clear();
      find_now(scratch);
      return scratch;
    }
    if (last.way.steps.empty()) find_now(last.way);
    return last.way;
  }

 private:
  struct Last {
    std::int64_t to = -1;
    Routes::Way way;
  };
  std::vector<Last> last_;
};

class GraphWays final : public FlowWays {
 public:
  explicit GraphWays(const Scenario& scenario)
      : built_(*scenario.built), routes_(built_.graph, built_.routing) {
    check_graph(built_.graph);
    const std::int64_t npus = scenario.network.npus();
    if (npus > built_.graph.npus()) {
      throw InputError(
          fmt::format("a step on {} NPUs, and {} has {}", npus, built_.graph.name, built_.graph.npus()));
    }
    if (!scenario.library.symmetric()) {
      throw InputError(
          "NPUs and links of a library that differ are of a grid; those of a network as it is built "
          "are in its own file");
    }
    last_.resize(static_cast<std::size_t>(npus));
  }

  std::vector<double> capacities() const override { return routes_.capacities(); }
  bool fixed() const override {
    return built_.routing.routing != Routing::Adaptive && built_.routing.routing != Routing::Ugal;
  }
  std::uint32_t legs(const Message&) override { return 1; }
  const Routes::Way& find(const Message& message, std::uint32_t, std::uint32_t part,
                          const Routes::Load& load) override {
    const auto find_now = [&](Routes::Way& found) {
      routes_.find(place(message.from), place(message.to), part, load, found);
    };
    if (fixed() && part == 0) {
      return last_.find(static_cast<std::size_t>(message.from), message.to, way_, find_now);
    }
    find_now(way_);
    return way_;
  }

 private:
  [[nodiscard]] NodeId place(std::int64_t npu) const {
    return built_.order.empty() ? static_cast<NodeId>(npu) : built_.order[static_cast<std::size_t>(npu)];
  }

  const FlowNetwork& built_;
  Routes routes_;
  LastWays last_;
  Routes::Way way_;  // scratch
};

class GridWays final : public FlowWays {
 public:
  GridWays(const Scenario& scenario, Crossing crossing)
      : scenario_(scenario),
        crossing_(crossing),
        wires_(scenario),
        links_(scenario),
        speeds_(npu_factors(scenario, &NpuSpec::port_speed)) {
    whole_ = scenario.library.forwarding == Forwarding::Whole;
    std::uint32_t ports = links_.count();
    for (const GridLinks::Physical& d : links_.dimensions()) {
      // A switch's link up is the port. Whole messages have none: the links that they leave by stand for it.
      const bool shared = d.single_port && !d.kind->switched && !whole_;
      first_port_.push_back(shared ? ports : none);
      if (shared) ports += static_cast<std::uint32_t>(wires_.npus());
    }
    count_ = ports;
    last_.resize(static_cast<std::size_t>(wires_.npus()) * links_.dimensions().size());
  }

  std::vector<double> capacities() const override {
    std::vector<double> result(count_);
    for (std::size_t i = 0; i < first_port_.size(); ++i) {
      const GridLinks::Physical& d = links_.dimensions()[i];
      const double message = scenario_.wire_bandwidth(i) * scenario_.library.bytes_per_second_unit() *
                             d.kind->message_share(d.npus);
      const auto lines = static_cast<std::uint32_t>(wires_.npus() / d.npus);
      std::fill_n(result.begin() + d.first_link, lines * d.links, message);
      if (first_port_[i] != none) std::fill_n(result.begin() + first_port_[i], wires_.npus(), message);
    }
    for (const auto& [link, speed] : links_.speeds()) result[link] *= speed;
    slow_ports(result);
    return result;
  }

  bool fixed() const override { return true; }

  std::uint32_t legs(const Message& message) override {
    if (whole_) {
      Routes::Way way;
      find_all(message, every_leg, way);
      return static_cast<std::uint32_t>(way.steps.size());
    }
    if (!message.lone || message.dimension >= 0 || crossing_ == Crossing::Innermost) return 1;
    return static_cast<std::uint32_t>(hops_between(scenario_.network, message.from, message.to).size());
  }

  const Routes::Way& find(const Message& message, std::uint32_t leg, std::uint32_t,
                          const Routes::Load&) override {
    if (!whole_ && message.dimension >= 0) {
      const std::size_t sender = static_cast<std::size_t>(message.from) * first_port_.size() +
                                 static_cast<std::size_t>(message.dimension);
      return last_.find(sender, message.to, way_,
                        [&](Routes::Way& found) { find_all(message, every_leg, found); });
    }
    find_all(message, whole_ || !message.lone ? every_leg : leg, way_);
    if (whole_) {
      const std::int64_t links = static_cast<std::int64_t>(way_.steps.size());
      way_.steps = {way_.steps[leg]};
      way_.latency = Time(way_.latency.value() * (leg + 1) / links - way_.latency.value() * leg / links);
    }
    return way_;
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr std::uint32_t every_leg = none;

  // Of one dimension, or of all that a message crosses.
  void find_all(const Message& message, std::uint32_t leg, Routes::Way& way) {
    way.steps.clear();
    way.latency = Time(0);
    if (message.dimension >= 0) {
      return cross(wires_.hop_along(message.dimension, message.from, message.to), message.from, way);
    }
    const std::vector<Hop> hops = hops_between(scenario_.network, message.from, message.to);
    std::int64_t at = message.from;
    for (std::uint32_t i = 0; i < hops.size(); ++i) {
      if (leg == every_leg || i == leg) cross(hops[i], at, way);
      at += (hops[i].to - hops[i].from) * hops[i].stride;
      if (crossing_ == Crossing::Innermost) break;
    }
  }

  void cross(const Hop& hop, std::int64_t sender, Routes::Way& way) {
    wires_.wire(hop.dimension);  // has bandwidth
    const auto d = static_cast<std::size_t>(hop.dimension);
    if (first_port_[d] != none) way.steps.push_back({first_port_[d] + static_cast<std::uint32_t>(sender)});
    route_.clear();
    links_.add_route(hop, sender, route_);
    for (const std::uint32_t link : route_) way.steps.push_back({link});
    way.latency += links_.dimension(hop.dimension).latency * static_cast<std::int64_t>(route_.size());
  }

  // An NPU with slow ports: its port, or all links it sends over.
  void slow_ports(std::vector<double>& capacity) const {
    for (std::size_t npu = 0; npu < speeds_.size(); ++npu) {
      if (speeds_[npu] == 1.0) continue;
      for (std::size_t i = 0; i < first_port_.size(); ++i) {
        if (first_port_[i] != none) {
          capacity[first_port_[i] + npu] *= speeds_[npu];
          continue;
        }
        for (const std::uint32_t link : links_from(static_cast<std::int64_t>(npu), i))
          capacity[link] *= speeds_[npu];
      }
    }
  }
  [[nodiscard]] std::vector<std::uint32_t> links_from(std::int64_t npu, std::size_t dimension) const {
    const GridLinks::Physical& d = links_.dimensions()[dimension];
    const auto line = static_cast<std::uint32_t>(npu / (d.stride * d.npus) * d.stride + npu % d.stride);
    const auto position = static_cast<int>(npu / d.stride % d.npus);
    std::vector<std::uint32_t> first;
    std::vector<int> route;
    for (int to = 0; to < d.npus; ++to) {
      if (to == position) continue;
      route.clear();
      d.kind->route(d.npus, position, to, route);
      first.push_back(d.first_link + line * d.links + static_cast<std::uint32_t>(route.front()));
    }
    std::sort(first.begin(), first.end());
    first.erase(std::unique(first.begin(), first.end()), first.end());
    return first;
  }

  const Scenario& scenario_;
  Crossing crossing_;
  Wires wires_;
  GridLinks links_;
  std::vector<double> speeds_;             // of each NPU's ports; empty: 1
  std::vector<std::uint32_t> first_port_;  // of each dimension, after all links
  std::uint32_t count_ = 0;
  bool whole_ = false;                // messages go link by link
  std::vector<std::uint32_t> route_;  // scratch
  Routes::Way way_;                   // likewise
  LastWays last_;                     // by sender and dimension
};

}  // namespace

std::unique_ptr<FlowWays> flow_ways(const Scenario& scenario, Crossing crossing) {
  if (scenario.built != nullptr) return std::make_unique<GraphWays>(scenario);
  return std::make_unique<GridWays>(scenario, crossing);
}

std::uint32_t parts_of_messages(const Scenario& scenario) {
  return scenario.built == nullptr ? 1U : static_cast<std::uint32_t>(scenario.built->routing.queue_pairs);
}

WaysAhead::WaysAhead(const Scenario& scenario, Crossing crossing)
    : ways_(flow_ways(scenario, crossing)), parts_(parts_of_messages(scenario)) {}

void WaysAhead::add_shared(const Message& message, std::vector<std::uint32_t>& shared) {
  const std::uint32_t legs = ways_->legs(message);
  for (std::uint32_t leg = 0; leg < legs; ++leg) {
    for (std::uint32_t part = 0; part < parts_; ++part) {
      for (const FlowStep& step : ways_->find(message, leg, part, {}).steps) shared.push_back(step.link);
    }
  }
}

}  // namespace bandwright
