#pragma once
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "formats/chakra/trace_groups.h"
#include "formats/chakra/trace_set.h"
#include "step/ranked_step.h"

namespace bandwright {

// Over what a process group that is not all NPUs communicates.
enum class GroupRoute : std::uint8_t {
  Grid,  // hierarchically over the dimensions its members form a grid on, else as a ring of its members
  Ring,  // always as one ring of its members in the order of their ids (ASTRA-sim 2)
};

// Enters into a step the groups that traces' nodes communicate in: for a class of NPUs one group of the
// graph, and for each NPU of the class its team.
//
//   a process group                    its members; see GroupRoute
//   all NPUs                           all dimensions of the network
//   all NPUs, involved_dim [1, 0, ..]  whole dimensions, those named
//   a message                          the two NPUs
class TraceTeams {
 public:
  TraceTeams(const TraceSet& traces, const Network& network, GroupRoute route, RankedStep& ranks);

  // Indices into the graph's groups. Throw InputError.
  std::uint32_t of_collective(std::size_t c, const TraceNode& node);
  std::uint32_t of_message(std::size_t c, const TraceNode& node);

 private:
  using TeamOf = std::function<std::uint32_t(std::size_t npu_in_class)>;
  std::uint32_t add(std::size_t c, const std::string& key, Group group, const TeamOf& team_of);
  std::uint32_t team(std::vector<int> members);
  std::uint32_t named_team(const std::string& group);

  const TraceSet& traces_;
  const Network& network_;
  GroupRoute route_;
  RankedStep& ranks_;
  std::unordered_map<std::string, std::uint32_t> index_;
  std::map<std::vector<int>, std::uint32_t> teams_;
  std::unordered_map<std::string, std::uint32_t> named_;  // teams of process groups
};

}  // namespace bandwright
