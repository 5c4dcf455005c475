#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/place.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

// The schedule that has addresses, if there is one.
const Replay& replay_of(const PlacementSummary& summary) {
  return summary.placed ? summary.placed->replay : *summary.replay;
}

std::string name_of(const TrainingGraph& graph, const Span& span) {
  return span.tensor < 0 ? graph.kernels[span.kernel].name : graph.tensors[span.tensor].name;
}

// The address of a tensor's stay in fast memory that includes a kernel, "" when there is none.
class Addresses {
 public:
  explicit Addresses(const PlacementSummary& summary) {
    if (!summary.placed) return;
    for (const Placed& block : summary.placed->addresses.blocks) {
      blocks_[{block.stay.tensor, block.stay.last}] = &block;
    }
  }
  [[nodiscard]] std::string at(int tensor, int kernel) const {
    const auto found = blocks_.lower_bound({tensor, kernel});
    if (found == blocks_.end() || found->first.first != tensor || found->second->stay.first > kernel)
      return "";
    return std::to_string(found->second->offset.value());
  }

 private:
  std::map<std::pair<int, int>, const Placed*> blocks_;
};

// "F|SF": where each input and output of a kernel lies.
std::string memories(const TrainingGraph& graph, const Span& span) {
  const Kernel& kernel = graph.kernels[span.kernel];
  std::string text;
  for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
    if (kernel.writes(a) && text.find('|') == std::string::npos) text += '|';
    text += (span.slow >> a & 1U) != 0 ? 'S' : 'F';
  }
  return text;
}

}  // namespace

TextTable schedule_csv(const TrainingGraph& graph, const PlacementSummary& summary) {
  const Addresses addresses(summary);
  TextTable table{
      {"start_us", "end_us", "what", "name", "kernel", "overlapped", "bytes", "fast_offset", "memories"}, {}};
  for (const Span& span : replay_of(summary).spans) {
    const bool copy = span.tensor >= 0;
    table.rows.push_back({fmt::format("{:.6f}", to_us(span.start)), fmt::format("{:.6f}", to_us(span.end)),
                          copy ? std::string(move_name(span.move)) : "kernel", name_of(graph, span),
                          std::to_string(span.kernel), span.overlapped ? "1" : "0",
                          copy ? std::to_string(graph.tensors[span.tensor].bytes.value()) : "",
                          copy ? addresses.at(span.tensor, span.kernel) : "",
                          copy ? "" : memories(graph, span)});
  }
  return table;
}

std::string schedule_timeline(const TrainingGraph& graph, const PlacementSummary& summary) {
  Json events = Json::array();
  const std::pair<int, std::string_view> lanes[] = {{0, "processor"}, {1, "copies"}};
  for (const auto& [lane, name] : lanes) {
    events.push_back(
        {{"name", "thread_name"}, {"ph", "M"}, {"pid", 0}, {"tid", lane}, {"args", {{"name", name}}}});
  }
  for (const Span& span : replay_of(summary).spans) {
    const bool copy = span.tensor >= 0;
    Json event = {{"name", copy ? fmt::format("{} {}", move_name(span.move), name_of(graph, span))
                                : name_of(graph, span)},
                  {"ph", "X"},
                  {"pid", 0},
                  {"tid", copy ? 1 : 0},
                  {"ts", to_us(span.start)},
                  {"dur", to_us(span.end - span.start)}};
    if (copy)
      event["args"] = {{"bytes", graph.tensors[span.tensor].bytes.value()}, {"overlapped", span.overlapped}};
    events.push_back(std::move(event));
  }
  return Json{{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}}.dump() + '\n';
}

}  // namespace bandwright
