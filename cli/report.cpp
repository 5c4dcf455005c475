#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/findings.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/experiment_folder.h"
#include "cli/figures.h"

namespace bandwright {
namespace {

struct ReportOptions {
  std::string experiment;
  std::string folder = "output";
  OutputOptions output;
};

// The figures this experiment has, drawn now.
void add_figures(const ExperimentFolder& folder, Document& page) {
  for (const Figure& figure : figures()) {
    const Drawn drawn = draw(figure, folder);
    if (drawn == Drawn::DoesNotApply) continue;
    require(drawn);
    page.add(Picture{std::string(figure.name), std::string(figure.help),
                     picture(folder.graphs() / figure.name),
                     fmt::format("bandwright plot {} {}", folder.name(), figure.name)});
  }
}

void run(const ReportOptions& options) {
  const ExperimentFolder folder(options.folder, experiment_name(options.experiment));
  const std::vector<Result> results = folder.read();
  const std::string file = (folder.graphs() / "report.html").string();
  Document document{.title = fmt::format("Experiment {}: {} points", folder.name(), results.size())};
  document.data("experiment", folder.name()).data("points", results.size());
  document.add(List::of("findings", "Findings", sentences(results)));
  Document page = document;
  add_figures(folder, page);
  page.add(aggregates_table(results));
  Table jobs = jobs_table(results);
  if (!jobs.rows.empty()) page.add(std::move(jobs));
  page.add(losses_table(results));
  List commands = List::of("commands", "Run it again",
                           {fmt::format("bandwright evaluate {}", options.experiment),
                            fmt::format("bandwright report {}", options.experiment)});
  commands.commands = true;
  page.add(std::move(commands));
  write_output({.file = file}, render_html(page));
  document.fact("file", file);
  write_answer(options.output, std::move(document));
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("report", "One HTML page with an experiment's findings, figures and tables");
  const auto options =
      std::make_shared<ReportOptions>();  // shared with the callback, which outlives this function
  command->add_option("experiment", options->experiment, "its name or its YAML file")
      ->required()
      ->type_name("EXPERIMENT");
  command->add_option("--output", options->folder, "folder of all results (default: output)")
      ->type_name("DIR");
  add_format_options(*command, options->output);
  command->footer("Example:\n  bandwright report full      # output/graph_full/report.html");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
