#include "simulator/program_form.h"

#include <algorithm>

namespace bandwright {

namespace {

std::vector<MarkStep> steps_of(const StepProgram& program) {
  std::vector<MarkStep> steps;
  steps.reserve(program.instructions.size());
  for (const Instruction& each : program.instructions) {
    steps.push_back({each.times, each.length, each.waits, each.sets});
  }
  return steps;
}

}  // namespace

ProgramForm::ProgramForm(const StepProgram& program, const Network& network, const System& system)
    : dimensions_(network.size()),
      steps_(steps_of(program)),
      reduced_(steps_),
      wire_(program.collectives, program.groups, network, system, program.wire_efficiency) {
  work_.reserve(program.instructions.size());
  for (const Instruction& each : program.instructions) {
    const Operation& operation = each.operation;
    const bool communicates = each.times == 0 && operation.kind == OperationKind::Collective;
    work_.push_back({to_ns(operation.duration), communicates ? operation.collective : none, operation.role,
                     operation.kind});
  }
  for (const Group& group : program.groups) group_names_.push_back(group.name);
}

std::vector<double> ProgramForm::durations_ns(std::span<const WireLoads::Slowest> prices) const {
  std::vector<double> ns(work_.size());
  for (std::size_t i = 0; i < work_.size(); ++i) {
    ns[i] = work_[i].fixed_ns + (work_[i].collective == none ? 0.0 : prices[work_[i].collective].ns);
  }
  return ns;
}

std::vector<double> ProgramForm::durations_ns(std::span<const double> gb_per_s) const {
  return durations_ns(wire_.price(gb_per_s));
}

double ProgramForm::step_time_ns(std::span<const double> gb_per_s) const {
  return reduced_.play(durations_ns(gb_per_s));
}

std::vector<ProgramForm::Share> ProgramForm::critical_path(std::span<const double> gb_per_s) const {
  const std::vector<double> ns = durations_ns(gb_per_s);
  const std::vector<double> counts = reduced_.critical_counts(ns);
  std::vector<Share> shares(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) shares[i] = {counts[i], ns[i]};
  return shares;
}

std::vector<double> ProgramForm::exposed_ns(std::span<const double> gb_per_s) const {
  return reduced_.exposed_ns(durations_ns(gb_per_s));
}

Cut ProgramForm::cut(std::span<const double> gb_per_s) const {
  const std::vector<WireLoads::Slowest> prices = wire_.price(gb_per_s);
  const std::vector<double> counts = reduced_.critical_counts(durations_ns(prices));
  std::vector<double> calls(prices.size(), 0.0);
  Cut cut;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    cut.constant_ns += counts[i] * work_[i].fixed_ns;
    if (work_[i].collective != none) calls[work_[i].collective] += counts[i];
  }
  cut.loads = wire_.binding_loads(prices, calls);
  return cut;
}

StepResult ProgramForm::evaluate(std::span<const double> gb_per_s) const {
  const std::vector<WireLoads::Slowest> prices = wire_.price(gb_per_s);
  const std::vector<double> exposed = exposed_ns(gb_per_s);
  const std::vector<double> counts = executions();
  const auto dimensions = static_cast<std::size_t>(dimensions_);
  std::vector<double> bytes(dimensions, 0.0);
  std::vector<double> group_ns(group_names_.size(), 0.0);
  std::vector<double> dimension_ns(dimensions, 0.0);
  double step_ns = 0.0;
  double compute_ns = 0.0;
  double bubble_ns = 0.0;
  for (std::size_t i = 0; i < exposed.size(); ++i) {
    const Work& work = work_[i];
    const double ns = exposed[i];
    step_ns += ns;
    if (work.collective != none) wire_.add_bytes(work.collective, counts[i], bytes);
    if (work.role == Role::Bubble) {
      bubble_ns += ns;
    } else if (work.kind == OperationKind::Compute) {
      compute_ns += ns;
    } else if (work.collective != none) {
      group_ns[wire_.group(work.collective)] += ns;
      const int slowest = wire_.dimension(prices[work.collective]);
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
  for (std::size_t d = 0; d < dimensions; ++d) {
    const double utilization = bytes[d] > 0.0 ? bytes[d] / gb_per_s[d] / step_ns : 0.0;
    result.dimensions.push_back({bytes[d], utilization, nanoseconds(dimension_ns[d])});
  }
  return result;
}

std::vector<double> ProgramForm::executions() const {
  std::vector<double> counts(steps_.size(), 0.0);
  std::vector<std::pair<std::size_t, double>> open = {{steps_.size(), 1.0}};  // block end, executions
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    while (open.back().first <= i) open.pop_back();
    counts[i] = steps_[i].times == 0 ? open.back().second : 0.0;
    if (steps_[i].times > 0) {
      open.emplace_back(i + 1 + steps_[i].length, open.back().second * steps_[i].times);
    }
  }
  return counts;
}

}  // namespace bandwright
