#include "scaling/curve_workloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "simulator/closed_form.h"
#include "simulator/program_form.h"
#include "training/collective_time.h"
#include "training/kernels.h"

namespace bandwright {
namespace {

constexpr double longest_step_ns = 100 * 86400e9;

// A result as a step of `batch` items per replica.
CurveStep played(const StepResult& result, std::int64_t batch, double items, const std::string& name) {
  CurveStep step{.batch = batch,
                 .items = items,
                 .seconds = to_seconds(result.step_time),
                 .exposed_seconds = to_seconds(result.exposed_communication)};
  if (!(step.seconds > 0.0)) throw InputError(name + ": a step takes no time");
  return step;
}

// Compute of each phase, then its gradients over all workers.
StepProgram image_program(const ImageModel& model, const Machine& machine, const Network& network,
                          double images, double flop_per_s) {
  const std::vector<ImageModel::Phase> phases = model.phases();
  std::vector<std::string> names;
  for (const ImageModel::Phase& phase : phases) names.push_back(phase.name);
  StepProgramBuilder builder(model.name, {whole_network(network)}, std::move(names));
  const Group& all = builder.group(0);
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const auto line = static_cast<std::uint16_t>(i);
    const double ns = static_cast<double>(phases[i].flops_per_image) * images / flop_per_s * 1e9;
    if (!(ns <= longest_step_ns)) {
      throw InputError(fmt::format("a step of {} takes more than 100 days", model.name));
    }
    builder.compute({Role::Other, line}, nanoseconds(ns));
    const Collective reduction{CollectiveKind::AllReduce, phases[i].gradients};
    const CollectivePrice price = collective_price(machine, all, reduction);
    builder.collective({Role::WeightGradient, line}, {at_full_speed(reduction, price), 0},
                       nanoseconds(price.latency_ns), marks(Mark::Compute), marks(Mark::Compute));
  }
  StepProgram program = std::move(builder).finish();
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    program.wire_efficiency.push_back(machine.dimensions[d].constants.efficiency);
  }
  return program;
}

std::string spell(const Parallelism& p) {
  std::string text = fmt::format("TP {} PP {} DP {}", p.tensor, p.pipeline, p.data);
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
    const StepProgram program = image_program(model, machine, network, static_cast<double>(each), flop_per_s);
    const StepResult result = ProgramForm(program, network.size()).evaluate(machine.gb_per_s(network));
    CurveStep timed = played(result, each, static_cast<double>(batch), model.name);
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

double roofline_flop_per_s(const ImageModel& model, const Npu& npu, Precision precision) {
  const double flop_per_ns = npu.peak(precision) * npu.constants.gemm_efficiency;
  const auto images = static_cast<double>(model.batch);
  double flop = 0.0;
  double ns = 0.0;
  for (const ConvNet& network : model.networks) {
    for (const ConvNet::Layer& layer : network.layers) {
      if (layer.op == ConvNet::Op::Input) continue;
      double elements = layer.shape.elements();
      for (const int input : layer.inputs) elements += network.layers[input].shape.elements();
      elements = elements * images + static_cast<double>(layer.weights);
      const double work = static_cast<double>(layer.flops) * images;
      flop += work;
      ns += std::max(work / flop_per_ns,
                     streaming_ns(npu, elements * static_cast<double>(model.bytes_per_element)));
    }
  }
  return flop / ns * npu.constants.sustained * 1e9;
}

CurveWorkload table_workload(const Model& model, const Machine& machine, const TrainingLoop& loop) {
  const int each = static_cast<int>(model.tensor_parallel);
  const auto step = [model, machine, &loop, each](int workers, std::int64_t) {
    if (workers % each != 0) {
      throw InputError(fmt::format("{} workers are no whole number of replicas of {} ({} each)", workers,
                                   model.name, each));
    }
    const Network network = machine.network(workers);
    const StepGraph graph = build_step(model, network, loop, {});
    std::vector<double> reached = machine.gb_per_s(network);
    for (std::size_t d = 0; d < reached.size(); ++d) {
      reached[d] *= machine.dimensions[d].constants.efficiency;
    }
    const StepResult result = ClosedForm(graph, network.size()).evaluate(reached);
    return played(result, 1, static_cast<double>(workers) / each, model.name);
  };
  return {.name = model.name,
          .item = "replica steps",
          .batch_item = "replica steps",
          .fewest_workers = each,
          .batch_is_fixed = true,
          .step = step};
}

CurveWorkload transformer_workload(const TransformerArchitecture& model, const Machine& machine,
                                   const Parallelism& given, const OpenChoices& open) {
  const auto step = [job = TrainingJob{model, machine, given}, open](int workers,
                                                                     std::int64_t batch) mutable {
    job.parallelism.global_batch = batch;
    const Division division = fastest_division(job, workers, open);
    const TrainingEstimate& estimate = division.estimate;
    return CurveStep{.batch = batch / division.parallelism.data,
                     .items = static_cast<double>(batch * job.model.sequence),
                     .seconds = estimate.step_ns * 1e-9,
                     .exposed_seconds = estimate.exposed_communication_ns() * 1e-9,
                     .memory_bytes = estimate.memory.total(),
                     .division = spell(division.parallelism)};
  };
  return {.name = model.name, .item = "tokens", .batch_item = "sequences", .step = step};
}

}  // namespace bandwright
