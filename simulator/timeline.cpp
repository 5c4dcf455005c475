#include "simulator/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace bandwright {
namespace {

using Json = nlohmann::json;

constexpr int compute_process = 0;
constexpr int bubble_process = 1;
constexpr int collective_process = 2;
constexpr int dimension_process = 3;

Json name_event(const char* what, int process, int track, const std::string& name) {
  return {{"ph", "M"}, {"name", what}, {"pid", process}, {"tid", track}, {"args", {{"name", name}}}};
}

Json complete_event(const std::string& name, int process, int track, Time start, Time end) {
  return {{"ph", "X"},    {"name", name},       {"pid", process},
          {"tid", track}, {"ts", to_us(start)}, {"dur", to_us(end - start)}};
}

std::string operation_name(const Step& graph, OperationId id) {
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

// Spans that overlap in time on one track cannot be drawn: each goes to the first lane that is free. REQUIRES
// spans in the order of their starts.
class Lanes {
 public:
  int lane_of(Time start, Time end) {
    std::size_t lane = 0;
    while (lane < free_at_.size() && free_at_[lane] > start) ++lane;
    if (lane == free_at_.size()) free_at_.emplace_back();
    free_at_[lane] = end;
    return static_cast<int>(lane);
  }
  [[nodiscard]] int count() const { return static_cast<int>(free_at_.size()); }

 private:
  std::vector<Time> free_at_;
};

// One of a process's tracks, of one lane or several.
struct Bar {
  std::string name;
  Time start;
  Time end;
};
struct Track {
  std::string name;
  std::vector<Bar> bars;
};

// The tracks' events, lanes one below the other.
void add_tracks(Json& events, int process, const std::string& name, std::vector<Track> tracks) {
  events.push_back(name_event("process_name", process, 0, name));
  int base = 0;
  for (Track& track : tracks) {
    std::stable_sort(track.bars.begin(), track.bars.end(),
                     [](const Bar& a, const Bar& b) { return a.start < b.start; });
    Lanes lanes;
    for (const Bar& bar : track.bars) {
      const int lane = base + lanes.lane_of(bar.start, bar.end);
      events.push_back(complete_event(bar.name, process, lane, bar.start, bar.end));
    }
    for (int lane = 0; lane < lanes.count(); ++lane, ++base) {
      if (!track.name.empty()) events.push_back(name_event("thread_name", process, base, track.name));
    }
  }
}

std::string collective_title(const Step& graph, OperationId id) {
  const GroupCollective& call = graph.collectives[graph.operations[id].collective];
  return fmt::format("{} {} {}", operation_name(graph, id), collective_name(call.collective.kind),
                     format_bytes(call.collective.bytes));
}

// What other pipeline stages do meanwhile is neither this NPU's compute nor its communication.
void add_operations(Json& events, const Timeline& timeline, const Step& graph) {
  std::vector<Track> computes(1);
  std::vector<Track> bubble(1);
  std::vector<Track> collectives;
  for (const Group& group : graph.groups) collectives.push_back({group.name, {}});
  for (const Timeline::Span& span : timeline.operations) {
    const Operation& operation = graph.operations[span.operation];
    const bool collective = operation.kind == OperationKind::Collective;
    if (!collective && operation.kind != OperationKind::Compute) continue;
    const std::string name =
        collective ? collective_title(graph, span.operation) : operation_name(graph, span.operation);
    std::vector<Bar>& bars = operation.role == Role::Bubble ? bubble[0].bars
                             : collective ? collectives[graph.collectives[operation.collective].group].bars
                                          : computes[0].bars;
    bars.push_back({name, span.start, span.end});
  }
  add_tracks(events, compute_process, "compute", std::move(computes));
  if (!bubble[0].bars.empty()) add_tracks(events, bubble_process, "pipeline bubble", std::move(bubble));
  add_tracks(events, collective_process, "collectives", std::move(collectives));
}

// A track for each logical dimension; collectives that overlap on it get lanes of their own, so that chunks
// nest in them.
void add_dimensions(Json& events, const Timeline& timeline, const Step& graph) {
  const Stays stays = stays_of(timeline);
  std::vector<std::vector<Stays::const_iterator>> of_queue(timeline.queues.size());
  for (auto stay = stays.begin(); stay != stays.end(); ++stay) of_queue[stay->first.first].push_back(stay);
  std::map<std::pair<std::uint32_t, OperationId>, int> track_of;
  events.push_back(name_event("process_name", dimension_process, 0, "network"));
  int base = 0;
  for (std::uint32_t queue = 0; queue < of_queue.size(); ++queue) {
    auto& here = of_queue[queue];
    std::stable_sort(here.begin(), here.end(),
                     [](const auto& a, const auto& b) { return a->second.start < b->second.start; });
    Lanes lanes;
    for (const auto& stay : here) {
      const int track = base + lanes.lane_of(stay->second.start, stay->second.end);
      track_of[stay->first] = track;
      events.push_back(complete_event(operation_name(graph, stay->first.second), dimension_process, track,
                                      stay->second.start, stay->second.end));
    }
    const LogicalDimension& where = timeline.queues[queue];
    for (int lane = 0; lane < lanes.count(); ++lane, ++base) {
      events.push_back(name_event(
          "thread_name", dimension_process, base,
          fmt::format("dimension {} ({}, {} NPUs)", where.part.dimension + 1, where.group, where.part.npus)));
    }
  }
  for (const Timeline::Chunk& chunk : timeline.chunks) {
    const auto name = fmt::format("{} chunk {}", collective_name(chunk.kind), chunk.chunk);
    events.push_back(complete_event(name, dimension_process, track_of.at({chunk.queue, chunk.operation}),
                                    chunk.start, chunk.end));
  }
}

}  // namespace

std::string chrome_trace(const Timeline& timeline, const Step& graph) {
  Json events = Json::array();
  add_operations(events, timeline, graph);
  add_dimensions(events, timeline, graph);
  return Json{{"traceEvents", events}, {"displayTimeUnit", "ns"}}.dump(1);
}

}  // namespace bandwright
