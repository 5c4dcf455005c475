#include "cli/estimate.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <optional>

#include "cli/commands.h"
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

namespace {

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
  std::optional<Facts> placement;
  if (offloaded) placement = offload_facts(*offloaded);
  write_answer(options.output, estimate_document(job, result, placement, notes(job, shipped_calibration())));
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
  add_fit_option(*command, options->output);
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
