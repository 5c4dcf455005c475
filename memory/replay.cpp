#include "memory/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <queue>

namespace bandwright {
namespace {

enum class Done { Fetch, Kernel, Overlapped, WriteBack };

struct Event {
  Time time;
  int sequence = 0;
  Done what = Done::Kernel;
  std::size_t action = 0;  // into the step's actions
  friend bool operator>(const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
  }
};

struct Presence {
  bool fast = false;
  bool slow = false;
};

class Player {
 public:
  Player(const TrainingGraph& graph, const TierPair& tiers, const Schedule& schedule, Bytes limit)
      : graph_(graph),
        tiers_(tiers),
        schedule_(schedule),
        limit_(limit),
        where_(graph.tensors.size()),
        uses_left_(graph.tensors.size(), 0) {
    for (const Kernel& kernel : graph.kernels) {
      for (const int tensor : kernel.arguments) ++uses_left_[tensor];
    }
    for (const TrainingGraph::Kept& kept : graph.kept)
      found_fast_[kept.last] = schedule.born_fast[kept.first];
  }

  Replay play() && {
    if (!graph_.kernels.empty()) begin_step();
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.time;
      handle(event);
    }
    result_.total = now_;
    const double accessed = accessed_fast_ + accessed_slow_;
    result_.fast_share = accessed > 0.0 ? accessed_fast_ / accessed : 1.0;
    result_.peak_fast = peak_fast_;
    result_.peak_slow = peak_slow_;
    return std::move(result_);
  }

 private:
  void fail(std::string_view problem, int tensor) {
    if (!result_.fault.empty()) return;
    result_.fault = fmt::format("kernel '{}': tensor '{}' {}", graph_.kernels[kernel_].name,
                                graph_.tensors[tensor].name, problem);
  }

  void enter_fast(int tensor) {
    if (where_[tensor].fast) fail("is in fast memory already", tensor);
    where_[tensor].fast = true;
    fast_ += whole_pages(graph_.tensors[tensor].bytes);
    peak_fast_ = std::max(peak_fast_, fast_);
    if (fast_ > limit_) fail("overflows fast memory", tensor);
  }
  void enter_slow(int tensor) {
    if (where_[tensor].slow) return;  // copied again
    where_[tensor].slow = true;
    slow_ += whole_pages(graph_.tensors[tensor].bytes);
    peak_slow_ = std::max(peak_slow_, slow_);
  }
  void leave_fast(int tensor) {
    if (!where_[tensor].fast) fail("is not in fast memory", tensor);
    where_[tensor].fast = false;
    fast_ -= whole_pages(graph_.tensors[tensor].bytes);
  }

  void after(Time duration, Done what, std::size_t action = 0) {
    events_.push({now_ + duration, ++sequence_, what, action});
  }

  void begin_step() {
    step_.clear();
    for (; next_action_ < schedule_.actions.size(); ++next_action_) {
      if (schedule_.actions[next_action_].kernel != kernel_) break;
      step_.push_back(schedule_.actions[next_action_]);
    }
    fetch_from(0);
  }

  // The first action of the step from index `from` on that is of this kind, or step_.size().
  [[nodiscard]] std::size_t next(std::size_t from, Move move, bool overlapped) const {
    while (from < step_.size() && (step_[from].move != move || step_[from].overlapped != overlapped)) ++from;
    return from;
  }

  // Starts a copy and accounts for it. A fetch occupies fast memory from its start.
  Time start_copy(const Action& action) {
    const Tensor& tensor = graph_.tensors[action.tensor];
    const CopyBandwidth& copies = action.overlapped ? tiers_.overlapped : tiers_.copies;
    const bool fetch = action.move == Move::Fetch;
    if (fetch ? !where_[action.tensor].slow : !where_[action.tensor].fast)
      fail("is not where it is copied from", action.tensor);
    (fetch ? result_.to_fast : result_.to_slow) += tensor.bytes;
    const Time duration =
        nanoseconds(to_double(tensor.bytes) / (fetch ? copies.to_fast : copies.to_slow).value());
    result_.spans.push_back(
        {kernel_, action.tensor, action.move, action.overlapped, now_, now_ + duration, 0});
    return duration;
  }

  void fetch_from(std::size_t from) {
    const std::size_t i = next(from, Move::Fetch, false);
    if (i == step_.size()) return start_kernel();
    enter_fast(step_[i].tensor);
    const Time duration = start_copy(step_[i]);
    result_.copy_stall += duration;
    after(duration, Done::Fetch, i);
  }

  void start_kernel() {
    const Kernel& kernel = graph_.kernels[kernel_];
    std::uint32_t slow = 0;
    for (std::size_t a = 0; a < kernel.arguments.size(); ++a) {
      const int tensor = kernel.arguments[a];
      if (kernel.writes(a)) schedule_.born_fast[tensor] ? enter_fast(tensor) : enter_slow(tensor);
      if (!where_[tensor].fast && !where_[tensor].slow) fail("does not exist", tensor);
      if (!where_[tensor].fast) slow |= std::uint32_t{1} << a;
      (where_[tensor].fast ? accessed_fast_ : accessed_slow_) += to_double(graph_.tensors[tensor].bytes);
    }
    double ns = kernel.ns(slow);
    if (ns == never) {
      fail("has no time measured where it lies", kernel.arguments.front());
      ns = 0.0;
    }
    const Time duration = nanoseconds(ns);
    result_.kernels += duration;
    result_.spans.push_back({.kernel = kernel_, .start = now_, .end = now_ + duration, .slow = slow});
    running_ = 1;
    kernel_end_ = now_ + duration;
    after(duration, Done::Kernel);
    for (const Action& action : step_) {
      if (action.overlapped && action.move == Move::Fetch) enter_fast(action.tensor);
    }
    overlap_from(0);
  }

  void overlap_from(std::size_t from) {
    while (from < step_.size() && !step_[from].overlapped) ++from;
    if (from == step_.size()) return;
    ++running_;
    after(start_copy(step_[from]), Done::Overlapped, from);
  }

  void one_done() {
    if (--running_ > 0) return;
    result_.overlap_stall += now_ - kernel_end_;
    write_back_from(0);
  }

  void write_back_from(std::size_t from) {
    const std::size_t i = next(from, Move::WriteBack, false);
    if (i == step_.size()) return end_step();
    const Time duration = start_copy(step_[i]);
    result_.copy_stall += duration;
    after(duration, Done::WriteBack, i);
  }

  void end_step() {
    for (const Action& action : step_) {
      if (action.move != Move::Drop) continue;
      if (!where_[action.tensor].slow) fail("is dropped without a copy", action.tensor);
      leave_fast(action.tensor);
    }
    for (const int tensor : graph_.kernels[kernel_].arguments) {
      if (--uses_left_[tensor] > 0) continue;
      const auto found = found_fast_.find(tensor);
      if (found != found_fast_.end() && found->second != where_[tensor].fast) {
        fail("is not left where the step found it", tensor);
      }
      if (where_[tensor].fast) leave_fast(tensor);
      if (where_[tensor].slow) slow_ -= whole_pages(graph_.tensors[tensor].bytes);
      where_[tensor] = {};
    }
    if (++kernel_ < static_cast<int>(graph_.kernels.size())) begin_step();
  }

  void handle(const Event& event) {
    switch (event.what) {
      case Done::Fetch:
        return fetch_from(event.action + 1);
      case Done::Kernel:
        return one_done();
      case Done::Overlapped:
        if (step_[event.action].move == Move::WriteBack) enter_slow(step_[event.action].tensor);
        overlap_from(event.action + 1);
        return one_done();
      case Done::WriteBack:
        enter_slow(step_[event.action].tensor);
        return write_back_from(event.action + 1);
    }
  }

  const TrainingGraph& graph_;
  const TierPair& tiers_;
  const Schedule& schedule_;
  Bytes limit_;
  Replay result_;
  std::vector<Presence> where_;
  std::vector<int> uses_left_;
  std::map<int, bool> found_fast_;  // by the last of kept tensors, where its first was born
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  Time now_;
  Time kernel_end_;
  int sequence_ = 0;
  int kernel_ = 0;
  int running_ = 0;
  std::size_t next_action_ = 0;
  std::vector<Action> step_;  // of the current kernel
  double accessed_fast_ = 0.0;
  double accessed_slow_ = 0.0;
  Bytes fast_, slow_, peak_fast_, peak_slow_;
};

}  // namespace

Replay replay(const TrainingGraph& graph, const TierPair& tiers, const Schedule& schedule, Bytes limit) {
  return Player(graph, tiers, schedule, limit).play();
}

}  // namespace bandwright
