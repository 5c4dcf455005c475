#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "answers/experiments/figures.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/answer_plot.h"
#include "cli/options/option_rules.h"
#include "core/text.h"
#include "experiment/experiment_folder.h"

namespace bandwright {
namespace {

struct PlotOptions {
  std::string experiment;
  std::vector<std::string> figures;
  std::string folder = "output";
  OutputOptions output;
  Slice slice;
  Stretch stretch;
  bool svg = false;
};

bool is_figure(const std::string& word) {
  return std::any_of(figures().begin(), figures().end(),
                     [&](const Figure& figure) { return equal_ignoring_case(figure.name, word); });
}

// plot fig12 full
void refuse_figure_first(const PlotOptions& options) {
  const auto& words = options.figures;
  if (words.empty() || !is_figure(options.experiment) || is_figure(words.front())) return;
  throw InputError(fmt::format("'{}' is a figure; the order is bandwright plot <experiment> [<figure> ...]",
                               options.experiment));
}

// Figures of an experiment: all of them, or those that were named.
void run(const PlotOptions& options) {
  refuse_figure_first(options);
  const ExperimentFolder folder(options.folder, experiment_name(options.experiment));
  DrawnFigures drawn = draw_figures(folder, options.figures, options.slice);
  if (drawn.worst == Drawn::BadInput) require(drawn.worst);  // one line has said why; there is no answer
  write_answer(options.output, std::move(drawn.document));
  // A figure that an experiment does not have is no answer only to somebody who asked for it.
  if (drawn.worst != Drawn::DoesNotApply || !options.figures.empty()) require(drawn.worst);
}

// bandwright plot timeline FILE ...: each as a picture beside it.
void run_timelines(const PlotOptions& options) {
  if (options.figures.empty())
    throw InputError("plot timeline: missing the file that simulate --timeline wrote");
  DrawnFigures drawn = draw_timelines(options.figures, options.stretch);
  require(drawn.worst);
  write_answer(options.output, std::move(drawn.document));
}

}  // namespace

void add_plot(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plot", "Draw figures of an evaluated experiment, as PNG and PDF");
  const auto options =
      std::make_shared<PlotOptions>();  // shared with the callback, which outlives this function
  command->add_option("experiment", options->experiment, "its name or its YAML file; or the word timeline")
      ->required()
      ->type_name("EXPERIMENT");
  command
      ->add_option("figures", options->figures,
                   "names (bandwright list figures), default: all; or timeline files")
      ->type_name("FIGURE");
  command->add_option("--output", options->folder, "folder of all results (default: output)")
      ->type_name("DIR");
  command->add_option("--view", options->slice.view, "which view of the experiment (default: its first)")
      ->type_name("NAME");
  command->add_option("--loop", options->slice.loop, "which training loop (default: its first)")
      ->type_name("NAME");
  command->add_option("--from", options->stretch.from, "of a timeline: where the picture begins")
      ->type_name("TIME");
  command->add_option("--to", options->stretch.to, "and ends, such as '1.5 s'")->type_name("TIME");
  command->add_flag("--svg", options->svg, "as SVG, too");
  add_format_options(*command, options->output);
  command->footer(
      "Examples:\n"
      "  bandwright plot small fig12\n"
      "  bandwright plot full\n"
      "  bandwright plot libra-4096 fig12 --loop Overlap\n"
      "  bandwright plot timeline step.json      a trace of simulate --timeline, as step.png and step.pdf\n"
      "  bandwright plot timeline step.json.gz --from 1s --to 2s");
  command->callback([command, options] {
    options->slice.svg = options->stretch.svg = options->svg;
    if (equal_ignoring_case(options->experiment, "timeline")) {
      refuse_typed(*command, {"--output", "--view", "--loop"}, "is for experiments, not for timelines");
      run_timelines(*options);
    } else {
      refuse_typed(*command, {"--from", "--to"}, "is for timelines, not for experiments");
      run(*options);
    }
  });
}

}  // namespace bandwright
