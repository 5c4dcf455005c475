#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/experiment_folder.h"
#include "cli/figures.h"
#include "core/catalogue.h"

namespace bandwright {
namespace {

struct PlotOptions {
  std::string experiment;
  std::vector<std::string> figures;
  std::string output = "output";
};

void run(const PlotOptions& options) {
  std::vector<const Figure*> chosen;
  for (const std::string& word : options.figures)
    chosen.push_back(&find_in_catalogue(figures(), word, "figure"));
  if (chosen.empty()) {
    for (const Figure& figure : figures()) chosen.push_back(&figure);
  }
  const ExperimentFolder folder(options.output, experiment_name(options.experiment));
  static_cast<void>(folder.read());  // the figures read what the store says
  int worst = 0;
  for (const Figure* figure : chosen) {
    const int status = draw(*figure, folder);
    if (status == 0) fmt::print("{}\n", (folder.graphs() / figure->name).string() + ".png");
    worst = std::max(worst, status);
  }
  // A figure that an experiment does not have is no answer only to somebody who asked for it.
  if (worst == 2 || (worst == 1 && !options.figures.empty())) throw CLI::RuntimeError(worst);
}

}  // namespace

void add_plot(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plot", "Draw figures of an evaluated experiment, as PNG and PDF");
  const auto options =
      std::make_shared<PlotOptions>();  // shared with the callback, which outlives this function
  command->add_option("experiment", options->experiment, "its name or its YAML file")
      ->required()
      ->type_name("EXPERIMENT");
  command->add_option("figures", options->figures, "names (bandwright list figures); default: all")
      ->type_name("FIGURE");
  command->add_option("--output", options->output, "folder of all results (default: output)")
      ->type_name("DIR");
  command->footer(
      "Examples:\n"
      "  bandwright plot small fig12\n"
      "  bandwright plot full");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
