#include "study/estimate.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/estimate.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/console/watching.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "study/trace_context.h"

namespace bandwright {
namespace {

struct EstimateOptions {
  std::vector<std::string> words;  // positionals
  Job job;
  std::string timeline;
  OutputOptions output;
};

void run(EstimateOptions options) {
  Job& job = options.job;
  take_model_and_machine(options.words, job);
  if (job.model.empty())
    throw InputError("missing <model>: bandwright estimate <model> [<machine>] --npus N");
  const Watching watching(job, options.output.host);
  const EstimateAnswer answer = estimate(job, watching.watch());
  if (!options.timeline.empty()) {
    const StepTimeline step = timeline_of(job, answer);
    const auto* training = std::get_if<TransformerEstimate>(&answer);
    const TraceContext context = training == nullptr ? TraceContext{} : trace_context(training->job);
    write_timeline(options.timeline, chrome_trace(step.timeline, step.step, context));
  }
  write_answer(options.output, estimate_document(answer));
}

}  // namespace

void add_estimate(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "estimate", "How long a model's training step takes on a machine, where it goes, and whether it fits");
  const auto options =
      std::make_shared<EstimateOptions>();  // shared with the callback, which outlives this function
  command->add_option("words", options->words)
      ->option_text(
          "<model> [<machine>], in either order\n"
          "      model: a name of `list models`, a YAML file, or a Hugging Face config.json\n"
          "      machine: a name of `list machines`, or a YAML file (dgx-a100)");
  Job& job = options->job;
  add_job_option(*command, job, &Job::model)->description("in place of <model>");
  add_job_option(*command, job, &Job::machine, "--machine,--system")->description("in place of <machine>");
  add_job_option(*command, job, &Job::npus)->required();
  add_job_options(*command, job, OptionGroup::Divisions);
  add_job_option(*command, job, &Job::recompute);
  add_job_option(*command, job, &Job::bandwidth)
      ->description("GB/s per NPU of each dimension, where not the machine's");
  begin_group(*command, layer_tables);
  add_job_options(*command, job, OptionGroup::Tables);
  begin_group(*command, finer_points);
  add_job_options(*command, job, OptionGroup::Finer);
  begin_group(*command, two_memories);
  add_job_options(*command, job, OptionGroup::Memories);
  add_output_options(*command, options->output);
  add_fit_option(*command, options->output);
  add_output_file(*command, "--timeline", options->timeline,
                  "write the step as a trace for ui.perfetto.dev (compressed: step.json.gz)");
  command->footer(
      "The exposed parts of the breakdown add up to the step; hidden time passes beside them.\n"
      "Measured accuracy by data set: docs/accuracy.md, or `bandwright validate`.\n"
      "Convolutional networks and layer tables are data parallel, or divided as the table says: of\n"
      "the options of training they have --global-batch (images) and --precision, tables --loop,\n"
      "--tables, --recompute and --compute-scale.\n"
      "Examples:\n"
      "  bandwright estimate gpt3-175b --machine dgx-a100 --npus 512 --tp 8 --pp 8 --sequence-parallel\n"
      "      --global-batch 1024\n"
      "  bandwright estimate llama3-70b --machine dgx-h100 --npus 256 --tp 8 --pp 4 --sequence-parallel "
      "--format json\n"
      "  bandwright estimate llama3-70b --machine dgx-h100 --npus 8 --tp 8 --tiers hbm-ddr\n"
      "  bandwright estimate config.json --machine dgx-h100 --npus 64 --zero 3 --recompute full\n"
      "  bandwright estimate resnet-50 --machine dgx-a100 --npus 64");
  let_start_fresh(*command, options);
  command->callback([command, options] {
    check_needs(*command, two_memories, {"--tiers"});
    run(*options);
  });
}

}  // namespace bandwright
