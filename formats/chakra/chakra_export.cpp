#include "formats/chakra/chakra_export.h"

#include <fmt/format.h>

#include <cmath>
#include <system_error>

#include "core/error.h"
#include "core/io/files.h"
#include "core/stopping.h"
#include "formats/chakra/chakra_file.h"
#include "topology/grid.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

// The NPU of a group of this shape that stands first in the same group as `npu`.
std::int64_t first_of(const Group& group, std::int64_t npu) {
  for (const GroupDimension& part : group.dimensions) npu = GridLines{part.npus, part.stride}.first(npu);
  return npu;
}

std::vector<std::int64_t> members_of(const Group& group, std::int64_t first) {
  std::vector<std::int64_t> members = {first};
  for (const GroupDimension& part : group.dimensions) {
    const std::size_t count = members.size();
    for (int k = 1; k < part.npus; ++k) {
      for (std::size_t i = 0; i < count; ++i) members.push_back(members[i] + k * part.stride);
    }
  }
  return members;
}

// Process group names: 1 + its first NPU, groups of different shapes a network apart. "" for all NPUs.
std::string name_of(const Step& graph, std::uint32_t group, const Network& network, std::int64_t npu) {
  if (graph.groups[group].npus() == network.npus()) return "";
  return std::to_string(1 + group * network.npus() + first_of(graph.groups[group], npu));
}

void write_groups(const Step& graph, const Network& network, const fs::path& file) {
  std::string json = "{";
  const char* separator = "\n";
  for (std::uint32_t g = 0; g < graph.groups.size(); ++g) {
    const std::int64_t size = graph.groups[g].npus();
    if (size == 1 || size == network.npus()) continue;
    for (std::int64_t npu = 0; npu < network.npus(); ++npu) {
      if (first_of(graph.groups[g], npu) != npu) continue;
      json += fmt::format("{}  \"{}\": [{}]", separator, name_of(graph, g, network, npu),
                          fmt::join(members_of(graph.groups[g], npu), ", "));
      separator = ",\n";
    }
  }
  write_whole(file, json + "\n}\n");
}

std::vector<TraceNode> nodes_of(const Step& graph) {
  std::vector<TraceNode> nodes;
  for (const Operation& operation : graph.operations) {
    TraceNode node{.id = nodes.size() + 1,
                   .name = fmt::format("{} {}", graph.line_names[operation.line], role_name(operation.role))};
    for (const OperationId before : graph.dependencies_of(operation)) node.dependencies.push_back(before + 1);
    if (operation.kind == OperationKind::Collective) {
      node.kind = TraceNodeKind::Collective;
      node.collective = graph.collectives[operation.collective].collective;
    } else {
      node.duration = operation.duration;
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

// For as many as this one on its disk, of which each file takes whole blocks.
void require_room(const fs::path& file, std::int64_t npus) {
  constexpr double block = 4096.0;
  std::error_code error;
  const double each = std::ceil(static_cast<double>(fs::file_size(file, error)) / block) * block;
  const fs::space_info disk = fs::space(file, error);
  if (error || each * static_cast<double>(npus) <= static_cast<double>(disk.available)) return;
  throw InputError(fmt::format("{} traces would take {:.3g} GB, and this disk has {:.3g} GB to give", npus,
                               each * static_cast<double>(npus) / 1e9,
                               static_cast<double>(disk.available) / 1e9));
}

}  // namespace

void write_traces(const Step& graph, const Network& network, const fs::path& folder,
                  const std::string& prefix, const TracesWritten& tell) {
  make_folder(folder);
  std::vector<TraceNode> nodes = nodes_of(graph);
  const StopCheck stop;
  for (std::int64_t npu = 0; npu < network.npus(); ++npu) {
    stop.look();
    TraceWriter writer(folder / fmt::format("{}.{}.et", prefix, npu));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].kind == TraceNodeKind::Collective) {
        nodes[i].group =
            name_of(graph, graph.collectives[graph.operations[i].collective].group, network, npu);
      }
      writer.write(nodes[i]);
    }
    writer.close();
    if (npu == 0) {
      require_room(folder / fmt::format("{}.0.et", prefix), network.npus());
      write_groups(graph, network, folder / (prefix + ".json"));
    }
    if (tell) tell(npu + 1, network.npus());
  }
}

}  // namespace bandwright
