#include "study/scaling/curve.h"

#include <fmt/format.h>

#include <array>

#include "scaling/curve_workloads.h"
#include "study/job/division_space.h"
#include "study/job/job_options.h"
#include "study/job/table_training.h"
#include "study/job/training.h"
#include "study/job/undivided_step.h"
#include "study/job/workload.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_batch = 1'000'000'000;
constexpr std::array curve_division = {OptionGroup::Divisions, OptionGroup::Finer};

void take_measured(const CurveQuestion& question, const std::string& model, SimulatedCurve& answer) {
  if (question.measured) {
    answer.options.measured = *question.measured;
    return;
  }
  const MeasuredRates* known = answer.machine.find_measured(model);
  if (known != nullptr) answer.options.measured = known->items_per_second;
}

void refuse_rate(const CurveQuestion& question) {
  if (question.one_worker_rate > 0.0) throw InputError("--one-worker-rate is for image models");
}

void refuse_loop(const CurveQuestion& question) {
  if (!question.job.loop.empty()) throw InputError("--loop is for layer tables");
}

void refuse_division(const Job& job, std::string_view what, std::span<std::string Job::*const> allowed) {
  const std::string why = fmt::format("is for transformers; {} is {}", job.model, what);
  refuse_given(job, curve_division, allowed, why);
  if (!job.recompute.empty()) throw InputError("--recompute " + why);
}

void add_workload(const CurveQuestion& question, const ImageModel& model, SimulatedCurve& answer) {
  constexpr std::array<std::string Job::*, 2> allowed = {&Job::precision, &Job::global_batch};
  refuse_division(question.job, "data parallel", allowed);
  refuse_loop(question);
  answer.image_model = model;
  take_measured(question, model.name, answer);
  double rate = question.one_worker_rate;
  const auto one = answer.options.measured.find(1);
  if (rate == 0.0 && one != answer.options.measured.end()) rate = one->second;
  const auto flop_per_image = static_cast<double>(model.flops_per_image());
  double flop_per_s = rate * flop_per_image;
  if (rate > 0.0) {
    answer.remark = fmt::format("calibrated on one worker alone: {:.4g} images/s, {:.4g} GFLOP/s", rate,
                                flop_per_s * 1e-9);
  } else {
    flop_per_s =
        roofline_flop_per_s(model, answer.machine.npu, read_word(question.job, &Job::precision, precision));
    answer.remark = fmt::format(
        "one worker by the roofline of its layers, at most {:.4g} images/s; --one-worker-rate calibrates",
        flop_per_s / flop_per_image);
  }
  answer.workload = image_workload(model, answer.machine, flop_per_s);
}

void add_workload(const CurveQuestion& question, const Model& table, SimulatedCurve& answer) {
  constexpr std::array<std::string Job::*, 1> allowed = {&Job::global_batch};
  refuse_division(question.job, "a layer table", allowed);
  refuse_rate(question);
  take_measured(question, table.name, answer);
  answer.workload = table_workload(table, answer.machine, loop_of(question.job));
}

void add_workload(const CurveQuestion& question, TransformerArchitecture model, SimulatedCurve& answer) {
  const Job& job = question.job;
  refuse_rate(question);
  refuse_loop(question);
  if (!job.sequence.empty()) model.sequence = read_count(job, &Job::sequence);
  std::vector<std::string> open;
  for (std::string Job::*const word : division_decisions()) {
    const bool decides = word != &Job::ep || model.sparse();
    if (decides && ((job.*word).empty() || is_auto(job.*word))) open.push_back(typed_name(job_option(word)));
  }
  if (!open.empty())
    answer.remark = fmt::format("{} chosen at each point: the fastest of all that fit", fmt::join(open, " "));
  take_measured(question, model.name, answer);
  Job any_npus = job;
  any_npus.npus.clear();
  const DivisionSpace space = division_space(any_npus, model, answer.machine);
  const Divide divide = [space](const TrainingJob& at, std::int64_t npus) {
    DivisionSpace here = space;
    here.job.parallelism.global_batch = at.parallelism.global_batch;
    here.npus = {npus};
    return best_division(here);
  };
  answer.workload = transformer_workload(model, answer.machine, space.job.parallelism, divide);
  if (!open.empty()) answer.workload.doublings = 4;  // each is a search
}

void add_workload(const CurveQuestion& question, const WorkloadFiles& files, SimulatedCurve&) {
  throw InputError(fmt::format("{} holds the step of one number of NPUs: there is no curve of it; {}",
                               files.path, question.job.model));
}

CurveOptions options_of(const CurveQuestion& question) {
  CurveOptions options{.workers = question.workers,
                       .mode = question.mode,
                       .batch = question.batch,
                       .efficiency = question.efficiency};
  const Job& job = question.job;
  const bool strong = question.mode == ScalingMode::Strong;
  if (!job.global_batch.empty()) options.global_batch = read_count(job, &Job::global_batch, most_batch);
  if (strong && options.global_batch == 0) throw InputError("--strong needs --global-batch");
  if (strong && options.batch != 0) throw InputError("--batch is for --weak; --strong has --global-batch");
  if (!strong && options.global_batch != 0) throw InputError("--global-batch is for --strong");
  return options;
}

}  // namespace

SimulatedCurve curve(const CurveQuestion& question) {
  SimulatedCurve answer{.machine = machine_of(question.job), .options = options_of(question)};
  std::visit([&](const auto& workload) { add_workload(question, workload, answer); },
             load_workload(question.job.model));
  // What a machine knows was measured with the model's own batch on every worker.
  const CurveOptions& options = answer.options;
  const bool own_batch = options.mode == ScalingMode::Weak &&
                         (options.batch == 0 || options.batch == answer.workload.usual_batch);
  if (!question.measured && !own_batch) answer.options.measured.clear();
  answer.curve = simulate_curve(answer.workload, answer.machine, answer.options);
  return answer;
}

}  // namespace bandwright
