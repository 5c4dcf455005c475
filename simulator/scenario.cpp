#include "simulator/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace bandwright {
namespace {

std::uint32_t queue_of(std::vector<LogicalDimension>& queues, const GroupDimension& part,
                       const Group& group) {
  const auto known = std::find_if(queues.begin(), queues.end(), [&](const LogicalDimension& q) {
    return q.part == part && q.set == group.set;
  });
  const auto index = static_cast<std::uint32_t>(known - queues.begin());
  if (known == queues.end()) queues.push_back({part, group.set, group.name});
  return index;
}

int busiest_dimension(const CollectivePlan& plan, const Group& group) {
  std::vector<double> busy(group.dimensions.size(), 0.0);
  for (const std::uint32_t index : plan.plan_of_chunk) {
    for (const Phase& phase : plan.plans[index])
      busy[phase.part] += static_cast<double>(phase.duration.value());
  }
  const auto most = std::max_element(busy.begin(), busy.end()) - busy.begin();
  return busy.empty() ? -1 : group.dimensions[static_cast<std::size_t>(most)].dimension;
}

// Times of phases; what is played for its time is played once for each different program.
class KnownTimes {
 public:
  Time of(const GroupDimension& part, const Wire& wire, const Program& program) {
    if (!played_for_its_time(wire, program)) return program_time(wire, program);
    const auto known = std::find_if(known_.begin(), known_.end(), [&](const Known& each) {
      return each.part == part && each.program == program;
    });
    if (known != known_.end()) return known->time;
    known_.push_back({part, program, program_time(wire, program)});
    return known_.back().time;
  }

 private:
  struct Known {
    GroupDimension part;
    Program program;
    Time time;
  };
  std::vector<Known> known_;
};

}  // namespace

std::vector<double> npu_factors(const Scenario& scenario, double NpuSpec::*factor) {
  const std::int64_t npus = scenario.network.npus();
  std::vector<double> factors;
  for (const NpuSpec& spec : scenario.library.npus) {
    if (spec.last >= npus) throw InputError(fmt::format("npus: NPU {} of a network of {}", spec.last, npus));
    if (spec.*factor != 1.0) factors.resize(static_cast<std::size_t>(npus), 1.0);
  }
  if (factors.empty()) return factors;
  for (const NpuSpec& spec : scenario.library.npus) {
    std::fill(factors.begin() + spec.first, factors.begin() + spec.last + 1, spec.*factor);
  }
  return factors;
}

CommunicationPlan plan_communication(const Scenario& scenario, PhaseTimes times) {
  CommunicationPlan plan;
  KnownTimes known;
  const PhaseTimer time_of = [&](const GroupDimension& part, const Wire& wire, const Program& program) {
    return times == PhaseTimes::LeftOut ? Time(0) : known.of(part, wire, program);
  };
  std::vector<double> bandwidth;
  for (std::size_t d = 0; d < scenario.bandwidth.size(); ++d) bandwidth.push_back(scenario.wire_bandwidth(d));
  for (const GroupCollective& call : scenario.graph.collectives) {
    const Group& group = scenario.graph.groups[call.group];
    CommunicationPlan::Call planned{.plan = plan_collective(call.collective, group, scenario.network,
                                                            scenario.library, bandwidth, time_of),
                                    .queues = {},
                                    .group = call.group};
    for (const GroupDimension& part : group.dimensions) {
      planned.queues.push_back(queue_of(plan.queues, part, group));
    }
    planned.busiest = busiest_dimension(planned.plan, group);
    plan.calls.push_back(std::move(planned));
  }
  return plan;
}

void describe_traffic(const Scenario& scenario, const CommunicationPlan& plan, StepResult& result) {
  for (const Operation& operation : scenario.graph.operations) {
    if (operation.kind != OperationKind::Collective) continue;
    const CommunicationPlan::Call& call = plan.calls[operation.collective];
    const double share = scenario.graph.share_of(scenario.graph.groups[call.group]);
    for (const std::uint32_t chunk : call.plan.plan_of_chunk) {
      for (const Phase& phase : call.plan.plans[chunk]) {
        const GroupDimension& part = plan.queues[call.queues[phase.part]].part;
        result.dimensions[static_cast<std::size_t>(part.dimension)].bytes += share * phase.bytes;
      }
    }
  }
  describe_utilization(scenario.bandwidth, scenario.library, result);
}

void describe_utilization(std::span<const double> bandwidth, const Library& library, StepResult& result) {
  const double seconds = to_seconds(result.step_time);
  for (std::size_t d = 0; d < result.dimensions.size(); ++d) {
    DimensionUse& use = result.dimensions[d];
    if (use.bytes == 0.0) continue;
    use.utilization = use.bytes / (bandwidth[d] * library.bytes_per_second_unit()) / seconds;
  }
}

int IssueOrder::next(Role role) {
  const bool weights = role == Role::WeightGradient;
  if (order_ == CollectiveOrder::Fifo) return 0;
  if (order_ == CollectiveOrder::Priority) return weights ? 0 : 1;
  return weights ? counter_-- : counter_++;
}

void require_all_ended(const Step& graph, const std::vector<bool>& ended) {
  std::string waiting;
  int count = 0;
  for (std::size_t id = 0; id < ended.size(); ++id) {
    if (ended[id]) continue;
    const Operation& operation = graph.operations[id];
    if (++count <= 5) {
      waiting += fmt::format("{}{} {} ({})", count > 1 ? ", " : "", id, role_name(operation.role),
                             graph.line_names[operation.line]);
    }
  }
  if (count == 0) return;
  throw InputError(fmt::format("deadlock in {}: {} of {} operations never ended: {}{}", graph.name, count,
                               ended.size(), waiting, count > 5 ? " ..." : ""));
}

}  // namespace bandwright
