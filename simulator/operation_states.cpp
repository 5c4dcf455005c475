#include "simulator/operation_states.h"

#include "simulator/closed_form/exposure.h"

namespace bandwright {

OperationStates::OperationStates(const Step& graph, std::int64_t npus)
    : count_(graph.operations.size()), states_(count_ * static_cast<std::size_t>(npus)) {
  link_dependants(graph);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    states_[i].missing = graph.operations[i % count_].dependencies;
  }
}

void OperationStates::link_dependants(const Step& graph) {
  first_dependant_.assign(count_ + 1, 0);
  for (const OperationId before : graph.dependencies) ++first_dependant_[before + 1];
  for (std::size_t i = 1; i < first_dependant_.size(); ++i) first_dependant_[i] += first_dependant_[i - 1];
  dependants_.resize(graph.dependencies.size());
  std::vector<std::uint32_t> next(first_dependant_.begin(), first_dependant_.end() - 1);
  for (OperationId id = 0; id < count_; ++id) {
    for (const OperationId before : graph.dependencies_of(graph.operations[id])) {
      dependants_[next[before]++] = id;
    }
  }
}

StepResult result_of(const Scenario& scenario, const CommunicationPlan& plan,
                     std::span<const OperationStates::State> npu) {
  const Step& graph = scenario.graph;
  std::vector<bool> ended;
  std::vector<OperationSpan> spans;
  for (OperationId id = 0; id < npu.size(); ++id) {
    const Operation& operation = graph.operations[id];
    ended.push_back(npu[id].end >= Time(0));
    spans.push_back({.kind = operation.kind,
                     .bubble = operation.role == Role::Bubble,
                     .start = npu[id].start,
                     .end = npu[id].end,
                     .last = npu[id].last});
    if (operation.kind != OperationKind::Collective) continue;
    spans.back().group = plan.calls[operation.collective].group;
    spans.back().dimension = plan.calls[operation.collective].busiest;
  }
  require_all_ended(graph, ended);
  StepResult result;
  for (const Group& group : graph.groups) result.groups.push_back({group.name, {}});
  result.dimensions.resize(static_cast<std::size_t>(scenario.network.size()));
  attribute_waiting(spans, result);
  describe_traffic(scenario, plan, result);
  return result;
}

void record(const CommunicationPlan& plan, std::span<const OperationStates::State> npu, Timeline& timeline) {
  timeline.queues = plan.queues;
  timeline.sent = sent_by(plan);
  for (OperationId id = 0; id < npu.size(); ++id) {
    timeline.operations.push_back({id, npu[id].start, npu[id].end});
  }
}

}  // namespace bandwright
