#include "simulator/closed_form/exposure.h"

#include <algorithm>
#include <limits>
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

// For each boundary, the first from it on at which the compute stream has something to do again.
std::vector<Time> resumptions(std::span<const Boundary> boundaries, std::span<const OperationSpan> spans) {
  std::vector<Time> resumes(boundaries.size());
  Time next(std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = boundaries.size(); i-- > 0;) {
    const OperationKind kind = spans[boundaries[i].operation].kind;
    const bool on_stream = kind == OperationKind::Compute || kind == OperationKind::Overhead;
    if (boundaries[i].starts && on_stream) next = boundaries[i].time;
    resumes[i] = next;
  }
  return resumes;
}

// What runs at a moment.
class Running {
 public:
  // `of_operations` gets each moment at the operation it is charged to, where there is one.
  explicit Running(std::vector<Time>* of_operations) : of_operations_(of_operations) {}

  void update(const Boundary& boundary, const OperationSpan& span) {
    const int change = boundary.starts ? 1 : -1;
    if (span.kind == OperationKind::Host) {  // matters only where nothing else runs
      if (span.bubble) bubble_host_ += change;
      return;
    }
    if (span.bubble) {
      bubble_ += change;
      return;
    }
    if (span.kind == OperationKind::Compute) {
      compute_ += change;
      if (boundary.starts) computing_ = boundary.operation;
    }
    if (span.kind == OperationKind::Overhead) overhead_ += change;
    if (span.kind != OperationKind::Collective) return;
    if (boundary.starts) {
      collectives_.insert(boundary.operation);
    } else {
      collectives_.erase(boundary.operation);
    }
  }

  // `resumes` is when the compute stream has something to do again.
  void charge(Time duration, Time resumes, std::span<const OperationSpan> spans, StepResult& result) const {
    if (compute_ > 0) return note(computing_, duration);
    const auto waited_for = std::find_if(collectives_.begin(), collectives_.end(),
                                         [&](OperationId id) { return spans[id].end <= resumes; });
    const bool idle = overhead_ == 0 && waited_for == collectives_.end();
    if (bubble_ > 0 || (idle && bubble_host_ > 0)) {
      result.bubble += duration;
      return;
    }
    result.exposed_communication += duration;
    if (overhead_ > 0 || idle) {
      result.overhead += duration;
      return;
    }
    note(*waited_for, duration);
    const OperationSpan& first = spans[*waited_for];
    result.groups[first.group].exposed += duration;
    if (first.dimension >= 0) {
      result.dimensions[static_cast<std::size_t>(first.dimension)].exposed += duration;
    }
  }

 private:
  void note(OperationId operation, Time duration) const {
    if (of_operations_ != nullptr) (*of_operations_)[operation] += duration;
  }

  std::vector<Time>* of_operations_;
  OperationId computing_ = 0;
  int compute_ = 0;
  int bubble_ = 0;
  int bubble_host_ = 0;
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

void attribute_waiting(std::span<const OperationSpan> spans, StepResult& result,
                       std::vector<Time>* of_operations) {
  if (of_operations != nullptr) of_operations->assign(spans.size(), Time(0));
  Running running(of_operations);
  Time before;
  const std::vector<Boundary> boundaries = boundaries_of(spans);
  const std::vector<Time> resumes = resumptions(boundaries, spans);
  for (std::size_t i = 0; i < boundaries.size(); ++i) {
    const Boundary& boundary = boundaries[i];
    if (boundary.time > before) running.charge(boundary.time - before, resumes[i], spans, result);
    before = boundary.time;
    running.update(boundary, spans[boundary.operation]);
  }
  result.step_time = before;
  result.compute_time = result.step_time - result.bubble - result.exposed_communication;
  result.critical_path = critical_path(spans);
}

}  // namespace bandwright
