#include "training/undivided.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "training/layers/kernels.h"
#include "training/on_links.h"

namespace bandwright {
namespace {

std::string line_of(const Step& graph, const Operation& operation) {
  const std::string_view role = role_name(operation.role);
  if (operation.kind == OperationKind::Collective) {
    const Group& group = graph.groups[graph.collectives[operation.collective].group];
    return fmt::format("{} {} communication", role, group.name);
  }
  return operation.role == Role::Other ? graph.line_names[operation.line] : std::string(role);
}

}  // namespace

Step image_step(const ImageModel& model, const Machine& machine, const Network& network, double images,
                double flop_per_s) {
  const std::vector<ImageModel::Phase> phases = model.phases();
  std::vector<std::string> names;
  for (const ImageModel::Phase& phase : phases) names.push_back(phase.name);
  StepBuilder builder(model.name, split_into_groups(network, {{"DP", network.npus()}}), std::move(names));
  std::vector<OperationId> last;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const auto line = static_cast<std::uint16_t>(i);
    const double ns = static_cast<double>(phases[i].flops_per_image) * images / flop_per_s * 1e9;
    last = {builder.compute({Role::Other, line}, nanoseconds(ns), last)};
    if (network.dimensions.empty()) continue;
    last = {builder.collective({Role::WeightGradient, line},
                               {{CollectiveKind::AllReduce, phases[i].gradients}, 0}, last)};
  }
  return on_links_of(machine, network, std::move(builder).finish());
}

Step table_step(const Model& model, const Machine& machine, const Network& network, const TrainingLoop& loop,
                const LoopOptions& options) {
  if (network.npus() % model.tensor_parallel != 0) {
    throw InputError(fmt::format("{} NPUs are no whole number of replicas of {} ({} each)", network.npus(),
                                 model.name, model.tensor_parallel));
  }
  return on_links_of(machine, network, build_step(model, network, loop, options));
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

MemoryBill memory_bill(const ImageModel& model, std::int64_t images) {
  const double values = to_double(model.gradients());  // as many bytes as the weights
  return {.layer_weights = values,
          .layer_gradients = values,
          .layer_optimizer = values * static_cast<double>(model.optimizer_states),
          .activations = model.activation_bytes(images)};
}

GraphEstimate estimate(const Step& graph, const Network& network, const std::vector<double>& gb_per_s) {
  const ClosedForm form(graph, network);
  const std::vector<double> durations = form.durations_ns(gb_per_s);
  std::vector<Time> exposed;
  const StepResult result = form.evaluate(gb_per_s, &exposed);
  GraphEstimate answer{.step_ns = to_ns(result.step_time), .timeline = play(graph, durations)};
  for (std::size_t i = 0; i < exposed.size(); ++i) {
    const Operation& operation = graph.operations[i];
    add_to_breakdown(answer.breakdown, line_of(graph, operation), operation.kind == OperationKind::Collective,
                     to_ns(exposed[i]), std::max(0.0, durations[i] - to_ns(exposed[i])));
  }
  sort_breakdown(answer.breakdown);
  return answer;
}

}  // namespace bandwright
