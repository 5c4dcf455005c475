#include "scaling/curve_workloads.h"

#include <fmt/format.h>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"

namespace bandwright {
namespace {

// A graph played as a step of `batch` items per replica.
CurveStep played(const Step& graph, const Machine& machine, const Network& network, std::int64_t batch,
                 double items) {
  const StepResult result = ClosedForm(graph, network).evaluate(machine.gb_per_s(network));
  CurveStep step{.batch = batch,
                 .items = items,
                 .seconds = to_seconds(result.step_time),
                 .exposed_seconds = to_seconds(result.exposed_communication)};
  if (!(step.seconds > 0.0)) throw InputError(graph.name + ": a step takes no time");
  return step;
}

std::string spell(const Parallelism& p) {
  std::string text = fmt::format("TP {} PP {}", p.tensor, p.pipeline);
  if (p.virtual_stages > 1) text += fmt::format(" x {}", p.virtual_stages);
  text += fmt::format(" DP {}", p.data);
  if (p.context > 1) text += fmt::format(" CP {}", p.context);
  if (p.expert > 1) text += fmt::format(" EP {}", p.expert);
  if (p.zero > 0) text += fmt::format(" ZeRO {}", p.zero);
  if (p.recompute != Recomputation::None)
    text += fmt::format(" recompute {}", recomputation_name(p.recompute));
  return text + fmt::format(" micro-batch {}", p.micro_batch);
}

}  // namespace

CurveWorkload image_workload(const ImageModel& model, const Machine& machine, double flop_per_s) {
  const auto step = [model, machine, flop_per_s](int workers, std::int64_t batch) {
    if (batch % workers != 0) {
      throw InputError(fmt::format("a global batch of {} does not divide by {} workers", batch, workers));
    }
    const Network network = machine.network(workers);
    const std::int64_t each = batch / workers;
    const Step graph = image_step(model, machine, network, static_cast<double>(each), flop_per_s);
    CurveStep timed = played(graph, machine, network, each, static_cast<double>(batch));
    timed.memory_bytes = model.memory_bytes(each);
    return timed;
  };
  return {.name = model.name,
          .item = "images",
          .batch_item = "images",
          .fewest_workers = 1,
          .usual_batch = model.batch,
          .step = step};
}

CurveWorkload table_workload(const Model& model, const Machine& machine, const TrainingLoop& loop) {
  const int each = static_cast<int>(model.tensor_parallel);
  const auto step = [model, machine, &loop, each](int workers, std::int64_t) {
    const Network network = machine.network(workers);
    return played(table_step(model, machine, network, loop), machine, network, 1,
                  static_cast<double>(workers) / each);
  };
  return {.name = model.name,
          .item = "replica steps",
          .batch_item = "replica steps",
          .fewest_workers = each,
          .batch_is_fixed = true,
          .step = step};
}

Parallelism divide_as_given(const TrainingJob& job, std::int64_t npus) {
  Parallelism p = job.parallelism;
  fill_data_parallel(p, npus);
  validate(job.model, p);
  return p;
}

CurveWorkload transformer_workload(const TransformerArchitecture& model, const Machine& machine,
                                   const Parallelism& given, Divide divide) {
  const auto step = [job = TrainingJob{model, machine, given}, divide = std::move(divide)](
                        int workers, std::int64_t batch) {
    TrainingJob divided = job;
    divided.parallelism.global_batch = batch;
    divided.parallelism = divide(divided, workers);
    const TrainingEstimate result = estimate(divided);
    return CurveStep{.batch = batch / divided.parallelism.data,
                     .items = static_cast<double>(batch * job.model.sequence),
                     .seconds = result.step_ns * 1e-9,
                     .exposed_seconds = result.exposed_communication_ns() * 1e-9,
                     .memory_bytes = result.memory.total(),
                     .division = spell(divided.parallelism)};
  };
  return {.name = model.name, .item = "tokens", .batch_item = "sequences", .step = step};
}

}  // namespace bandwright
