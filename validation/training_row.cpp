#include "validation/training_row.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "simulator/closed_form/closed_form.h"
#include "training/division/parallel_groups.h"
#include "training/estimate.h"
#include "training/memory_bill.h"
#include "validation/read_rows.h"

namespace bandwright {
namespace {

std::string largest_lines(const TrainingJob& job) {
  std::vector<Part> parts;
  const TrainingEstimate answer = estimate(job);
  for (const BreakdownLine& line : answer.breakdown) parts.push_back({line.name, line.exposed_ns});
  return largest_parts(parts);
}

// Runs with adapters are too few, and too unlike others, to say how far estimates of either may be off.
std::optional<StepKind> kind_for_intervals(const TrainingJob& job) {
  if (job.parallelism.adapters.freeze()) return std::nullopt;
  return step_kind(job);
}

}  // namespace

std::string configuration(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  const TransformerArchitecture& m = job.model;
  const std::array<std::int64_t, 11> division = {p.tensor,
                                                 p.context,
                                                 p.expert,
                                                 p.experts_tensor(),
                                                 p.pipeline,
                                                 p.virtual_stages,
                                                 p.zero,
                                                 p.micro_batch,
                                                 p.global_batch,
                                                 static_cast<std::int64_t>(p.precision),
                                                 static_cast<std::int64_t>(p.recompute)};
  const std::string trained = p.adapters.freeze() ? fmt::format(", rank {}", p.adapters.rank) : "";
  return fmt::format("{} {}x{} s{} on {} of {}: {}{}", m.name, m.layers, m.hidden, m.sequence, p.npus(),
                     job.machine.name, fmt::join(division, " "), trained);
}

Measurement training_row(TrainingJob job, Words words, double measured, Metric metric) {
  validate(job.model, job.parallelism);
  const Network network = job.machine.network(job.parallelism.npus());
  static_cast<void>(parallel_groups(network, job.parallelism));  // throws where they do not fit
  Measurement row{.label = std::move(words.label),
                  .measured = measured,
                  .constants = {job.machine.npu.constants_name},
                  .family = std::move(words.family),
                  .configuration = configuration(job),
                  .kind = kind_for_intervals(job),
                  .filled = memory_bill(job.model, job.parallelism).total() / job.machine.npu.memory_bytes};
  for (std::size_t d = 0; d < network.dimensions.size(); ++d) {
    row.constants.push_back(job.machine.dimensions[d].constants_name);
  }
  const auto shared = std::make_shared<const TrainingJob>(std::move(job));
  row.job = shared;
  const auto calibrated = [shared](const Calibration& calibration) {
    TrainingJob result = *shared;
    calibrate(result.machine, calibration);
    return result;
  };
  row.predict = [calibrated, network, metric](const Calibration& calibration) {
    const TrainingJob now = calibrated(calibration);
    const ClosedForm form(training_step(now, network), network);
    const double ns = form.step_time_ns(now.machine.gb_per_s(network));
    return metric.inverse ? metric.scale / ns : metric.scale * ns;
  };
  row.parts = [calibrated](const Calibration& calibration) { return largest_lines(calibrated(calibration)); };
  return row;
}

void set_tp_pp_dp(Parallelism& p, const CsvRow& row, const std::array<std::string_view, 3>& columns) {
  p.tensor = row.count(columns[0]);
  p.pipeline = row.count(columns[1]);
  p.data = row.count(columns[2]);
}

void set_batch(Parallelism& p, const CsvRow& row) {
  p.micro_batch = row.count("micro_batch");
  p.global_batch = row.count("global_batch");
}

void interleave(Parallelism& p, std::int64_t virtual_stages) {
  if (virtual_stages <= 1) return;
  p.schedule = PipelineSchedule::Interleaved;
  p.virtual_stages = virtual_stages;
}

}  // namespace bandwright
