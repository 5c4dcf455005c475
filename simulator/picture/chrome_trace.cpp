#include "simulator/picture/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/stopping.h"
#include "simulator/picture/lanes.h"
#include "simulator/picture/played_passes.h"
#include "simulator/picture/trace_text.h"

namespace bandwright {
namespace {

constexpr int compute_process = 0;
constexpr int bubble_process = 1;
constexpr int collective_process = 2;
constexpr int network_process = 3;
constexpr int stage_process = 4;

constexpr int samples = 1000;  // of a counter over the step

std::string operation_name(const Step& graph, OperationId id) {
  const Operation& operation = graph.operations[id];
  const std::string& line = graph.line_names[operation.line];
  return operation.role == Role::Other ? line : fmt::format("{} {}", line, role_name(operation.role));
}

const GroupCollective& call_of(const Step& graph, OperationId id) {
  return graph.collectives[graph.operations[id].collective];
}

// Bytes over a time, in GB/s.
double gb_per_s(double bytes, Time time) { return time.value() > 0 ? bytes / to_ns(time) : 0.0; }

class Trace {
 public:
  Trace(const Timeline& timeline, const Step& graph, const TraceContext& context)
      : timeline_(timeline), graph_(graph), context_(context), spans_(timeline.operations) {
    std::stable_sort(spans_.begin(), spans_.end(),
                     [](const auto& a, const auto& b) { return a.start < b.start; });
    passes_ = played_passes(spans_, graph_, context_.pipeline);
    for (const Timeline::Span& span : spans_) end_ = std::max(end_, span.end);
    if (!context_.algorithm) return;
    for (const Timeline::Chunk& chunk : timeline_.chunks) {
      stop_.look_now_and_then();
      const std::string_view name = context_.algorithm(timeline_.queues[chunk.queue], chunk.kind);
      std::vector<std::string_view>& known = algorithms_[chunk.operation];
      if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
  }

  std::string text() && {
    add_operations();
    add_network();
    if (context_.pipeline.stages > 1) add_stages();
    return std::move(out_).finish();
  }

 private:
  struct Bar {
    std::string name;
    std::string_view category;
    Time start;
    Time end;
    TraceArguments arguments;
  };
  struct Track {
    std::string name;
    std::vector<Bar> bars;  // in the order of their starts
  };

  // Of an operation, on whichever dimension.
  void add_algorithms(OperationId operation, TraceArguments& arguments) const {
    const auto known = algorithms_.find(operation);
    if (known != algorithms_.end())
      arguments.add("algorithm", fmt::format("{}", fmt::join(known->second, ", ")));
  }

  [[nodiscard]] Bar bar_of(std::size_t place) const {
    const Timeline::Span& span = spans_[place];
    const Operation& operation = graph_.operations[span.operation];
    Bar bar{operation_name(graph_, span.operation), "compute", span.start, span.end, {}};
    bar.arguments.add("layer", graph_.line_names[operation.line]).add("pass", role_name(operation.role));
    if (context_.pipeline.micro_batches > 1 && operation.role != Role::Bubble) {
      bar.arguments.add("micro_batch", passes_.micro_batch[place]);
    }
    if (operation.role == Role::Bubble) bar.category = "bubble";
    if (operation.kind != OperationKind::Collective) return bar;
    const GroupCollective& call = call_of(graph_, span.operation);
    const double bytes = to_double(call.collective.bytes);
    if (operation.role != Role::Bubble) bar.category = "collective";
    bar.name = fmt::format("{} {} {}", bar.name, collective_name(call.collective.kind),
                           format_bytes(call.collective.bytes));
    bar.arguments.add("group", graph_.groups[call.group].name)
        .add("bytes", bytes)
        .add("gb_per_s", gb_per_s(bytes, span.end - span.start));
    add_algorithms(span.operation, bar.arguments);
    return bar;
  }

  // Lanes one below the other; returns the number of tracks.
  int add_tracks(int process, const std::string& name, const std::vector<Track>& tracks) {
    out_.name_process(process, name);
    int base = 0;
    for (const Track& track : tracks) {
      Lanes lanes;
      for (const Bar& bar : track.bars) {
        const int lane = base + lanes.lane_of(bar.start, bar.end);
        out_.slice({process, lane}, bar.name, bar.category, bar.start, bar.end, bar.arguments);
      }
      for (int lane = 0; lane < lanes.count(); ++lane, ++base) out_.name_track({process, base}, track.name);
    }
    return base;
  }

  // What other pipeline stages do meanwhile is neither this NPU's compute nor its communication.
  void add_operations() {
    std::vector<Track> computes = {{"compute", {}}};
    std::vector<Track> bubble = {{"other stages", {}}};
    std::vector<Track> collectives;
    for (const Group& group : graph_.groups) collectives.push_back({group.name, {}});
    for (std::size_t place = 0; place < spans_.size(); ++place) {
      stop_.look_now_and_then();
      const Operation& operation = graph_.operations[spans_[place].operation];
      const bool collective = operation.kind == OperationKind::Collective;
      if (!collective && operation.kind != OperationKind::Compute) continue;
      std::vector<Bar>& bars = operation.role == Role::Bubble ? bubble[0].bars
                               : collective ? collectives[graph_.collectives[operation.collective].group].bars
                                            : computes[0].bars;
      bars.push_back(bar_of(place));
    }
    add_tracks(compute_process, "compute", computes);
    if (!bubble[0].bars.empty()) add_tracks(bubble_process, "pipeline bubble", bubble);
    add_tracks(collective_process, "collectives", collectives);
  }

  // A collective's stay on one logical dimension, from its first chunk to its last.
  struct Stay {
    Time start;
    Time end;
    double bytes = 0.0;
    int track = 0;
  };
  using Stays = std::map<std::pair<std::uint32_t, OperationId>, Stay>;  // by logical dimension

  [[nodiscard]] Stays stays() {
    Stays stays;
    for (const Timeline::Chunk& chunk : timeline_.chunks) {
      stop_.look_now_and_then();
      Stay& stay =
          stays.try_emplace({chunk.queue, chunk.operation}, Stay{chunk.start, chunk.end}).first->second;
      stay.start = std::min(stay.start, chunk.start);
      stay.end = std::max(stay.end, chunk.end);
      stay.bytes += timeline_.bytes_of(graph_, chunk);
    }
    return stays;
  }

  [[nodiscard]] std::string name_of(std::uint32_t queue) const {
    const LogicalDimension& where = timeline_.queues[queue];
    return fmt::format("dimension {} ({}, {} NPUs)", where.part.dimension + 1, where.group, where.part.npus);
  }

  // A track for each logical dimension; collectives that overlap on it get lanes of their own, so that chunks
  // nest in them.
  void add_network() {
    if (timeline_.queues.empty()) return;
    out_.name_process(network_process, "network");
    Stays all = stays();
    std::vector<std::vector<Stays::iterator>> of_queue(timeline_.queues.size());
    for (auto stay = all.begin(); stay != all.end(); ++stay) of_queue[stay->first.first].push_back(stay);
    int base = 0;
    for (std::uint32_t queue = 0; queue < of_queue.size(); ++queue) {
      auto& here = of_queue[queue];
      std::stable_sort(here.begin(), here.end(),
                       [](const auto& a, const auto& b) { return a->second.start < b->second.start; });
      Lanes lanes;
      for (const auto& stay : here) add_stay(*stay, base, lanes);
      for (int lane = 0; lane < lanes.count(); ++lane, ++base) {
        out_.name_track({network_process, base}, name_of(queue));
      }
    }
    for (const Timeline::Chunk& chunk : timeline_.chunks) {
      add_chunk(chunk, all.at({chunk.queue, chunk.operation}).track);
    }
    for (std::uint32_t queue = 0; queue < of_queue.size(); ++queue) add_rate(queue);
  }

  void add_stay(Stays::value_type& entry, int base, Lanes& lanes) {
    const OperationId operation = entry.first.second;
    Stay& stay = entry.second;
    stay.track = base + lanes.lane_of(stay.start, stay.end);
    TraceArguments arguments;
    arguments.add("collective", collective_name(call_of(graph_, operation).collective.kind))
        .add("bytes", stay.bytes)
        .add("gb_per_s", gb_per_s(stay.bytes, stay.end - stay.start));
    add_algorithms(operation, arguments);
    out_.slice({network_process, stay.track}, operation_name(graph_, operation), "collective", stay.start,
               stay.end, arguments);
  }

  void add_chunk(const Timeline::Chunk& chunk, int track) {
    const double bytes = timeline_.bytes_of(graph_, chunk);
    TraceArguments arguments;
    arguments.add("chunk", static_cast<std::int64_t>(chunk.chunk))
        .add("bytes", bytes)
        .add("gb_per_s", gb_per_s(bytes, chunk.end - chunk.start));
    if (context_.algorithm)
      arguments.add("algorithm", context_.algorithm(timeline_.queues[chunk.queue], chunk.kind));
    out_.slice({network_process, track}, collective_name(chunk.kind), "chunk", chunk.start, chunk.end,
               arguments);
  }

  // What the NPU sends on a dimension, averaged over a thousandth of the step.
  void add_rate(std::uint32_t queue) {
    const double width = to_ns(end_) / samples;
    if (!(width > 0.0)) return;
    std::vector<double> bytes(samples);
    for (const Timeline::Chunk& chunk : timeline_.chunks) {
      if (chunk.queue != queue) continue;
      const double start = to_ns(chunk.start) / width;
      const double end = std::max(to_ns(chunk.end) / width, start + 1e-9);
      const double rate = timeline_.bytes_of(graph_, chunk) / (end - start);
      for (auto i = static_cast<std::size_t>(start); i < samples && static_cast<double>(i) < end; ++i) {
        const auto left = static_cast<double>(i);
        bytes[i] += rate * (std::min(end, left + 1.0) - std::max(start, left));
      }
    }
    double shown = -1.0;
    for (std::size_t i = 0; i < samples; ++i) {
      const double value = bytes[i] / width;
      if (value == shown) continue;
      out_.counter(network_process, name_of(queue) + ", GB/s", from_ns(width * static_cast<double>(i)),
                   value);
      shown = value;
    }
    out_.counter(network_process, name_of(queue) + ", GB/s", end_, 0.0);
  }

  static Time from_ns(double ns) { return picoseconds(static_cast<std::int64_t>(ns * 1e3)); }

  // Of one chunk and micro-batch.
  [[nodiscard]] Time length(Time all) const {
    const Pipeline& p = context_.pipeline;
    return picoseconds(all.value() / (p.micro_batches * p.chunks));
  }

  // All stages in the time that they took together.
  [[nodiscard]] std::vector<StagePass> stage_passes() const {
    std::vector<StagePass> passes =
        pipeline_passes(context_.pipeline, length(passes_.forward), length(passes_.backward));
    Time end;
    for (const StagePass& pass : passes) end = std::max(end, pass.end);
    const double scale = end > Time() ? to_ns(passes_.end) / to_ns(end) : 1.0;
    for (StagePass& pass : passes) {
      pass.start = from_ns(to_ns(pass.start) * scale);
      pass.end = from_ns(to_ns(pass.end) * scale);
    }
    return passes;
  }

  void add_stages() {
    const Pipeline& p = context_.pipeline;
    const std::vector<StagePass> passes = stage_passes();
    if (passes.empty()) return;
    out_.name_process(stage_process, "pipeline stages (all alike, in the time of the step)");
    for (std::int64_t stage = 0; stage < p.stages; ++stage) {
      out_.name_track({stage_process, static_cast<int>(stage)},
                      fmt::format("stage {} of {}", stage + 1, p.stages));
    }
    std::map<std::tuple<bool, std::int64_t, std::int64_t>, std::vector<const StagePass*>> ways;
    for (const StagePass& pass : passes) {
      TraceArguments arguments;
      arguments.add("micro_batch", pass.micro_batch).add("chunk", pass.chunk);
      out_.slice({stage_process, static_cast<int>(pass.stage)},
                 fmt::format("{} {}", pass.forward ? "forward" : "backward", pass.micro_batch),
                 pass.forward ? "forward" : "backward", pass.start, pass.end, arguments);
      ways[{pass.forward, pass.micro_batch, pass.chunk}].push_back(&pass);
    }
    for (auto& [way, stops] : ways) add_arrows(std::get<bool>(way), stops);
    add_memory(passes);
  }

  // From each stage that sends to the one that takes over.
  void add_arrows(bool forward, const std::vector<const StagePass*>& stops) {
    for (std::size_t i = 1; i < stops.size(); ++i) {
      const StagePass& from = forward ? *stops[i - 1] : *stops[i];
      const StagePass& to = forward ? *stops[i] : *stops[i - 1];
      out_.arrow(forward ? "activations" : "gradients", {stage_process, static_cast<int>(from.stage)},
                 from.end, {stage_process, static_cast<int>(to.stage)}, to.start);
    }
  }

  // The first stage holds the activations of what has gone forward and not yet back.
  void add_memory(const std::vector<StagePass>& passes) {
    if (!(context_.activation_bytes > 0.0)) return;
    std::map<Time, std::int64_t> changes;
    for (const StagePass& pass : passes) {
      if (pass.stage == 0) changes[pass.forward ? pass.start : pass.end] += pass.forward ? 1 : -1;
    }
    std::int64_t held = 0;
    std::int64_t most = 0;
    for (const auto& [time, change] : changes) most = std::max(most, held += change);
    for (const auto& [time, change] : changes) {
      held += change;
      const double part = static_cast<double>(held) / static_cast<double>(most);
      out_.counter(stage_process, "memory of stage 1, bytes", time,
                   context_.other_bytes + part * context_.activation_bytes);
    }
  }

  const Timeline& timeline_;
  const Step& graph_;
  const TraceContext& context_;
  std::map<OperationId, std::vector<std::string_view>> algorithms_;
  std::vector<Timeline::Span> spans_;  // by their starts
  PlayedPasses passes_;
  Time end_;
  StopCheck stop_;
  TraceText out_;
};

}  // namespace

std::string chrome_trace(const Timeline& timeline, const Step& graph, const TraceContext& context) {
  return Trace(timeline, graph, context).text();
}

}  // namespace bandwright
