#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/experiment_folder.h"
#include "cli/interrupt.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "core/progress.h"
#include "core/tell.h"
#include "core/units.h"
#include "experiment/evaluation.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_threads = 4096;

struct EvaluateOptions {
  std::string experiment;
  std::string output = "output";
  std::string engine;
  std::string fidelity = "auto";
  std::string jobs = "0";
  bool force = false;
  bool dry_run = false;
};

void print_points(const Experiment& experiment) {
  TextTable table;
  for (const Column& column : columns()) {
    if (column.asked || column.name == "id") table.headings.emplace_back(column.name);
  }
  for (const Point& point : experiment.points) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    for (const Column& column : columns()) {
      if (column.asked || column.name == "id") cells.push_back(cell_text(point.asked, column));
    }
  }
  fmt::print("{}\n{} points\n", aligned(table, table.headings.size()), experiment.points.size());
}

void print_summary(const Experiment& experiment, const Evaluation& evaluation, double seconds,
                   const ExperimentFolder& folder) {
  if (evaluation.missing == 0) {
    fmt::print("{}: all {} points were there already (--force computes them again)\n", experiment.name,
               evaluation.points);
  } else {
    fmt::print("{}: {} points, {} of them computed in {:.2f} s ({:.0f} points/s)\n", experiment.name,
               evaluation.points, evaluation.missing, seconds,
               static_cast<double>(evaluation.missing) / seconds);
  }
  fmt::print("{}\n", folder.csv().string());
}

void run(const EvaluateOptions& options) {
  const auto jobs = static_cast<int>(parse_option(
      "--jobs", options.jobs, [](std::string_view text) { return parse_integer(text, 0, most_threads); }));
  const bool full = parse_option("--npu-fidelity", options.fidelity, fidelity_named) == Fidelity::Full;
  const Experiment experiment =
      load_experiment(options.experiment, {.engine = options.engine, .full_fidelity = full});
  const auto& points = experiment.points;
  if (full && std::none_of(points.begin(), points.end(),
                           [](const Point& point) { return point.engine == Engine::EventDriven; })) {
    throw InputError("--npu-fidelity full is for the event-driven engine, and no point has it");
  }
  if (options.dry_run) return print_points(experiment);
  const ExperimentFolder folder(options.output, experiment.name);
  const InterruptWatch interrupt;
  ResultStore store = folder.open_for_writing();
  ProgressBar progress(experiment.name, "points");
  const Evaluation evaluation = evaluate_missing(
      experiment, store,
      {.jobs = jobs,
       .force = options.force,
       .stop = interrupt.token(),
       .on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  if (evaluation.damaged > 0) {
    tell("bandwright: {}: {} results were damaged and are computed again\n", folder.store().string(),
         evaluation.damaged);
  }
  if (!evaluation.complete) {
    tell("interrupted; what was finished is kept, the same command continues\n");
    throw CLI::RuntimeError(interrupted_status);
  }
  folder.write_csv(store.listed());
  print_summary(experiment, evaluation, progress.seconds(), folder);
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
  command->add_option("--output", options->output, "folder of all results (default: output)")
      ->type_name("DIR");
  command
      ->add_option("--engine", options->engine, "event-driven or closed-form, in place of the file's engines")
      ->type_name("ENGINE");
  command
      ->add_option("--npu-fidelity", options->fidelity,
                   "auto: one NPU for all where that is exact; full: every NPU, port and link")
      ->type_name("WORD");
  command->add_option("--jobs", options->jobs, "threads (default: one per core)")->type_name("N");
  command->add_flag("--force", options->force, "compute points again that are there already");
  command->add_flag("--dry-run", options->dry_run, "print the points and compute nothing");
  command->footer(
      "Examples:\n"
      "  bandwright evaluate small\n"
      "  bandwright evaluate full --jobs 2\n"
      "  bandwright evaluate my.yaml --dry-run");
  command->callback([command, options] {
    check_excludes(*command, {"--dry-run"}, {"--force", "--jobs", "--output"});
    run(*options);
  });
}

}  // namespace bandwright
