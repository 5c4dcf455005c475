#include "study/estimate.h"

#include <fmt/format.h>

#include "study/job/bandwidths.h"
#include "study/job/job_step.h"
#include "study/job/training.h"
#include "training/division/notes.h"

namespace bandwright {
namespace {

TransformerEstimate transformer_estimate(const Job& job, const TransformerArchitecture& model,
                                         const Machine& machine, const Watch& watch) {
  TransformerEstimate answer{.job = training_job(job, model, machine)};
  if (!job.tiers.empty()) answer.offload = offload(job, answer.job, watch);
  const Network network = machine.network(answer.job.parallelism.npus());
  answer.result = estimate(answer.job, given_bandwidths(job, network));
  answer.interval = shipped_errors().interval(step_kind(answer.job), answer.result.step_ns);
  answer.notes = notes(answer.job);
  return answer;
}

UndividedEstimate undivided_estimate(const Job& job, UndividedStep step) {
  std::vector<double> gb_per_s = given_bandwidths(job, step.network);
  if (gb_per_s.empty()) gb_per_s = step.machine.gb_per_s(step.network);
  UndividedEstimate answer{.result = estimate(step.graph, step.network, gb_per_s)};
  const double step_ns = answer.result.step_ns;
  if (!(step_ns > 0.0)) throw InputError(step.name + ": a step takes no time");
  const auto npus = static_cast<double>(step.network.npus());
  answer.items_per_s = static_cast<double>(step.items) / step_ns * 1e9;
  answer.usd_per_million_items = step.machine.npu.usd_per_hour * npus / 3600.0 / answer.items_per_s * 1e6;
  if (step.flop > 0.0) {
    const double flop_per_ns = step.flop / step_ns / npus;
    answer.tflop_per_s_per_npu = flop_per_ns * 1e-3;
    if (step.peak_per_ns > 0.0) answer.mfu = flop_per_ns / step.peak_per_ns;
  }
  answer.step = std::move(step);
  return answer;
}

double exposed_communication_ns(const std::vector<BreakdownLine>& breakdown) {
  double sum = 0.0;
  for (const BreakdownLine& line : breakdown) sum += line.communication ? line.exposed_ns : 0.0;
  return sum;
}

EstimateFacts facts(const TransformerEstimate& answer) {
  const TrainingEstimate& result = answer.result;
  return {.step_ns = result.step_ns,
          .exposed_ns = result.exposed_communication_ns(),
          .memory_bytes = result.memory.total(),
          .memory_capacity = result.memory_capacity,
          .fits = result.fits(),
          .remedy = result.remedy};
}

EstimateFacts facts(const UndividedEstimate& answer) {
  return {.step_ns = answer.result.step_ns,
          .exposed_ns = exposed_communication_ns(answer.result.breakdown),
          .memory_bytes = answer.step.memory ? answer.step.memory->total() : 0.0,
          .memory_capacity = answer.memory_capacity(),
          .fits = answer.fits().value_or(true)};
}

}  // namespace

std::optional<bool> UndividedEstimate::fits() const {
  if (!step.memory) return std::nullopt;
  return step.memory->total() <= memory_capacity();
}

EstimateAnswer estimate(const Job& job, const Watch& watch) {
  return estimate(job, load_workload(job.model), machine_of(job), watch);
}

EstimateAnswer estimate(const Job& job, const Workload& workload, const Machine& machine,
                        const Watch& watch) {
  if (const auto* model = std::get_if<TransformerArchitecture>(&workload)) {
    return transformer_estimate(job, *model, machine, watch);
  }
  if (const auto* model = std::get_if<ImageModel>(&workload)) {
    return undivided_estimate(job, undivided_step(job, *model, machine));
  }
  if (const auto* table = std::get_if<Model>(&workload)) {
    return undivided_estimate(job, undivided_step(job, *table, machine, library_of(job)));
  }
  throw InputError(
      fmt::format("{} is {}, which brings its own step: bandwright simulate --workload {} "
                  "--network FILE",
                  workload_name(workload), kind_of(workload), workload_name(workload)));
}

EstimateFacts facts_of(const EstimateAnswer& answer) {
  return std::visit([](const auto& each) { return facts(each); }, answer);
}

StepTimeline timeline_of(const Job& job, const EstimateAnswer& answer) {
  if (const auto* undivided = std::get_if<UndividedEstimate>(&answer)) {
    return {undivided->step.graph, undivided->result.timeline};
  }
  const TrainingJob& training = std::get<TransformerEstimate>(answer).job;
  return step_timeline(training,
                       given_bandwidths(job, training.machine.network(training.parallelism.npus())));
}

}  // namespace bandwright
