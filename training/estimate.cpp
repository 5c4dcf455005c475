#include "training/estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "simulator/closed_form/closed_form.h"
#include "step/cursor.h"
#include "training/division/remedy.h"
#include "workload/layer_operators.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

constexpr double seconds_per_hour = 3600.0;

bool communicates(StepLine line) {
  switch (line) {
    case StepLine::TensorParallel:
    case StepLine::ContextParallel:
    case StepLine::ExpertParallel:
    case StepLine::PipelineParallel:
    case StepLine::Gradients:
    case StepLine::Parameters:
      return true;
    default:
      return false;
  }
}

// The lines a breakdown can have: the step's, then two by role, whatever is done in them.
std::vector<BreakdownLine> empty_breakdown(const Step& step) {
  std::vector<BreakdownLine> lines;
  lines.reserve(step.line_names.size() + 2);
  for (std::size_t i = 0; i < step.line_names.size(); ++i) {
    const bool communication = communicates(static_cast<StepLine>(i));
    lines.push_back({.name = step.line_names[i] + (communication ? " communication" : ""),
                     .communication = communication});
  }
  lines.push_back({.name = "pipeline bubble"});
  lines.push_back({.name = "recomputation"});
  return lines;
}

std::size_t line_of(const Operation& operation, std::size_t step_lines) {
  if (operation.role == Role::Bubble) return step_lines;
  if (operation.role == Role::Recompute) return step_lines + 1;
  return operation.line;
}

std::vector<BreakdownLine> break_down(const Step& step, const ClosedForm& form,
                                      const std::vector<double>& gb_per_s) {
  const std::vector<double> exposed = form.exposed_ns(gb_per_s);
  const std::vector<double> durations = form.durations_ns(gb_per_s);
  const std::vector<double> times = executions(step);
  std::vector<BreakdownLine> lines = empty_breakdown(step);
  for (std::size_t i = 0; i < exposed.size(); ++i) {
    BreakdownLine& line = lines[line_of(step.operations[i], step.line_names.size())];
    line.exposed_ns += exposed[i];
    line.hidden_ns += std::max(0.0, times[i] * durations[i] - exposed[i]);
  }
  std::erase_if(lines, [](const auto& line) { return line.exposed_ns + line.hidden_ns == 0.0; });
  sort_breakdown(lines);
  return lines;
}

// FLOP of a step with what is computed again.
double hardware_flop(const TrainingJob& job, double model_flop) {
  const TransformerArchitecture& m = job.model;
  const double batch = static_cast<double>(job.parallelism.global_batch);
  const auto s = static_cast<double>(m.sequence);
  const double scores = batch * static_cast<double>(m.attention_layers()) *
                        attention_gemms(m, s, static_cast<double>(m.heads)).flop();
  switch (job.parallelism.recompute) {
    case Recomputation::Full: {  // the forward pass of the layers, a third where all weights are trained
      const double head = 6.0 * batch * s * static_cast<double>(m.hidden * m.vocabulary);
      return model_flop + (batch * model_flop_per_sequence(m) - head) / 3.0;
    }
    case Recomputation::Selective:
      return model_flop + scores;
    default:
      return model_flop;
  }
}

std::vector<double> bandwidths_of(const TrainingJob& job, const Network& network,
                                  const std::vector<double>& gb_per_s) {
  return gb_per_s.empty() ? job.machine.gb_per_s(network) : gb_per_s;
}

}  // namespace

void add_to_breakdown(std::vector<BreakdownLine>& lines, const std::string& name, bool communication,
                      double exposed_ns, double hidden_ns) {
  auto line = std::find_if(lines.begin(), lines.end(), [&](const auto& each) { return each.name == name; });
  if (line == lines.end()) line = lines.insert(lines.end(), {.name = name, .communication = communication});
  line->exposed_ns += exposed_ns;
  line->hidden_ns += hidden_ns;
}

void sort_breakdown(std::vector<BreakdownLine>& lines) {
  const auto longer = [](const auto& a, const auto& b) { return a.exposed_ns > b.exposed_ns; };
  std::stable_sort(lines.begin(), lines.end(), longer);
}

double TrainingEstimate::exposed_communication_ns() const {
  double ns = 0.0;
  for (const BreakdownLine& line : breakdown) ns += line.communication ? line.exposed_ns : 0.0;
  return ns;
}

TrainingRate training_rate(const TrainingJob& job, double step_ns) {
  const Parallelism& p = job.parallelism;
  const auto npus = static_cast<double>(p.npus());
  const double tokens = static_cast<double>(p.global_batch * job.model.sequence);
  const double flop = static_cast<double>(p.global_batch) * trained_flop_per_sequence(job.model, p.adapters);
  const double peak = npus * job.machine.npu.peak(p.precision);
  TrainingRate rate;
  rate.tokens_per_s = tokens / step_ns * 1e9;
  rate.mfu = flop / step_ns / peak;
  rate.hfu = hardware_flop(job, flop) / step_ns / peak;
  rate.tflop_per_s_per_npu = flop / step_ns / npus * 1e-3;
  rate.usd_per_million_tokens =
      job.machine.npu.usd_per_hour * npus / seconds_per_hour / rate.tokens_per_s * 1e6;
  return rate;
}

MemoryFit memory_fit(const TrainingJob& job) {
  MemoryFit fit{.memory = memory_bill(job.model, job.parallelism),
                .memory_capacity = job.machine.npu.memory_bytes + job.slow_memory_bytes,
                .slow_memory = job.slow_memory_bytes};
  if (!fit.fits()) fit.remedy = remedy(job.model, job.parallelism, fit.memory_capacity);
  return fit;
}

TrainingEstimate estimate(const TrainingJob& job, const std::vector<double>& gb_per_s) {
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> bandwidths = bandwidths_of(job, network, gb_per_s);
  const Step step = training_step(job, network);
  const ClosedForm form(step, network);
  const double step_ns = form.step_time_ns(bandwidths);
  static_cast<void>(nanoseconds(step_ns));  // on the clock
  TrainingEstimate result{training_rate(job, step_ns), memory_fit(job)};
  result.step_ns = step_ns;
  result.breakdown = break_down(step, form, bandwidths);
  return result;
}

Timeline play(const Step& step, std::span<const double> durations_ns) {
  constexpr std::size_t most_executions = 1'000'000;
  Timeline timeline;
  std::vector<Time> ends(step.operations.size());
  for (Cursor at(step); !at.done(); at.next()) {
    if (timeline.operations.size() == most_executions) {
      throw InputError(fmt::format("{}: more than {} operations in a timeline", step.name, most_executions));
    }
    const OperationId id = at.operation();
    Time start;
    for (const OperationId before : step.dependencies_of(step.operations[id])) {
      start = std::max(start, ends[before]);
    }
    ends[id] = start + nanoseconds(durations_ns[id]);
    timeline.operations.push_back({id, start, ends[id]});
  }
  return timeline;
}

StepTimeline step_timeline(const TrainingJob& job, const std::vector<double>& gb_per_s) {
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> bandwidths = bandwidths_of(job, network, gb_per_s);
  StepTimeline result{.step = training_step(job, network)};
  const ClosedForm form(result.step, network);
  result.timeline = play(result.step, form.durations_ns(bandwidths));
  return result;
}

}  // namespace bandwright
