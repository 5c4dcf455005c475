#include "simulator/timeline.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

namespace bandwright {
namespace {

using Json = nlohmann::json;

constexpr int compute_process = 0;
constexpr int collective_process = 1;
constexpr int dimension_process = 2;

Json name_event(const char* what, int process, int track, const std::string& name) {
  return {{"ph", "M"}, {"name", what}, {"pid", process}, {"tid", track}, {"args", {{"name", name}}}};
}

Json complete_event(const std::string& name, int process, int track, Time start, Time end) {
  return {{"ph", "X"},    {"name", name},       {"pid", process},
          {"tid", track}, {"ts", to_us(start)}, {"dur", to_us(end - start)}};
}

std::string operation_name(const StepGraph& graph, OperationId id) {
  const Operation& operation = graph.operations[id];
  const std::string& line = graph.line_names[operation.line];
  return operation.role == Role::Other ? line : fmt::format("{} {}", line, role_name(operation.role));
}

// A collective's stay on one logical dimension, from its first chunk to its last.
struct Stay {
  Time start;
  Time end;
};
using Stays = std::map<std::pair<std::uint32_t, OperationId>, Stay>;  // by logical dimension

Stays stays_of(const Timeline& timeline) {
  Stays stays;
  for (const Timeline::Chunk& chunk : timeline.chunks) {
    const auto [stay, fresh] =
        stays.try_emplace({chunk.queue, chunk.operation}, Stay{chunk.start, chunk.end});
    stay->second.start = std::min(stay->second.start, chunk.start);
    stay->second.end = std::max(stay->second.end, chunk.end);
  }
  return stays;
}

// Collectives that overlap on a dimension get tracks of their own, so that chunks nest.
class Tracks {
 public:
  Tracks(const Stays& stays, const std::vector<LogicalDimension>& queues) {
    int base = 0;
    for (std::uint32_t queue = 0; queue < queues.size(); ++queue) {
      std::vector<Time> free_at;
      for (auto stay = stays.lower_bound({queue, 0}); stay != stays.end() && stay->first.first == queue;
           ++stay) {
        std::size_t lane = 0;
        while (lane < free_at.size() && free_at[lane] > stay->second.start) ++lane;
        if (lane == free_at.size()) free_at.emplace_back();
        free_at[lane] = stay->second.end;
        track_[stay->first] = base + static_cast<int>(lane);
      }
      const GroupDimension& part = queues[queue].part;
      for (std::size_t lane = 0; lane < free_at.size(); ++lane, ++base) {
        names_.push_back(
            fmt::format("dimension {} ({}, {} NPUs)", part.dimension + 1, queues[queue].group, part.npus));
      }
    }
  }

  [[nodiscard]] int of(std::uint32_t queue, OperationId operation) const {
    return track_.at({queue, operation});
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::map<std::pair<std::uint32_t, OperationId>, int> track_;
  std::vector<std::string> names_;
};

void add_operations(Json& events, const Timeline& timeline, const StepGraph& graph) {
  events.push_back(name_event("process_name", compute_process, 0, "compute"));
  events.push_back(name_event("process_name", collective_process, 0, "collectives"));
  for (std::size_t g = 0; g < graph.groups.size(); ++g) {
    events.push_back(
        name_event("thread_name", collective_process, static_cast<int>(g), graph.groups[g].name));
  }
  for (const Timeline::Span& span : timeline.operations) {
    const Operation& operation = graph.operations[span.operation];
    const std::string name = operation_name(graph, span.operation);
    if (operation.kind == OperationKind::Compute) {
      events.push_back(complete_event(name, compute_process, 0, span.start, span.end));
    } else if (operation.kind == OperationKind::Collective) {
      const GroupCollective& call = graph.collectives[operation.collective];
      const auto title = fmt::format("{} {} {}", name, collective_name(call.collective.kind),
                                     format_bytes(call.collective.bytes));
      events.push_back(
          complete_event(title, collective_process, static_cast<int>(call.group), span.start, span.end));
    }
  }
}

void add_dimensions(Json& events, const Timeline& timeline, const StepGraph& graph) {
  const Stays stays = stays_of(timeline);
  const Tracks tracks(stays, timeline.queues);
  events.push_back(name_event("process_name", dimension_process, 0, "network"));
  for (std::size_t track = 0; track < tracks.names().size(); ++track) {
    events.push_back(
        name_event("thread_name", dimension_process, static_cast<int>(track), tracks.names()[track]));
  }
  for (const auto& [key, stay] : stays) {
    events.push_back(complete_event(operation_name(graph, key.second), dimension_process,
                                    tracks.of(key.first, key.second), stay.start, stay.end));
  }
  for (const Timeline::Chunk& chunk : timeline.chunks) {
    const auto name = fmt::format("{} chunk {}", collective_name(chunk.kind), chunk.chunk);
    events.push_back(complete_event(name, dimension_process, tracks.of(chunk.queue, chunk.operation),
                                    chunk.start, chunk.end));
  }
}

}  // namespace

std::string chrome_trace(const Timeline& timeline, const StepGraph& graph) {
  Json events = Json::array();
  add_operations(events, timeline, graph);
  add_dimensions(events, timeline, graph);
  return Json{{"traceEvents", events}, {"displayTimeUnit", "ns"}}.dump(1);
}

}  // namespace bandwright
