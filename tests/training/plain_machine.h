#pragma once
#include <map>
#include <string>
#include <utility>

#include "step/step.h"
#include "training/training_step.h"

namespace bandwright {

// A DGX A100 whose links take their bytes' time and nothing else, and whose host issues kernels at no cost:
// what a step sends and computes can be counted by hand.
inline Machine plain_machine() {
  Machine machine = load_machine("dgx-a100");
  for (FabricDimension& dimension : machine.dimensions) {
    dimension.constants = {.efficiency = 1.0, .latency_us = 0.0, .step_us = 0.0};
    dimension.software = {};
  }
  machine.npu.constants.host_us = 0.0;
  return machine;
}

inline constexpr double no_limit = 1e12;

// 1,000 GB/s of memory and nothing else that takes time: bytes are nanoseconds.
inline Npu only_memory() {
  Npu npu{.name = "memory", .memory_bytes = 1e12, .memory_gb_per_s = 1.0, .processors = 100};
  npu.peak_flop_per_ns.fill(no_limit);
  npu.constants = {.gemm_efficiency = 1.0,
                   .memory_efficiency = 1.0,
                   .kernel_overhead_us = 0.0,
                   .slice_ns = 0.0,
                   .sustained = 1.0,
                   .host_us = 0.0};
  return npu;
}

inline Npu only_compute() {
  Npu npu = only_memory();
  npu.memory_gb_per_s = no_limit;
  npu.peak_flop_per_ns.fill(1.0);
  return npu;
}

inline TrainingJob plain_job(const std::string& model, Parallelism parallelism) {
  return {load_architecture(model), plain_machine(), std::move(parallelism)};
}

inline Step step_of(const TrainingJob& job) {
  return training_step(job, job.machine.network(job.parallelism.npus()));
}

// Bytes of all executions of a step's collectives by the name of their group and their kind, those of the
// pipeline's other stages left out.
inline std::map<std::pair<std::string, CollectiveKind>, double> sent_bytes(const Step& step) {
  std::map<std::pair<std::string, CollectiveKind>, double> sent;
  const std::vector<double> times = executions(step);
  for (std::size_t i = 0; i < step.operations.size(); ++i) {
    const Operation& operation = step.operations[i];
    if (operation.kind != OperationKind::Collective || operation.role == Role::Bubble) continue;
    const GroupCollective& call = step.collectives[operation.collective];
    sent[{step.groups[call.group].name, call.collective.kind}] += times[i] * to_double(call.collective.bytes);
  }
  return sent;
}

inline double sent_bytes(const Step& step, const std::string& group, CollectiveKind kind) {
  const auto all = sent_bytes(step);
  const auto found = all.find({group, kind});
  return found == all.end() ? 0.0 : found->second;
}

// Nanoseconds of all executions of one kind, by role.
inline std::map<Role, double> taken_ns(const Step& step, OperationKind kind) {
  std::map<Role, double> taken;
  const std::vector<double> times = executions(step);
  for (std::size_t i = 0; i < step.operations.size(); ++i) {
    const Operation& operation = step.operations[i];
    if (operation.kind == kind) taken[operation.role] += times[i] * to_ns(operation.duration);
  }
  return taken;
}
inline std::map<Role, double> computed_ns(const Step& step) { return taken_ns(step, OperationKind::Compute); }
inline std::map<Role, double> issued_ns(const Step& step) { return taken_ns(step, OperationKind::Host); }

}  // namespace bandwright
