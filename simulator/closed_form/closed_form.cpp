#include "simulator/closed_form/closed_form.h"

#include <algorithm>

#include "simulator/closed_form/exposure.h"
#include "simulator/closed_form/longest_path.h"
#include "simulator/closed_form/waiting.h"

namespace bandwright {
namespace {

const Library& checked(const Library& library) {
  if (library.symmetric()) return library;
  throw InputError("NPUs or links that differ have no closed form (the event-driven engine plays them)");
}

}  // namespace

ClosedForm::ClosedForm(const Step& step, const Network& network, const Library& library)
    : ClosedForm(step, network.size(),
                 WireLoads(step.collectives, step.groups, network, checked(library), step.wire_efficiency)) {}

ClosedForm::ClosedForm(const Step& step, int dimensions, WireLoads loads)
    : dimensions_(dimensions),
      reduced_(step),
      fixed_ns_(reduced_.nodes().size(), 0.0),
      blocks_(step.blocks),
      wire_(std::move(loads)) {
  work_.reserve(step.operations.size());
  calls_.reserve(step.operations.size());
  for (std::size_t id = 0; id < step.operations.size(); ++id) {
    const Operation& operation = step.operations[id];
    const bool communicates = operation.kind == OperationKind::Collective;
    work_.push_back({to_ns(operation.duration), communicates ? operation.collective : none, operation.kind,
                     operation.role == Role::Bubble});
    const ReducedStep::Place& place = reduced_.places()[id];
    fixed_ns_[place.node] += place.times * work_.back().fixed_ns;
    if (communicates) calls_.push_back({place.node, operation.collective, place.times});
  }
  if (!step.npu_share.empty()) {
    for (const GroupCollective& call : step.collectives) {
      npu_share_.push_back(step.share_of(step.groups[call.group]));
    }
  }
  for (const Group& group : step.groups) group_names_.push_back(group.name);
  if (!step.blocks.empty()) return;
  flat_.operations = step.operations;
  flat_.dependencies = step.dependencies;
}

std::vector<double> ClosedForm::durations_ns(std::span<const double> gb_per_s) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  std::vector<double> durations;
  durations.reserve(work_.size());
  for (const Work& work : work_) durations.push_back(duration(work, prices));
  return durations;
}

std::vector<double> ClosedForm::node_ns(std::span<const Slowest> prices) const {
  std::vector<double> ns = fixed_ns_;
  for (const Call& call : calls_) ns[call.node] += call.times * prices[call.collective].ns;
  return ns;
}

double ClosedForm::step_time_ns(std::span<const double> gb_per_s) const {
  return longest_path_ns(reduced_, node_ns(wire_.price(gb_per_s)));
}

Cut ClosedForm::cut(std::span<const double> gb_per_s) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  const std::vector<double> counts = critical_counts(reduced_, node_ns(prices));
  Cut cut;
  for (std::size_t node = 0; node < counts.size(); ++node) cut.constant_ns += counts[node] * fixed_ns_[node];
  std::vector<double> calls(prices.size(), 0.0);
  for (const Call& call : calls_) calls[call.collective] += counts[call.node] * call.times;
  cut.loads = wire_.binding_loads(prices, calls, gb_per_s);
  return cut;
}

std::vector<ClosedForm::Share> ClosedForm::critical_path(std::span<const double> gb_per_s) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  const std::vector<double> counts = critical_counts(reduced_, node_ns(prices));
  std::vector<Share> shares;
  shares.reserve(work_.size());
  for (std::size_t id = 0; id < work_.size(); ++id) {
    const ReducedStep::Place& place = reduced_.places()[id];
    shares.push_back({place.times * counts[place.node], duration(work_[id], prices)});
  }
  return shares;
}

std::vector<double> ClosedForm::exposed_ns(std::span<const double> gb_per_s) const {
  return exposed_ns(std::span<const Slowest>(wire_.price(gb_per_s)));
}

// Operations that became one are exposed alike.
std::vector<double> ClosedForm::exposed_ns(std::span<const Slowest> prices) const {
  const std::vector<double> ns = node_ns(prices);
  const std::vector<double> of_nodes = bandwright::exposed_ns(reduced_, ns);
  std::vector<double> exposed(work_.size(), 0.0);
  for (std::size_t id = 0; id < work_.size(); ++id) {
    const ReducedStep::Place& place = reduced_.places()[id];
    if (ns[place.node] == 0.0) continue;
    exposed[id] = of_nodes[place.node] * (place.times * duration(work_[id], prices) / ns[place.node]);
  }
  return exposed;
}

StepResult ClosedForm::evaluate(std::span<const double> gb_per_s, std::vector<Time>* exposed) const {
  const std::vector<Slowest> prices = wire_.price(gb_per_s);
  StepResult result = flat_.operations.empty() ? evaluate_blocks(prices) : evaluate_flat(prices, exposed);
  describe_traffic(gb_per_s, result);
  return result;
}

StepResult ClosedForm::evaluate_blocks(std::span<const Slowest> prices) const {
  const std::vector<double> exposed = exposed_ns(prices);
  std::vector<double> group_ns(group_names_.size(), 0.0);
  std::vector<double> dimension_ns(static_cast<std::size_t>(dimensions_), 0.0);
  double step_ns = 0.0;
  double compute_ns = 0.0;
  double bubble_ns = 0.0;
  for (std::size_t id = 0; id < work_.size(); ++id) {
    const Work& work = work_[id];
    const double ns = exposed[id];
    step_ns += ns;
    if (work.bubble) {
      bubble_ns += ns;
    } else if (work.kind == OperationKind::Compute) {
      compute_ns += ns;
    } else if (work.collective != none) {
      group_ns[wire_.group(work.collective)] += ns;
      const int slowest = wire_.dimension(work.collective, prices[work.collective]);
      if (slowest >= 0) dimension_ns[static_cast<std::size_t>(slowest)] += ns;
    }
  }
  StepResult result;
  result.step_time = nanoseconds(step_ns);
  result.compute_time = nanoseconds(compute_ns);
  result.bubble = nanoseconds(bubble_ns);
  result.exposed_communication = result.step_time - result.compute_time - result.bubble;
  result.overhead = result.exposed_communication;
  for (std::size_t g = 0; g < group_ns.size(); ++g) {
    result.groups.push_back({group_names_[g], nanoseconds(group_ns[g])});
    result.overhead -= result.groups.back().exposed;
  }
  for (const double ns : dimension_ns) result.dimensions.push_back({.exposed = nanoseconds(ns)});
  return result;
}

StepResult ClosedForm::evaluate_flat(std::span<const Slowest> prices, std::vector<Time>* exposed) const {
  std::vector<double> end(work_.size(), 0.0);
  std::vector<OperationSpan> spans;
  spans.reserve(work_.size());
  for (std::size_t id = 0; id < work_.size(); ++id) {
    double start = 0.0;
    OperationId last = no_operation;
    for (const OperationId before : flat_.dependencies_of(flat_.operations[id])) {
      if (last != no_operation && end[before] <= start) continue;
      start = end[before];
      last = before;
    }
    const Work& work = work_[id];
    end[id] = start + duration(work, prices);
    spans.push_back({.kind = work.kind,
                     .bubble = work.bubble,
                     .start = nanoseconds(start),
                     .end = nanoseconds(end[id]),
                     .last = last});
    if (work.collective == none) continue;
    spans.back().group = wire_.group(work.collective);
    spans.back().dimension = wire_.dimension(work.collective, prices[work.collective]);
  }
  StepResult result;
  result.dimensions.resize(static_cast<std::size_t>(dimensions_));
  for (const std::string& name : group_names_) result.groups.push_back({name, {}});
  attribute_waiting(spans, result, exposed);
  return result;
}

void ClosedForm::describe_traffic(std::span<const double> gb_per_s, StepResult& result) const {
  std::vector<double> calls(work_.size(), 1.0);
  count_rounds(blocks_, calls);
  std::vector<double> bytes(result.dimensions.size(), 0.0);
  for (std::size_t id = 0; id < work_.size(); ++id) {
    const std::uint32_t collective = work_[id].collective;
    if (collective == none) continue;
    const double share = npu_share_.empty() ? 1.0 : npu_share_[collective];
    wire_.add_bytes(collective, share * calls[id], bytes);
  }
  const double step_ns = to_ns(result.step_time);
  for (std::size_t d = 0; d < result.dimensions.size(); ++d) {
    DimensionUse& use = result.dimensions[d];
    use.bytes = bytes[d];
    if (step_ns > 0.0 && use.bytes > 0.0) use.utilization = use.bytes / gb_per_s[d] / step_ns;
  }
}

}  // namespace bandwright
