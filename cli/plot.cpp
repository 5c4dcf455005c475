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
#include "core/catalogue.h"
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

void run(const PlotOptions& options) {
  std::vector<const Figure*> chosen;
  for (const std::string& word : options.figures)
    chosen.push_back(&find_in_catalogue(figures(), word, "figure"));
  if (chosen.empty()) {
    for (const Figure& figure : figures()) chosen.push_back(&figure);
  }
  const ExperimentFolder folder(options.folder, experiment_name(options.experiment));
  static_cast<void>(folder.read());  // the figures read what the store says
  Drawn worst = Drawn::Yes;
  Document document{.title = fmt::format("Figures of {}", folder.name())};
  document.data("experiment", folder.name());
  Table table = Table::of("figures");
  table.column("figure", "", Shown::ToPrograms).column("file").column("help", "", Shown::ToPrograms).main =
      true;
  for (const Figure* figure : chosen) {
    const Drawn drawn = draw(*figure, folder, options.slice);
    if (drawn == Drawn::BadInput) require(drawn);  // one line has said why; there is no answer
    const std::string file = (folder.graphs() / file_stem(*figure, options.slice)).string() + ".png";
    if (drawn == Drawn::Yes) table.rows.push_back({figure->name, file, figure->help});
    worst = std::max(worst, drawn);
  }
  document.add(std::move(table));
  write_answer(options.output, std::move(document));
  // A figure that an experiment does not have is no answer only to somebody who asked for it.
  if (worst != Drawn::DoesNotApply || !options.figures.empty()) require(worst);
}

// "-1s-2s" of a part of a timeline.
std::string words_of(const Stretch& stretch) {
  if (stretch.from.empty() && stretch.to.empty()) return "";
  std::string words = fmt::format("-{}-{}", stretch.from.empty() ? "0" : stretch.from,
                                  stretch.to.empty() ? "end" : stretch.to);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == ' ' || c == '/'; }, '_');
  return words;
}

// bandwright plot timeline FILE ...: each as a picture beside it.
void run_timelines(const PlotOptions& options) {
  const std::vector<std::string>& traces = options.figures;
  if (traces.empty()) throw InputError("plot timeline: missing the file that simulate --timeline wrote");
  Table table = Table::of("figures");
  table.column("file").main = true;
  for (const std::string& trace : traces) {
    std::filesystem::path target = trace;
    if (target.extension() == ".gz") target.replace_extension();
    target.replace_extension();
    target += words_of(options.stretch);  // a part does not overwrite the whole
    require(draw_timeline(trace, target, options.stretch));
    table.rows.push_back({target.string() + ".png"});
  }
  Document document{.title = "Timelines"};
  document.add(std::move(table));
  write_answer(options.output, std::move(document));
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
