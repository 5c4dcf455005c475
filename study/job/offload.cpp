#include "study/job/offload.h"

#include <fmt/format.h>

#include "memory/graphs/transformer_graph.h"
#include "study/job/job_options.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

// What the NPU's memory has left for tensors beside its buffers and what the allocator loses.
double left_for_tensors(const TrainingJob& training) {
  const MemoryBill bill = memory_bill(training.model, training.parallelism);
  return training.machine.npu.memory_bytes - bill.buffers - bill.allowance;
}

Bytes fast_limit(const Job& job, const TrainingJob& training) {
  const double left = left_for_tensors(training);
  if (left <= 0.0) throw InputError("--tiers: buffers alone do not fit the NPU's memory");
  const Bytes room = bytes(static_cast<std::int64_t>(left));
  if (job.fast.empty()) return room;
  const Bytes fast = read_word(job, &Job::fast, parse_bytes);
  if (fast > room) {
    throw InputError(fmt::format("--fast: {} is more than the {} that buffers and allowance leave of {}",
                                 format_bytes(fast), format_bytes(room), training.machine.npu.name));
  }
  return fast;
}

}  // namespace

Offload offload(const Job& job, TrainingJob& training, const Watch& watch) {
  const Policy& policy =
      read_word(job, &Job::offload, [](std::string_view name) -> const Policy& { return find_policy(name); });
  if (training.parallelism.offloaded_layers > 0) {
    throw InputError(
        "--tiers: --offload-layers has activations in the host's memory already (use one of them)");
  }
  if (policy.name == "cache") throw InputError("--offload: the idealised cache gives no schedule to run");
  Offload done{.tiers = load_tiers(job.tiers), .fast = fast_limit(job, training)};
  const PlacementProblem problem{training_graph(training, done.tiers), done.tiers, done.fast};
  PlacementOptions placement{.gap = offload_gap, .time_limit_seconds = offload_seconds, .stop = watch.stop};
  placement.on_stage = watch.on_stage;
  done.placement = place(problem, policy, placement);
  if (!done.placement.replay) throw InputError("--tiers: " + done.placement.reason);
  const Bytes slow = done.placement.replay->peak_slow;
  if (slow > done.tiers.slow.capacity) {
    throw InputError(fmt::format("--tiers: {} of tensors do not fit the {} of {}", format_bytes(slow),
                                 format_bytes(done.tiers.slow.capacity), done.tiers.slow.name));
  }
  done.slowdown = compute_slowdown(problem.graph, *done.placement.replay);
  training.slowdown = done.slowdown;
  training.slow_memory_bytes = to_double(done.tiers.slow.capacity);
  return done;
}

}  // namespace bandwright
