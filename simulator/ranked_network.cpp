#include "simulator/ranked_network.h"

#include <algorithm>
#include <map>

namespace bandwright {

RankedNetwork::RankedNetwork(const Scenario& scenario, const RankedStep& step)
    : network_(scenario.network), crossing_(step.crossing), place_in_kind_(step.kind_of.size()) {
  std::int64_t stride = 1;
  for (int d = 0; d < network_.size(); ++d) {
    const int npus = network_.dimensions[static_cast<std::size_t>(d)].npus;
    wires_.emplace_back(scenario.system, network_, GroupDimension{d, npus, stride},
                        scenario.wire_bandwidth(static_cast<std::size_t>(d)));
    ports_.emplace_back(step.kind_of.size() *
                        (wires_.back().ports() > 1 ? static_cast<std::size_t>(npus) : 1));
    stride *= npus;
  }
  for (const RankedStep::Kind& kind : step.kinds) {
    for (std::uint32_t place = 0; place < kind.npus.size(); ++place) {
      place_in_kind_[static_cast<std::size_t>(kind.npus[place])] = place;
    }
  }
  places_.resize(step.graph.groups.size());
  for (std::uint32_t group = 0; group < step.graph.groups.size(); ++group) {
    if (step.teams_of_group[group].empty()) continue;  // of a message
    const auto parts = static_cast<std::uint32_t>(step.graph.groups[group].dimensions.size());
    for (std::uint32_t part = 0; part < parts; ++part) place_team(step, group, part);
  }
}

void RankedNetwork::place_team(const RankedStep& step, std::uint32_t group, std::uint32_t part) {
  const std::vector<std::uint32_t>& teams = step.teams_of_group[group];
  std::vector<Place>& places = places_[group].emplace_back(teams.size());
  // Places of a team's members on its lines; NPUs of other kinds among them have theirs in another group.
  std::map<std::uint32_t, std::map<int, Place>> known;
  const std::vector<int>& npus = step.kinds[static_cast<std::size_t>(step.graph.groups[group].set)].npus;
  for (std::size_t i = 0; i < teams.size(); ++i) {
    const auto [team, fresh] = known.try_emplace(teams[i]);
    if (fresh) {
      for (auto& line : lines_of(network_, step.graph.groups[group], part, step.teams[teams[i]])) {
        for (int position = 0; position < static_cast<int>(line.size()); ++position) {
          team->second[line[static_cast<std::size_t>(position)]] = {static_cast<std::uint32_t>(lines_.size()),
                                                                    position};
        }
        lines_.push_back(std::move(line));
      }
    }
    places[i] = team->second.at(npus[i]);
  }
}

RankedNetwork::Place RankedNetwork::place(std::uint32_t group, std::uint32_t part, std::uint32_t npu) const {
  return places_[group][part][place_in_kind_[npu]];
}

Time RankedNetwork::arrival(std::int64_t from, std::int64_t to, std::int64_t bytes, Time begun) {
  const Hop hop = deciding_hop(network_, from, to, crossing_);
  const auto d = static_cast<std::size_t>(hop.dimension);
  const Wire& wire = wires_[d];
  const std::size_t index = wire.ports() > 1 ? static_cast<std::size_t>(from * wire.npus() + hop.to)
                                             : static_cast<std::size_t>(from);
  Time& free = ports_[d][index];
  free = std::max(free, begun) + wire.occupancy(bytes);
  return free + wire.latency(hop.from, hop.to);
}

Time RankedNetwork::message(std::int64_t from, std::int64_t to, Bytes bytes) const {
  Time time;
  for (const Hop& hop : hops_between(network_, from, to)) {
    const Wire& wire = wires_[static_cast<std::size_t>(hop.dimension)];
    time += wire.occupancy(bytes.value()) + wire.latency(hop.from, hop.to);
    if (crossing_ == Crossing::Innermost) break;
  }
  return time;
}

}  // namespace bandwright
