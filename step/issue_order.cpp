#include "step/issue_order.h"

#include <fmt/format.h>

#include <cassert>
#include <map>
#include <queue>

#include "core/error.h"

namespace bandwright {
namespace {

constexpr OperationId none = ~OperationId{0};

// What waits at one resource, and the last operation it took.
struct Resource {
  std::priority_queue<std::pair<std::uint64_t, OperationId>,
                      std::vector<std::pair<std::uint64_t, OperationId>>, std::greater<>>
      waiting;
  OperationId last = none;
  bool busy = false;
};

class Play {
 public:
  Play(const Step& graph, std::span<const Issue> issues,
       const std::function<Time(const Operation&)>& duration);

  void run();
  [[nodiscard]] IssuedStep ordered() &&;

 private:
  void can_start(OperationId id);
  void start(OperationId id);
  void end(OperationId id);
  void serve_idle();

  const Step& graph_;
  std::span<const Issue> issues_;
  const std::function<Time(const Operation&)>& duration_;
  std::vector<std::vector<OperationId>> followers_;
  std::vector<std::uint32_t> missing_;
  std::vector<OperationId> before_;  // on the same resource
  std::vector<OperationId> order_;   // by start
  std::map<std::uint32_t, Resource> resources_;
  std::vector<std::uint32_t> touched_;  // resources something changed at since they were last served
  std::priority_queue<std::pair<Time, OperationId>, std::vector<std::pair<Time, OperationId>>, std::greater<>>
      running_;
  Time now_;
};

Play::Play(const Step& graph, std::span<const Issue> issues,
           const std::function<Time(const Operation&)>& duration)
    : graph_(graph),
      issues_(issues),
      duration_(duration),
      followers_(graph.operations.size()),
      missing_(graph.operations.size()),
      before_(graph.operations.size(), none) {
  assert(issues.size() == graph.operations.size());
  for (OperationId id = 0; id < graph.operations.size(); ++id) {
    const auto dependencies = graph.dependencies_of(graph.operations[id]);
    missing_[id] = static_cast<std::uint32_t>(dependencies.size());
    for (const OperationId dependency : dependencies) followers_[dependency].push_back(id);
  }
}

void Play::can_start(OperationId id) {
  const std::uint32_t resource = issues_[id].resource;
  if (resource == Issue::no_resource) {
    start(id);
  } else {
    resources_[resource].waiting.emplace(issues_[id].priority, id);
    touched_.push_back(resource);
  }
}

void Play::start(OperationId id) {
  order_.push_back(id);
  running_.emplace(now_ + duration_(graph_.operations[id]), id);
}

void Play::end(OperationId id) {
  const std::uint32_t resource = issues_[id].resource;
  if (resource != Issue::no_resource) {
    resources_[resource].busy = false;
    touched_.push_back(resource);
  }
  for (const OperationId next : followers_[id]) {
    if (--missing_[next] == 0) can_start(next);
  }
}

// Only when everything that ends at this instant has ended, so that the order within an instant does not
// matter.
void Play::serve_idle() {
  for (const std::uint32_t touched : touched_) {
    Resource& resource = resources_[touched];
    if (resource.busy || resource.waiting.empty()) continue;
    const OperationId id = resource.waiting.top().second;
    resource.waiting.pop();
    resource.busy = true;
    before_[id] = resource.last;
    resource.last = id;
    start(id);
  }
  touched_.clear();
}

void Play::run() {
  for (OperationId id = 0; id < missing_.size(); ++id) {
    if (missing_[id] == 0) can_start(id);
  }
  serve_idle();
  while (!running_.empty()) {
    now_ = running_.top().first;
    while (!running_.empty() && running_.top().first == now_) {
      const OperationId id = running_.top().second;
      running_.pop();
      end(id);
    }
    serve_idle();
  }
  if (order_.size() == graph_.operations.size()) return;
  for (OperationId id = 0; id < missing_.size(); ++id) {
    if (missing_[id] > 0) {
      throw InputError(fmt::format("{}: {} of {} operations can never start, {} among them", graph_.name,
                                   missing_.size() - order_.size(), missing_.size(),
                                   graph_.line_names[graph_.operations[id].line]));
    }
  }
}

IssuedStep Play::ordered() && {
  Step result{.name = graph_.name,
              .collectives = graph_.collectives,
              .groups = graph_.groups,
              .line_names = graph_.line_names,
              .npu_share = graph_.npu_share};
  std::vector<OperationId> place(order_.size());
  for (OperationId i = 0; i < order_.size(); ++i) place[order_[i]] = i;
  for (const OperationId id : order_) {
    Operation operation = graph_.operations[id];
    const auto dependencies = graph_.dependencies_of(operation);
    operation.first_dependency = static_cast<std::uint32_t>(result.dependencies.size());
    for (const OperationId dependency : dependencies) result.dependencies.push_back(place[dependency]);
    if (before_[id] != none) result.dependencies.push_back(place[before_[id]]);
    operation.dependencies =
        static_cast<std::uint32_t>(result.dependencies.size()) - operation.first_dependency;
    result.operations.push_back(operation);
  }
  return {std::move(result), std::move(order_)};
}

}  // namespace

IssuedStep fix_issue_order(const Step& graph, std::span<const Issue> issues,
                           const std::function<Time(const Operation&)>& duration) {
  Play play(graph, issues, duration);
  play.run();
  return std::move(play).ordered();
}

}  // namespace bandwright
