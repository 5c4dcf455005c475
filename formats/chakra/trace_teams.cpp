#include "formats/chakra/trace_teams.h"

#include <fmt/format.h>

#include <algorithm>

#include "topology/grid.h"

namespace bandwright {
namespace {

// Whole dimensions of the network, those that `involved` says; one it does not mention is not.
Group along(const Network& network, const std::vector<bool>& involved) {
  Group group{.name = "dimensions"};
  std::int64_t stride = 1;
  for (int d = 0; d < network.size(); ++d) {
    const auto index = static_cast<std::size_t>(d);
    const int npus = network.dimensions[index].npus;
    if (index < involved.size() && involved[index]) {
      group.name += fmt::format("{} {}", group.dimensions.empty() ? "" : ",", d + 1);
      group.dimensions.push_back({d, npus, stride});
    }
    stride *= npus;
  }
  return group;
}

// Of the NPUs that differ from one in a group's dimensions only, the first.
int first_along(const Group& group, int npu) {
  int first = npu;
  for (const GroupDimension& part : group.dimensions)
    first -= GridLines{part.npus, part.stride}.position(npu) * static_cast<int>(part.stride);
  return first;
}

// All of them, ascending.
std::vector<int> members_along(const Group& group, int first) {
  std::vector<int> members = {first};
  for (const GroupDimension& part : group.dimensions) {
    const std::size_t count = members.size();
    for (int k = 1; k < part.npus; ++k) {
      for (std::size_t i = 0; i < count; ++i)
        members.push_back(members[i] + k * static_cast<int>(part.stride));
    }
  }
  std::sort(members.begin(), members.end());
  return members;
}

}  // namespace

TraceTeams::TraceTeams(const TraceSet& traces, const Network& network, GroupRoute route, RankedStep& ranks)
    : traces_(traces), network_(network), route_(route), ranks_(ranks) {
  ranks_.crossing = route == GroupRoute::Ring ? Crossing::Innermost : Crossing::All;
}

std::uint32_t TraceTeams::team(std::vector<int> members) {
  const auto next = static_cast<std::uint32_t>(ranks_.teams.size());
  const auto [known, fresh] = teams_.emplace(std::move(members), next);
  if (fresh) ranks_.teams.push_back(known->first);
  return known->second;
}

std::uint32_t TraceTeams::named_team(const std::string& group) {
  const auto [known, fresh] = named_.try_emplace(group);
  if (fresh) known->second = team(traces_.groups.at(group));
  return known->second;
}

std::uint32_t TraceTeams::add(std::size_t c, const std::string& key, Group group, const TeamOf& team_of) {
  const auto next = static_cast<std::uint32_t>(ranks_.graph.groups.size());
  const auto [known, fresh] = index_.emplace(key, next);
  if (!fresh) return known->second;
  group.set = static_cast<int>(c);
  std::vector<std::uint32_t>& teams = ranks_.teams_of_group.emplace_back();
  if (team_of && !group.dimensions.empty()) {
    for (std::size_t i = 0; i < traces_.classes[c].npus.size(); ++i) teams.push_back(team_of(i));
  }
  ranks_.graph.groups.push_back(std::move(group));
  return next;
}

std::uint32_t TraceTeams::of_collective(std::size_t c, const TraceNode& node) {
  const TraceClass& one = traces_.classes[c];
  if (node.group.empty()) {
    const Group group = node.dimensions.empty() ? whole_network(network_) : along(network_, node.dimensions);
    std::unordered_map<int, std::uint32_t> by_first;  // NPUs of a team are not listed for each of them
    return add(c, fmt::format("{}/{}", c, group.name), group, [&](std::size_t i) {
      const int first = first_along(group, one.npus[i]);
      const auto [known, fresh] = by_first.try_emplace(first);
      if (fresh) known->second = team(members_along(group, first));
      return known->second;
    });
  }
  const std::string key = fmt::format("{}/group {}", c, node.group);
  if (const auto known = index_.find(key); known != index_.end()) return known->second;
  const std::string name = fmt::format("group {}", node.group);
  const std::vector<int>& members = traces_.groups.at(node.group);
  std::optional<Group> group;
  if (route_ == GroupRoute::Grid) group = aligned_group(network_, name, members);
  if (!group) group = ring_of(network_, name, members, ranks_.crossing);
  const auto place = std::find(one.groups[0].begin(), one.groups[0].end(), node.group);
  const auto index = static_cast<std::size_t>(place - one.groups[0].begin());
  return add(c, key, std::move(*group), [&](std::size_t i) { return named_team(one.groups[i][index]); });
}

std::uint32_t TraceTeams::of_message(std::size_t c, const TraceNode& node) {
  const int from = traces_.classes[c].npus[0];
  const auto to = static_cast<int>(node.peer);
  return add(c, fmt::format("{}/to {}", c, to), pair_of(network_, from, to, ranks_.crossing), {});
}

}  // namespace bandwright
