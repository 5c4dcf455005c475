#include "memory/cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "memory/allocator.h"

namespace bandwright {
namespace {

constexpr std::int64_t line_bytes = 65536;

// Where each tensor lies in slow memory.
std::vector<Bytes> slow_addresses(const TrainingGraph& graph) {
  const Users uses = users(graph);
  std::vector<Bytes> offset(graph.tensors.size());
  Bytes everything;
  for (const Tensor& tensor : graph.tensors) everything += whole_pages(tensor.bytes);
  BestFitAllocator allocator(everything);
  for (std::size_t k = 0; k < graph.kernels.size(); ++k) {
    const Kernel& kernel = graph.kernels[k];
    for (std::size_t a = kernel.outputs_from; a < kernel.arguments.size(); ++a) {
      const int tensor = kernel.arguments[a];
      offset[tensor] = allocator.allocate(graph.tensors[tensor].bytes).value_or(bytes(0));
    }
    for (const int tensor : kernel.arguments) {
      if (uses[tensor].back() == static_cast<int>(k))
        allocator.free(offset[tensor], graph.tensors[tensor].bytes);
    }
  }
  return offset;
}

// One past the last byte of any tensor.
Bytes end_of(const TrainingGraph& graph, const std::vector<Bytes>& offset) {
  Bytes end;
  for (std::size_t t = 0; t < offset.size(); ++t) end = std::max(end, offset[t] + graph.tensors[t].bytes);
  return end;
}

class Cache {
 public:
  // For addresses below `end`: lines that none of them falls into are not kept.
  Cache(Bytes size, Bytes end)
      : lines_(static_cast<std::size_t>(
            std::min(size.value() / line_bytes, (end.value() + line_bytes - 1) / line_bytes))) {}

  void touch(Bytes offset, Bytes size, bool write) {
    const std::int64_t first = offset.value() / line_bytes;
    const std::int64_t end = (offset + size).value();
    for (std::int64_t line = first; line * line_bytes < end; ++line) {
      const bool whole = line * line_bytes >= offset.value() && (line + 1) * line_bytes <= end;
      touch_line(line, write, write && whole);
    }
  }
  std::int64_t fetched = 0;
  std::int64_t evicted = 0;

 private:
  struct Line {
    std::int64_t tag = -1;
    bool dirty = false;
  };

  void touch_line(std::int64_t tag, bool write, bool overwritten) {
    if (lines_.empty()) {  // straight from and to slow memory
      (write ? evicted : fetched) += 1;
      return;
    }
    Line& line = lines_[static_cast<std::size_t>(tag) % lines_.size()];
    if (line.tag != tag) {
      if (line.dirty) ++evicted;
      if (!overwritten) ++fetched;
      line = {tag, false};
    }
    line.dirty = line.dirty || write;
  }

  std::vector<Line> lines_;
};

}  // namespace

PlacementSummary cache_model(const PlacementProblem& problem, const PlacementOptions&) {
  PlacementSummary summary;
  const std::vector<Bytes> offset = slow_addresses(problem.graph);
  Cache cache(problem.fast_limit, end_of(problem.graph, offset));
  double kernels_ns = 0.0;
  for (int step = 0; step < 2; ++step) {
    cache.fetched = cache.evicted = 0;
    kernels_ns = 0.0;
    for (const Kernel& kernel : problem.graph.kernels) {
      kernels_ns += kernel.fast_ns;
      for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
        const int tensor = kernel.arguments[a];
        cache.touch(offset[tensor], problem.graph.tensors[tensor].bytes, kernel.writes(a));
      }
    }
  }
  if (kernels_ns == never) {
    summary.reason = "cache: a kernel has no time measured with every tensor in fast memory";
    return summary;
  }
  summary.status = PlacementStatus::Optimal;
  summary.to_fast = bytes(cache.fetched * line_bytes);
  summary.to_slow = bytes(cache.evicted * line_bytes);
  summary.peak_fast = std::min(problem.fast_limit, peak_live(problem.graph));
  const CopyBandwidth& copies = problem.tiers.copies;
  summary.ns = kernels_ns + to_double(summary.to_fast) / copies.to_fast.value() +
               to_double(summary.to_slow) / copies.to_slow.value();
  summary.bound_ns = summary.ns;
  return summary;
}

}  // namespace bandwright
