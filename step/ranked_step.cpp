#include "step/ranked_step.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace bandwright {
namespace {

// What decides how long a message is under way, besides its size.
using Distance = std::vector<std::pair<int, int>>;  // dimension, hops

Distance distance_of(const Network& network, const std::vector<Hop>& hops, Crossing crossing) {
  Distance distance;
  for (const Hop& hop : hops) {
    const Dimension& dimension = network.dimensions[static_cast<std::size_t>(hop.dimension)];
    distance.emplace_back(hop.dimension, dimension.kind->hops(dimension.npus, hop.from, hop.to));
    if (crossing == Crossing::Innermost) break;
  }
  return distance;
}

// All neighbours on the line are equally far from each other, the last and the first too: turned by one
// place it is the same line.
bool turns_into_itself(const Network& network, const std::vector<int>& line, Crossing crossing) {
  Distance first;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const int next = line[(i + 1) % line.size()];
    const Hop hop = deciding_hop(network, line[i], next, crossing);
    const Distance distance = distance_of(network, {hop}, crossing);
    if (i == 0) first = distance;
    if (distance != first) return false;
  }
  return true;
}

bool lines_turn(const RankedStep& step, const Network& network, std::uint32_t group) {
  const std::set<std::uint32_t> teams(step.teams_of_group[group].begin(), step.teams_of_group[group].end());
  for (const std::uint32_t team : teams) {
    for (std::size_t part = 0; part < step.graph.groups[group].dimensions.size(); ++part) {
      for (const auto& line : lines_of(network, step.graph.groups[group], part, step.teams[team])) {
        if (!turns_into_itself(network, line, step.crossing)) return false;
      }
    }
  }
  return true;
}

bool send_is_alike(const RankedStep& step, const Network& network, const RankedStep::Kind& kind,
                   std::int64_t distance) {
  const auto from = [&](int npu) {
    const std::int64_t to = (npu + distance + network.npus()) % network.npus();
    return distance_of(network, hops_between(network, npu, to), step.crossing);
  };
  const Distance first = from(kind.npus.front());
  return std::all_of(kind.npus.begin(), kind.npus.end(), [&](int npu) { return from(npu) == first; });
}

}  // namespace

std::vector<std::vector<int>> lines_of(const Network& network, const Group& group, std::size_t part,
                                       const std::vector<int>& team) {
  if (group.dimensions.size() == 1) return {team};
  const int dimension = group.dimensions[part].dimension;
  std::int64_t below = 1;
  for (int d = 0; d < dimension; ++d) below *= network.dimensions[static_cast<std::size_t>(d)].npus;
  const int extent = network.dimensions[static_cast<std::size_t>(dimension)].npus;
  std::map<std::int64_t, std::vector<int>> lines;  // by the id at position 0
  for (const int npu : team) lines[npu - npu / below % extent * below].push_back(npu);
  std::vector<std::vector<int>> result;
  for (auto& [base, line] : lines) result.push_back(std::move(line));
  return result;
}

bool folds_exactly(const RankedStep& step, const Network& network) {
  std::map<std::uint32_t, std::uint32_t> kind_of_meeting;
  std::set<std::uint32_t> groups;
  for (std::uint32_t kind = 0; kind < step.kinds.size(); ++kind) {
    std::set<std::int64_t> distances;
    for (const OperationId id : step.kinds[kind].operations) {
      const Operation& operation = step.graph.operations[id];
      if (step.ties[id].receive != RankedStep::nothing) {
        distances.insert(step.ties[id].distance);
      } else if (operation.kind == OperationKind::Collective) {
        if (kind_of_meeting.emplace(step.ties[id].meeting, kind).first->second != kind) return false;
        groups.insert(step.graph.collectives[operation.collective].group);
      }
    }
    for (const std::int64_t distance : distances) {
      if (!send_is_alike(step, network, step.kinds[kind], distance)) return false;
    }
  }
  return std::all_of(groups.begin(), groups.end(),
                     [&](std::uint32_t group) { return lines_turn(step, network, group); });
}

RankedStep in_order(const RankedStep& step, std::span<const Issue> issues,
                    std::span<const OperationId> order) {
  RankedStep result = step;
  result.graph.dependencies.clear();
  std::vector<OperationId> place(order.size());
  for (OperationId i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::unordered_map<std::uint32_t, OperationId> last;  // by resource
  for (OperationId i = 0; i < order.size(); ++i) {
    Operation& operation = result.graph.operations[i] = step.graph.operations[order[i]];
    const auto before = step.graph.dependencies_of(operation);
    operation.first_dependency = static_cast<std::uint32_t>(result.graph.dependencies.size());
    for (const OperationId dependency : before) result.graph.dependencies.push_back(place[dependency]);
    const std::uint32_t resource = issues[order[i]].resource;
    if (resource != Issue::no_resource) {
      const auto [previous, first] = last.try_emplace(resource, i);
      if (!first) result.graph.dependencies.push_back(std::exchange(previous->second, i));
    }
    operation.dependencies =
        static_cast<std::uint32_t>(result.graph.dependencies.size()) - operation.first_dependency;
    RankedStep::Tie& tie = result.ties[i] = step.ties[order[i]];
    if (tie.receive != RankedStep::nothing) tie.receive = place[tie.receive];
  }
  for (RankedStep::Kind& kind : result.kinds) {
    for (OperationId& id : kind.operations) id = place[id];
  }
  return result;
}

}  // namespace bandwright
