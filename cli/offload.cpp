#include "cli/offload.h"

#include <fmt/format.h>

#include "cli/interrupt.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "core/progress.h"
#include "core/tell.h"
#include "memory/transformer_graph.h"
#include "training/memory_bill.h"

namespace bandwright {
namespace {

constexpr double gap = 1e-3;  // far below the error of the tier model
constexpr double solver_seconds = 60.0;

// What the NPU's memory has left for tensors beside its buffers and what the allocator loses.
double left_for_tensors(const TrainingJob& job) {
  const MemoryBill bill = memory_bill(job.model, job.parallelism);
  return job.machine.npu.memory_bytes - bill.buffers - bill.allowance;
}

Bytes fast_limit(const TrainingJob& job, const OffloadOptions& options) {
  const double left = left_for_tensors(job);
  if (left <= 0.0) throw InputError("--tiers: buffers alone do not fit the NPU's memory");
  const Bytes most = bytes(static_cast<std::int64_t>(left));
  if (options.fast.empty()) return most;
  const Bytes fast = parse_option("--fast", options.fast, parse_bytes);
  if (fast > most) {
    throw InputError(fmt::format("--fast: {} is more than the {} that buffers and allowance leave of {}",
                                 format_bytes(fast), format_bytes(most), job.machine.npu.name));
  }
  return fast;
}

}  // namespace

void add_offload_options(CLI::App& command, OffloadOptions& options) {
  begin_group(command, two_memories);
  command
      .add_option("--tiers", options.tiers,
                  "tensors may live in slow memory as well: a name of `list tiers`, or a YAML file")
      ->type_name("TIERS");
  command
      .add_option("--fast", options.fast,
                  "bytes of the NPU's memory for tensors (default: what buffers leave)")
      ->type_name("SIZE");
  command.add_option("--offload", options.policy, "where tensors live; see `list policies`")
      ->capture_default_str()
      ->type_name("POLICY");
}

Offload offload(TrainingJob& job, const OffloadOptions& options) {
  const Policy& policy = parse_option(
      "--offload", options.policy, [](std::string_view name) -> const Policy& { return find_policy(name); });
  if (policy.name == "cache") throw InputError("--offload: the idealised cache gives no schedule to run");
  Offload done{.tiers = load_tiers(options.tiers), .fast = fast_limit(job, options)};
  const PlacementProblem problem{training_graph(job, done.tiers), done.tiers, done.fast};
  const InterruptWatch interrupt;  // before any other thread
  ProgressClock progress(solver_seconds);
  PlacementOptions placement{.gap = gap, .time_limit_seconds = solver_seconds, .stop = interrupt.token()};
  placement.on_stage = [&](std::string_view stage) { progress.begin(fmt::format("placing, {}", stage)); };
  done.placement = place(problem, policy, placement);
  if (!done.placement.replay) throw InputError("--tiers: " + done.placement.reason);
  const Bytes slow = done.placement.replay->peak_slow;
  if (slow > done.tiers.slow.capacity) {
    throw InputError(fmt::format("--tiers: {} of tensors do not fit the {} of {}", format_bytes(slow),
                                 format_bytes(done.tiers.slow.capacity), done.tiers.slow.name));
  }
  done.slowdown = compute_slowdown(problem.graph, *done.placement.replay);
  job.slowdown = done.slowdown;
  job.slow_memory_bytes = to_double(done.tiers.slow.capacity);
  return done;
}

Facts offload_facts(const Offload& done) { return placement_facts(done, gap); }

void show_offload(const Offload& done) {
  Document document;
  document.add(offload_facts(done));
  tell_text(render_text(document, {}));
}

}  // namespace bandwright
