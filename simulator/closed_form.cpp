#include "simulator/closed_form.h"

#include <algorithm>
#include <cmath>

#include "collective/collective.h"

namespace bandwright {

ClosedForm::ClosedForm(const Step& graph, int dimensions)
    : dimensions_(dimensions),
      dependencies_(graph.dependencies),
      wire_(graph.collectives, graph.groups, graph.wire_efficiency) {
  for (const Operation& operation : graph.operations) {
    const bool communicates = operation.kind == OperationKind::Collective;
    nodes_.push_back({.fixed_ns = to_ns(operation.duration),
                      .collective = communicates ? operation.collective : none,
                      .first_dependency = operation.first_dependency,
                      .dependencies = operation.dependencies});
    kinds_.push_back(operation.kind);
    bubble_.push_back(operation.role == Role::Bubble);
  }
  for (const GroupCollective& call : graph.collectives) {
    npu_share_.push_back(graph.share_of(graph.groups[call.group]));
  }
  for (const Group& group : graph.groups) group_names_.push_back(group.name);
}

double ClosedForm::duration(const Node& node, std::span<const Slowest> prices) const {
  return node.fixed_ns + (node.collective == none ? 0.0 : prices[node.collective].ns);
}

std::vector<double> ClosedForm::durations_ns(std::span<const double> gb_per_s) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  std::vector<double> durations;
  for (const Node& node : nodes_) durations.push_back(duration(node, prices));
  return durations;
}

double ClosedForm::step_time_ns(std::span<const double> gb_per_s) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  std::vector<double> end(nodes_.size());
  double step = 0.0;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    double start = 0.0;
    for (std::uint32_t k = 0; k < node.dependencies; ++k) {
      start = std::max(start, end[dependencies_[node.first_dependency + k]]);
    }
    end[i] = start + duration(node, prices);
    step = std::max(step, end[i]);
  }
  return step;
}

ClosedForm::Schedule ClosedForm::schedule(std::span<const Slowest> prices) const {
  Schedule result{std::vector<double>(nodes_.size()), std::vector<std::uint32_t>(nodes_.size(), none)};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    double start = 0.0;
    for (std::uint32_t k = 0; k < node.dependencies; ++k) {
      const std::uint32_t before = dependencies_[node.first_dependency + k];
      if (result.last[i] == none || result.end[before] > start) {
        start = result.end[before];
        result.last[i] = before;
      }
    }
    result.end[i] = start + duration(node, prices);
  }
  return result;
}

Cut ClosedForm::cut(std::span<const double> gb_per_s) const {
  Cut cut;
  if (nodes_.empty()) return cut;
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  const Schedule times = schedule(prices);
  std::vector<double> calls(prices.size(), 0.0);
  const auto final = std::max_element(times.end.begin(), times.end.end()) - times.end.begin();
  for (auto i = static_cast<std::uint32_t>(final); i != none; i = times.last[i]) {
    const Node& node = nodes_[i];
    cut.constant_ns += node.fixed_ns;
    if (node.collective != none) calls[node.collective] += 1.0;
  }
  cut.loads = wire_.binding_loads(prices, calls);
  return cut;
}

std::vector<OperationSpan> ClosedForm::spans(const Schedule& times, std::span<const Slowest> prices) const {
  std::vector<OperationSpan> spans;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    const double start = node.dependencies == 0 ? 0.0 : times.end[times.last[i]];
    OperationSpan span{.kind = kinds_[i],
                       .bubble = bubble_[i],
                       .start = nanoseconds(start),
                       .end = nanoseconds(times.end[i]),
                       .last = times.last[i]};
    if (node.collective != none) {
      span.group = wire_.group(node.collective);
      span.dimension = wire_.dimension(prices[node.collective]);
    }
    spans.push_back(span);
  }
  return spans;
}

StepResult ClosedForm::evaluate(std::span<const double> gb_per_s, std::vector<Time>* exposed) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  const Schedule times = schedule(prices);
  StepResult result;
  result.dimensions.resize(static_cast<std::size_t>(dimensions_));
  for (const std::string& name : group_names_) result.groups.push_back({name, {}});
  std::vector<double> bytes(result.dimensions.size(), 0.0);
  for (const Node& node : nodes_) {
    if (node.collective != none) wire_.add_bytes(node.collective, npu_share_[node.collective], bytes);
  }
  attribute_waiting(spans(times, prices), result, exposed);
  const double step_ns = to_ns(result.step_time);
  for (std::size_t d = 0; d < result.dimensions.size(); ++d) {
    DimensionUse& use = result.dimensions[d];
    use.bytes = bytes[d];
    if (step_ns > 0.0 && use.bytes > 0.0) use.utilization = use.bytes / gb_per_s[d] / step_ns;
  }
  return result;
}

}  // namespace bandwright
