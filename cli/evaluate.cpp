#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "answers/experiments/evaluation.h"
#include "cli/commands.h"
#include "cli/console/launched.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "core/io/interrupt.h"
#include "core/io/progress.h"
#include "core/io/tell.h"
#include "core/text.h"
#include "core/units.h"
#include "experiment/evaluation.h"
#include "experiment/experiment_folder.h"
#include "report/layout.h"

namespace bandwright {
namespace {

constexpr std::size_t message_width = 96;   // and four of an indent
constexpr int nothing_answered_status = 1;  // not one point has a step time

struct EvaluateOptions {
  std::string experiment;
  std::string folder = "output";
  OutputOptions output;
  std::string engine;
  std::string fidelity = "auto";
  LaunchOptions launch;
  bool force = false;
  bool dry_run = false;
};

void run(const EvaluateOptions& options, Crew& crew) {
  const bool full = parse_option("--npu-fidelity", options.fidelity, fidelity_named) == Fidelity::Full;
  const Experiment experiment =
      load_experiment(options.experiment, {.engine = options.engine, .full_fidelity = full});
  const auto& points = experiment.points;
  if (full && std::none_of(points.begin(), points.end(),
                           [](const Point& point) { return point.engine == Engine::EventDriven; })) {
    throw InputError("--npu-fidelity full is for the event-driven engine, and no point has it");
  }
  if (options.dry_run) return write_answer(options.output, points_document(experiment));
  const InterruptWatch interrupt(stop_of(options.output.host));
  if (!crew.leads()) return help_evaluate(experiment, crew, {.stop = interrupt.token()});
  const ExperimentFolder folder(options.folder, experiment.name);
  ResultStore store = folder.open_for_writing();
  ProgressBar progress(experiment.name, "points");
  const Evaluation evaluation = evaluate_missing(
      experiment, store, crew,
      {.force = options.force,
       .stop = interrupt.token(),
       .on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  if (evaluation.damaged > 0) {
    tell("bandwright: {}: {} results were damaged and are computed again\n", folder.store().string(),
         evaluation.damaged);
  }
  if (!evaluation.complete) {
    tell("interrupted; what was finished is kept, the same command continues\n");
    if (options.output.host != nullptr) {  // it has been told to end: what there is, is read all the same
      const StopScope unstopped{std::stop_token()};
      const std::vector<Result> results = store.listed();
      options.output.host->on_answer(evaluation_document(experiment, evaluation, results, folder));
    }
    throw CLI::RuntimeError(interrupted_status);
  }
  const std::vector<Result> results = store.listed();
  folder.write_csv(results);
  for (const std::string& line : refused_lines(experiment, results)) {
    tell("{}\n", fmt::join(wrapped(line, message_width), "\n    "));
  }
  write_answer(options.output, evaluation_document(experiment, evaluation, results, folder));
  const bool answered = std::any_of(results.begin(), results.end(),
                                    [](const Result& result) { return result.row.step_time_s.has_value(); });
  if (!answered) throw CLI::RuntimeError(nothing_answered_status);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("evaluate", "Simulate all points of an experiment; continue where it stopped");
  const auto options =
      std::make_shared<EvaluateOptions>();  // shared with the callback, which outlives this function
  command
      ->add_option("experiment", options->experiment, "a name (bandwright list experiments) or a YAML file")
      ->required()
      ->type_name("EXPERIMENT");
  command->add_option("--output", options->folder, "folder of all results (default: output)")
      ->type_name("DIR");
  command
      ->add_option("--engine", options->engine, "event-driven or closed-form, in place of the file's engines")
      ->type_name("ENGINE");
  command
      ->add_option("--npu-fidelity", options->fidelity,
                   "auto: one NPU for all where that is exact; full: every NPU, port and link")
      ->type_name("WORD");
  command->add_flag("--force", options->force, "compute points again that are there already");
  command->add_flag("--dry-run", options->dry_run, "print the points and compute nothing");
  add_launch_options(*command, options->launch);
  add_format_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright evaluate small\n"
      "  bandwright evaluate full --jobs 2\n"
      "  bandwright evaluate my.yaml --dry-run\n"
      "  mpirun -n 4 bandwright evaluate full");
  command->callback([command, options] {
    check_excludes(*command, {"--dry-run"}, {"--force", "--jobs", "--output", "--slurm"});
    check_needs(*command, {"--tasks", "--partition"}, {"--slurm"});
    if (options->launch.slurm)
      return write_output({.host = options->output.host}, slurm_script(options->launch));
    with_crew(options->launch, [&](Crew& crew) { run(*options, crew); });
  });
}

}  // namespace bandwright
