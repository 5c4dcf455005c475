#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

#include "answers/placement.h"
#include "simulator/picture/trace_text.h"

namespace bandwright {
namespace {

// The schedule that has addresses, if there is one.
const Replay& replay_of(const PlacementSummary& summary) {
  return summary.placed ? summary.placed->replay : *summary.replay;
}

std::string name_of(const TrainingGraph& graph, const Span& span) {
  return span.tensor < 0 ? graph.kernels[span.kernel].name : graph.tensors[span.tensor].name;
}

// The address of a tensor's stay in fast memory that includes a kernel, nothing when there is none.
class Addresses {
 public:
  explicit Addresses(const PlacementSummary& summary) {
    if (!summary.placed) return;
    for (const Placed& block : summary.placed->addresses.blocks) {
      blocks_[{block.stay.tensor, block.stay.last}] = &block;
    }
  }
  [[nodiscard]] Value at(int tensor, int kernel) const {
    const auto found = blocks_.lower_bound({tensor, kernel});
    if (found == blocks_.end() || found->first.first != tensor || found->second->stay.first > kernel)
      return {};
    return found->second->offset;
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

Document schedule_document(const TrainingGraph& graph, const PlacementSummary& summary) {
  const Addresses addresses(summary);
  Table table = Table::of("schedule");
  table.main = true;
  for (const char* key : {"start_s", "end_s", "kind", "name", "kernel", "overlapped", "moved_bytes",
                          "fast_offset_bytes", "memories"}) {
    table.column(key);
  }
  for (const Span& span : replay_of(summary).spans) {
    const bool copy = span.tensor >= 0;
    table.rows.push_back({span.start, span.end, copy ? Value(move_name(span.move)) : Value("kernel"),
                          name_of(graph, span), span.kernel, span.overlapped,
                          copy ? Value(graph.tensors[span.tensor].bytes) : Value(),
                          copy ? addresses.at(span.tensor, span.kernel) : Value(),
                          copy ? Value() : Value(memories(graph, span))});
  }
  Document document{.title = fmt::format("{}, schedule by {}", graph.name, summary.policy)};
  document.add(std::move(table));
  return document;
}

std::string schedule_timeline(const TrainingGraph& graph, const PlacementSummary& summary) {
  constexpr TraceTrack processor{1, 0};
  constexpr TraceTrack copies{1, 1};
  TraceText trace;
  trace.name_process(processor.process, fmt::format("{}, {}", graph.name, summary.policy));
  trace.name_track(processor, "processor");
  trace.name_track(copies, "copies");
  for (const Span& span : replay_of(summary).spans) {
    const std::string name = name_of(graph, span);
    TraceArguments arguments;
    if (span.tensor < 0) {
      arguments.add("kernel", static_cast<std::int64_t>(span.kernel)).add("memories", memories(graph, span));
      trace.slice(processor, name, "kernel", span.start, span.end, arguments);
      continue;
    }
    arguments
        .add("bytes", static_cast<std::int64_t>(std::llround(to_double(graph.tensors[span.tensor].bytes))))
        .add("beside_a_kernel", std::string_view(span.overlapped ? "yes" : "no"));
    const std::string_view move = move_name(span.move);
    trace.slice(copies, fmt::format("{} {}", move, name), move, span.start, span.end, arguments);
  }
  return std::move(trace).finish();
}

}  // namespace bandwright
