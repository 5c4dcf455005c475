#include "cli/training_options.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>

#include "cli/option_rules.h"
#include "cli/output.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr std::int64_t most = 1 << 24;

std::int64_t count(std::string_view option, const std::string& text) {
  return parse_option(option, text, [](std::string_view word) { return parse_integer(word, 1, most); });
}

void read_overlap(const std::string& text, Parallelism& p) {
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
      throw InputError(fmt::format(
          "--overlap: unknown '{}' (choices: gradients, parameters, backward, tensor, expert, none)", word));
    }
  }
}

std::vector<std::string> read_placement(const std::string& text) {
  constexpr std::array<std::string_view, 5> all = {"TP", "CP", "EP", "DP", "PP"};
  std::vector<std::string> order;
  for (const std::string_view word : split(text, ',')) {
    const auto known =
        std::find_if(all.begin(), all.end(), [&](auto each) { return equal_ignoring_case(each, word); });
    const bool again = known != all.end() && std::find(order.begin(), order.end(), *known) != order.end();
    if (known == all.end() || again) {
      throw InputError(fmt::format("--placement: '{}', expected each of TP, CP, EP, DP and PP once", text));
    }
    order.emplace_back(*known);
  }
  if (order.size() != all.size()) {
    throw InputError(fmt::format("--placement: '{}', expected each of TP, CP, EP, DP and PP once", text));
  }
  return order;
}

}  // namespace

void add_training_options(CLI::App& command, TrainingOptions& options) {
  const auto text = [&](const char* name, std::string& value, const char* help, const char* type) {
    return command.add_option(name, value, help)->type_name(type);
  };
  text("--tp", options.tp, "tensor parallel: matrices divided over so many NPUs", "COUNT")
      ->capture_default_str();
  text("--pp", options.pp,
       "pipeline stages: layers divided; stages x virtual stages up to the layers + 2, even or not", "COUNT")
      ->capture_default_str();
  text("--global-batch", options.global_batch, "sequences of one step (default: 8 micro-batches per stage)",
       "COUNT");
  text("--micro-batch", options.micro_batch, "sequences of one pass", "COUNT")->capture_default_str();
  text("--zero", options.zero, "ZeRO stage: 1 divides the optimizer, 2 gradients, 3 weights (FSDP)", "0..3")
      ->capture_default_str();
  command.add_flag("--sequence-parallel", options.sequence_parallel,
                   "divide norms and dropout over the TP group as well");
  begin_group(command, finer_points);
  text("--cp", options.cp, "context parallel: the sequence divided", "COUNT")->capture_default_str();
  text("--ep", options.ep, "expert parallel: experts divided", "COUNT")->capture_default_str();
  text("--virtual-stages", options.virtual_stages, "chunks of layers per stage (interleaved)", "COUNT")
      ->capture_default_str();
  text("--schedule", options.schedule, "gpipe, 1f1b or interleaved", "NAME");
  text("--attention", options.attention, "unfused, flash1 (2022) or flash", "NAME")->capture_default_str();
  text("--precision", options.precision, "bf16, fp16 or fp8", "NAME")->capture_default_str();
  text("--sequence", options.sequence, "tokens of a sequence, where not the model's own", "COUNT");
  text("--bucket", options.bucket, "gradients reduced together", "SIZE")->capture_default_str();
  text("--overlap", options.overlap,
       "what runs beside compute: gradients, parameters, backward (TP), tensor, expert (beside another\n"
       "micro-batch), none",
       "LIST")
      ->capture_default_str();
  text("--dispatch", options.dispatch,
       "tokens to experts: all-to-all (a copy each), per-node (one per node, passed on inside it), or model: "
       "per\n"
       "node where its router limits the nodes",
       "NAME")
      ->capture_default_str();
  text("--placement", options.placement, "groups over the dimensions, the innermost first", "ORDER")
      ->capture_default_str();
}

std::vector<std::string> given_training_options(const CLI::App& command) {
  std::vector<std::string> given;
  for (const char* name :
       {"--tp", "--pp", "--cp", "--ep", "--virtual-stages", "--schedule", "--sequence-parallel", "--zero",
        "--micro-batch", "--attention", "--precision", "--sequence", "--bucket", "--overlap", "--dispatch",
        "--placement", "--recompute"}) {
    if (command.count(name) > 0) given.emplace_back(name);
  }
  return given;
}

Parallelism read_parallelism(const TrainingOptions& options) {
  Parallelism p{.tensor = count("--tp", options.tp),
                .context = count("--cp", options.cp),
                .expert = count("--ep", options.ep),
                .pipeline = count("--pp", options.pp),
                .virtual_stages = count("--virtual-stages", options.virtual_stages),
                .sequence_parallel = options.sequence_parallel};
  p.zero = static_cast<int>(
      parse_option("--zero", options.zero, [](std::string_view word) { return parse_integer(word, 0, 3); }));
  p.micro_batch = count("--micro-batch", options.micro_batch);
  p.recompute = parse_option("--recompute", options.recompute, recomputation);
  p.attention = parse_option("--attention", options.attention, attention_kernel);
  p.precision = parse_option("--precision", options.precision, precision);
  p.bucket_bytes = to_double(parse_option("--bucket", options.bucket, parse_bytes));
  p.placement = read_placement(options.placement);
  read_overlap(options.overlap, p);
  p.dispatch = parse_option("--dispatch", options.dispatch, expert_dispatch);
  p.schedule = p.virtual_stages > 1 ? PipelineSchedule::Interleaved : PipelineSchedule::OneFOneB;
  if (!options.schedule.empty()) p.schedule = parse_option("--schedule", options.schedule, pipeline_schedule);
  return p;
}

TrainingJob load_training_job(const std::string& model, const TrainingOptions& options) {
  TrainingJob job{load_architecture(model), load_machine(options.system), read_parallelism(options)};
  if (!options.sequence.empty()) job.model.sequence = count("--sequence", options.sequence);
  Parallelism& p = job.parallelism;
  validate_shape(job.model, p);
  fill_data_parallel(p, count("--npus", options.npus));
  p.global_batch = options.global_batch.empty()
                       ? p.data * p.micro_batch * (p.pipeline > 1 ? 8 * p.pipeline : 1)
                       : count("--global-batch", options.global_batch);
  validate(job.model, p);
  return job;
}

}  // namespace bandwright
