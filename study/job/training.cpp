#include "study/job/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "study/job/division_space.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

void read_overlap(std::string_view text, Parallelism& p) {
  p.overlap_gradients = p.overlap_parameters = p.overlap_backward = p.overlap_tensor = p.overlap_expert =
      false;
  for (const std::string_view word : split(text, ',')) {
    if (equal_ignoring_case(word, "none")) continue;
    if (equal_ignoring_case(word, "gradients")) {
      p.overlap_gradients = true;
    } else if (equal_ignoring_case(word, "parameters")) {
      p.overlap_parameters = true;
    } else if (equal_ignoring_case(word, "backward")) {
      p.overlap_backward = true;
    } else if (equal_ignoring_case(word, "tensor")) {
      p.overlap_tensor = true;
    } else if (equal_ignoring_case(word, "expert")) {
      p.overlap_expert = true;
    } else {
      throw InputError(
          fmt::format("unknown '{}' (choices: gradients, parameters, backward, tensor, expert, none)", word));
    }
  }
}

std::vector<std::string> read_placement(std::string_view text) {
  constexpr std::array<std::string_view, 5> all = {"TP", "CP", "EP", "DP", "PP"};
  std::vector<std::string> order;
  for (const std::string_view word : split(text, ',')) {
    const auto known =
        std::find_if(all.begin(), all.end(), [&](auto each) { return equal_ignoring_case(each, word); });
    const bool again = known != all.end() && std::find(order.begin(), order.end(), *known) != order.end();
    if (known == all.end() || again) {
      throw InputError(fmt::format("'{}', expected each of TP, CP, EP, DP and PP once", text));
    }
    order.emplace_back(*known);
  }
  if (order.size() != all.size()) {
    throw InputError(fmt::format("'{}', expected each of TP, CP, EP, DP and PP once", text));
  }
  return order;
}

Adapters read_adapters(const Job& job) {
  const std::int64_t rank = read_word(
      job, &Job::lora_rank, [](std::string_view word) { return parse_integer(word, 0, most_rank); });
  return read_word(job, &Job::lora_targets, [&](std::string_view list) {
    if (rank == 0 && !job.lora_targets.empty()) throw InputError("would do nothing without --lora-rank");
    return adapters(rank, list);
  });
}

}  // namespace

Parallelism read_parallelism(const Job& given) {
  const Job job = without_auto(given);
  Parallelism p{.tensor = read_count(job, &Job::tp),
                .context = read_count(job, &Job::cp),
                .expert = read_count(job, &Job::ep),
                .pipeline = read_count(job, &Job::pp),
                .virtual_stages = read_count(job, &Job::virtual_stages),
                .sequence_parallel = read_flag(job, &Job::sequence_parallel)};
  p.zero = static_cast<int>(
      read_word(job, &Job::zero, [](std::string_view word) { return parse_integer(word, 0, 3); }));
  p.micro_batch = read_count(job, &Job::micro_batch);
  p.recompute = read_word(job, &Job::recompute, recomputation);
  p.attention = read_word(job, &Job::attention, attention_kernel);
  p.precision = read_word(job, &Job::precision, precision);
  p.bucket_bytes = to_double(read_word(job, &Job::bucket, parse_bytes));
  p.placement = read_word(job, &Job::placement, read_placement);
  read_word(job, &Job::overlap, [&](std::string_view text) { return read_overlap(text, p); });
  p.dispatch = read_word(job, &Job::dispatch, expert_dispatch);
  if (!job.expert_tp.empty()) p.expert_tensor = read_count(job, &Job::expert_tp);
  if (!job.zero_npus.empty()) p.zero_npus = read_count(job, &Job::zero_npus);
  p.optimizer = read_word(job, &Job::optimizer, optimizer);
  p.stored_gradient_bytes = read_word(job, &Job::stored_gradients, gradient_bytes);
  p.gradient_bytes = read_word(job, &Job::sent_gradients, gradient_bytes);
  p.loss = read_word(job, &Job::loss, loss);
  p.whole_graphs = read_flag(job, &Job::whole_graphs);
  p.again = read_word(job, &Job::recompute_modules, recomputed_modules);
  p.offloaded_layers = read_word(job, &Job::offload_layers, [](std::string_view word) {
    return equal_ignoring_case(word, "all") ? all_layers : parse_integer(word, 0, all_layers);
  });
  p.adapters = read_adapters(job);
  p.schedule = p.virtual_stages > 1 ? PipelineSchedule::Interleaved : PipelineSchedule::OneFOneB;
  if (!job.schedule.empty()) p.schedule = read_word(job, &Job::schedule, pipeline_schedule);
  return p;
}

namespace {
std::int64_t predicted_more(const Job& job) {
  return read_word(job, &Job::predict_more,
                   [](std::string_view word) { return parse_integer(word, 0, most_predicted - 1); });
}
}  // namespace

void check_words(const Job& job) {
  static_cast<void>(read_parallelism(job));
  static_cast<void>(predicted_more(job));
  for (std::string Job::*const word : {&Job::npus, &Job::global_batch, &Job::sequence}) {
    if (!(job.*word).empty()) static_cast<void>(read_count(job, word));
  }
}

Machine machine_of(const Job& job) {
  return read_word(job, &Job::machine, [](std::string_view word) { return load_machine(word); });
}

TrainingJob training_job(const Job& job, TransformerArchitecture model, Machine machine) {
  refuse_table_words(job, "a transformer");
  TrainingJob result{std::move(model), std::move(machine), read_parallelism(job)};
  result.parallelism.compiled = result.machine.npu.compiled;
  if (result.parallelism.offloaded_layers > 0 && !result.machine.npu.host_gb_per_s) {
    throw InputError(
        fmt::format("--offload-layers: no host_bandwidth is known of {}", result.machine.npu.name));
  }
  if (!job.sequence.empty()) result.model.sequence = read_count(job, &Job::sequence);
  result.model = read_word(job, &Job::predict_more, [&](std::string_view word) {
    return predicting_more(std::move(result.model), parse_integer(word, 0, most_predicted - 1));
  });
  if (job.npus.empty()) throw InputError("a transformer needs --npus");
  Parallelism& p = result.parallelism;
  if (leaves_open(job)) {
    p = open_division(job, result.model, result.machine);
    return result;
  }
  const std::int64_t npus = read_count(job, &Job::npus);
  const std::int64_t global_batch = job.global_batch.empty() ? 0 : read_count(job, &Job::global_batch);
  validate_shape(result.model, p);
  fill_data_parallel(p, npus);
  const std::int64_t usual_batch = p.data * p.micro_batch * (p.pipeline > 1 ? 8 * p.pipeline : 1);
  p.global_batch = global_batch > 0 ? global_batch : usual_batch;
  validate(result.model, p);
  return result;
}

}  // namespace bandwright
