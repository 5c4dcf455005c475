#include "simulator/exposure.h"

#include <algorithm>
#include <set>

namespace bandwright {
namespace {

struct Boundary {
  Time time;
  bool starts;
  OperationId operation;
};

std::vector<Boundary> boundaries_of(std::span<const OperationSpan> spans) {
  std::vector<Boundary> boundaries;
  for (OperationId id = 0; id < spans.size(); ++id) {
    if (spans[id].end == spans[id].start) continue;
    boundaries.push_back({spans[id].start, true, id});
    boundaries.push_back({spans[id].end, false, id});
  }
  std::sort(boundaries.begin(), boundaries.end(), [](const Boundary& a, const Boundary& b) {
    return std::pair(a.time, a.operation) < std::pair(b.time, b.operation);
  });
  return boundaries;
}

// What runs at a moment.
class Running {
 public:
  void update(const Boundary& boundary, const OperationSpan& span) {
    const int change = boundary.starts ? 1 : -1;
    if (span.kind == OperationKind::Host) return;  // matters only where nothing else runs
    if (span.bubble) {
      bubble_ += change;
      return;
    }
    if (span.kind == OperationKind::Compute) compute_ += change;
    if (span.kind == OperationKind::Overhead) overhead_ += change;
    if (span.kind != OperationKind::Collective) return;
    if (boundary.starts) {
      collectives_.insert(boundary.operation);
    } else {
      collectives_.erase(boundary.operation);
    }
  }

  void charge(Time duration, std::span<const OperationSpan> spans, StepResult& result) const {
    if (compute_ > 0) return;
    if (bubble_ > 0) {
      result.bubble += duration;
      return;
    }
    result.exposed_communication += duration;
    if (overhead_ > 0 || collectives_.empty()) {
      result.overhead += duration;
      return;
    }
    const OperationSpan& first = spans[*collectives_.begin()];
    result.groups[first.group].exposed += duration;
    if (first.dimension >= 0) {
      result.dimensions[static_cast<std::size_t>(first.dimension)].exposed += duration;
    }
  }

 private:
  int compute_ = 0;
  int bubble_ = 0;
  int overhead_ = 0;
  std::set<OperationId> collectives_;
};

std::vector<CriticalOperation> critical_path(std::span<const OperationSpan> spans) {
  std::vector<CriticalOperation> path;
  if (spans.empty()) return path;
  const auto final = std::max_element(spans.begin(), spans.end(),
                                      [](const auto& a, const auto& b) { return a.end < b.end; });
  auto id = static_cast<OperationId>(final - spans.begin());
  for (; id != OperationSpan::no_operation; id = spans[id].last) {
    path.push_back({id, spans[id].start, spans[id].end});
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

void attribute_waiting(std::span<const OperationSpan> spans, StepResult& result) {
  Running running;
  Time before;
  for (const Boundary& boundary : boundaries_of(spans)) {
    if (boundary.time > before) running.charge(boundary.time - before, spans, result);
    before = boundary.time;
    running.update(boundary, spans[boundary.operation]);
  }
  result.step_time = before;
  result.compute_time = result.step_time - result.bubble - result.exposed_communication;
  result.critical_path = critical_path(spans);
}

}  // namespace bandwright
