#include "cli/estimate.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/memory_fit.h"
#include "cli/option_rules.h"
#include "cli/options.h"
#include "training/notes.h"

namespace bandwright {

std::vector<double> given_bandwidths(const EstimateOptions& options, const Network& network) {
  if (options.bandwidth.empty()) return {};
  auto gb_per_s = parse_option("--bandwidth", options.bandwidth,
                               [&](std::string_view text) { return parse_bandwidths(text, network); });
  for (const double each : gb_per_s) {
    if (each <= 0.0) throw InputError("--bandwidth: a dimension of 0 GB/s, expected more");
  }
  return gb_per_s;
}

TextTable breakdown_table(const std::vector<BreakdownLine>& breakdown, double step_ns) {
  TextTable table{.headings = {"part", "ms", "%", "hidden ms"}};
  for (const BreakdownLine& line : breakdown) {
    table.rows.push_back({line.name, fmt::format("{:.3f}", line.exposed_ns * 1e-6),
                          fmt::format("{:.1f}", 100.0 * line.exposed_ns / step_ns),
                          fmt::format("{:.3f}", line.hidden_ns * 1e-6)});
  }
  table.rows.push_back({"step", fmt::format("{:.3f}", step_ns * 1e-6), "100.0", ""});
  return table;
}

TextTable memory_table(const std::vector<MemoryBill::Line>& lines) {
  TextTable table{.headings = {"memory per NPU", "GiB"}};
  double total = 0.0;
  for (const MemoryBill::Line& line : lines) {
    total += line.bytes;
    table.rows.push_back({std::string(line.name), fmt::format("{:.2f}", line.bytes / gib)});
  }
  table.rows.push_back({"total", fmt::format("{:.2f}", total / gib)});
  return table;
}

nlohmann::ordered_json breakdown_json(const std::vector<BreakdownLine>& breakdown) {
  nlohmann::ordered_json lines;
  for (const BreakdownLine& line : breakdown) {
    lines.push_back(
        {{"part", line.name}, {"exposed_ms", line.exposed_ns * 1e-6}, {"hidden_ms", line.hidden_ns * 1e-6}});
  }
  return lines;
}

nlohmann::ordered_json memory_json(const std::vector<MemoryBill::Line>& lines) {
  nlohmann::ordered_json parts;
  for (const MemoryBill::Line& line : lines) {
    parts.push_back({{"part", line.name}, {"gib", line.bytes / gib}});
  }
  return parts;
}

namespace {

// "46.7 billion parameters, 12.9 active".
std::string parameters_text(const TransformerArchitecture& model) {
  const std::string active =
      model.sparse() ? fmt::format(", {:.1f} active", active_parameters(model) * 1e-9) : "";
  return fmt::format("{:.1f} billion parameters{}", parameters(model) * 1e-9, active);
}

std::string as_text(const TrainingJob& job, const TrainingEstimate& result,
                    const std::optional<Offload>& offloaded) {
  std::string text = fmt::format(
      "{} ({}) on {} NPU{} of {}\n{}\n\n", job.model.name, parameters_text(job.model), job.parallelism.npus(),
      job.parallelism.npus() == 1 ? "" : "s", job.machine.name, divided(job.parallelism));
  text +=
      fmt::format("step {:.3f} ms   {:.0f} tokens/s   {:.1f} TFLOP/s per NPU   MFU {:.1f} %   HFU {:.1f} %\n",
                  result.step_ns * 1e-6, result.tokens_per_s, result.tflop_per_s_per_npu, 100.0 * result.mfu,
                  100.0 * result.hfu);
  if (result.usd_per_million_tokens > 0.0) {
    text += fmt::format("{:.3f} $ per million tokens at {} $ per NPU and hour\n",
                        result.usd_per_million_tokens, job.machine.npu.usd_per_hour);
  }
  if (offloaded) text += offload_text(*offloaded);
  text += '\n' + aligned(breakdown_table(result.breakdown, result.step_ns)) + '\n' +
          aligned(memory_table(result.memory.lines())) + '\n' + fit_text(result) + '\n';
  for (const std::string& note : notes(job, shipped_calibration())) text += fmt::format("note: {}\n", note);
  return text;
}

std::string as_json(const TrainingJob& job, const TrainingEstimate& result,
                    const std::optional<Offload>& offloaded) {
  nlohmann::ordered_json root;
  root["schema_version"] = 1;
  root["model"] = job.model.name;
  root["system"] = job.machine.name;
  root["parameters"] = parameters(job.model);
  root["active_parameters"] = active_parameters(job.model);
  root["npus"] = job.parallelism.npus();
  root["parallelism"] = division_json(job.parallelism);
  root["step_time_ms"] = result.step_ns * 1e-6;
  root["tokens_per_s"] = result.tokens_per_s;
  root["tflop_per_s_per_npu"] = result.tflop_per_s_per_npu;
  root["mfu"] = result.mfu;
  root["hfu"] = result.hfu;
  root.update(fit_json(result));
  root["memory"] = memory_json(result.memory.lines());
  root["placement"] = offloaded ? offload_json(*offloaded) : nlohmann::ordered_json();
  root["notes"] = notes(job, shipped_calibration());
  root["usd_per_million_tokens"] = result.usd_per_million_tokens;
  root["breakdown"] = breakdown_json(result.breakdown);
  return root.dump(2) + '\n';
}

void estimate_transformer(const EstimateOptions& options) {
  TrainingJob job = load_training_job(options.model, options.training);
  std::optional<Offload> offloaded;
  if (!options.offload.tiers.empty()) offloaded = offload(job, options.offload);
  const Network network = job.machine.network(job.parallelism.npus());
  const std::vector<double> gb_per_s = given_bandwidths(options, network);
  const TrainingEstimate result = estimate(job, gb_per_s);
  if (!options.timeline.empty()) {
    const StepTimeline step = step_timeline(job, gb_per_s);
    write_output({.file = options.timeline}, chrome_trace(step.timeline, step.step));
  }
  switch (options.output.format) {
    case OutputFormat::Text:
      return write_output(options.output, as_text(job, result, offloaded));
    case OutputFormat::Csv:
      return write_output(options.output, as_csv(breakdown_table(result.breakdown, result.step_ns)));
    case OutputFormat::Json:
      return write_output(options.output, as_json(job, result, offloaded));
  }
}

void run(EstimateOptions options) {
  if (options.model.empty()) {
    options.model = options.word;
  } else if (!options.word.empty()) {
    options.training.system = options.word;
  }
  if (options.model.empty()) throw InputError("missing <model>: bandwright estimate <model> --npus N");
  const ModelFile model = find_model(options.model);
  if (model.kind == ModelKind::Transformer) return estimate_transformer(options);
  estimate_undivided(options, model);
}

}  // namespace

void add_estimate(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "estimate", "How long a model's training step takes on a machine, where it goes, and whether it fits");
  const auto options =
      std::make_shared<EstimateOptions>();  // shared with the callback, which outlives this function
  command->add_option("words", options->word)
      ->option_text(
          "<model>: a name of `list architectures`, `list convnets` or `list models`, a YAML file, or a\n"
          "      Hugging Face config.json");
  command->add_option("--model", options->model, "in place of <model>; the word, if any, is then the system")
      ->type_name("MODEL");
  command->add_option("--system", options->training.system, "a name of `list systems`, or a YAML file")
      ->type_name("SYSTEM")
      ->capture_default_str();
  command->add_option("--npus", options->training.npus, "NPUs of the job; DP is what TP, CP and PP leave")
      ->required()
      ->type_name("COUNT");
  add_training_options(*command, options->training);
  begin_group(*command, main_options);
  command->add_option("--recompute", options->training.recompute, "none, selective (attention core) or full")
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--bandwidth", options->bandwidth,
                   "GB/s per NPU of each dimension, where not the machine's")
      ->type_name("LIST");
  add_offload_options(*command, options->offload);
  add_output_options(*command, options->output);
  add_output_file(*command, "--timeline", options->timeline, "write the step as a Chrome trace");
  command->footer(
      "The exposed parts of the breakdown add up to the step; hidden time passes beside them. Measured "
      "accuracy\n"
      "by data set: docs/accuracy.md, or `bandwright validate`.\n"
      "Convolutional networks and layer tables are data parallel, or divided as the table says: of the "
      "options\n"
      "of training they have --global-batch (images) and --precision, tables none.\n"
      "Examples:\n"
      "  bandwright estimate gpt3-175b --system dgx-a100 --npus 512 --tp 8 --pp 8 --sequence-parallel\n"
      "      --global-batch 1024\n"
      "  bandwright estimate llama3-70b --system dgx-h100 --npus 256 --tp 8 --pp 4 --sequence-parallel "
      "--format json\n"
      "  bandwright estimate llama3-70b --system dgx-h100 --npus 8 --tp 8 --tiers hbm-ddr\n"
      "  bandwright estimate config.json --system dgx-h100 --npus 64 --zero 3 --recompute full\n"
      "  bandwright estimate resnet-50 --system dgx-a100 --npus 64");
  command->callback([command, options] {
    check_needs(*command, two_memories, {"--tiers"});
    if (!options->word.empty()) check_excludes(*command, {"--model"}, {"--system"});
    options->given = given_training_options(*command);
    if (command->count("--tiers") > 0) options->given.emplace_back("--tiers");
    run(*options);
  });
}

}  // namespace bandwright
