#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/experiment_folder.h"
#include "cli/figures.h"
#include "cli/findings_text.h"
#include "cli/html.h"
#include "cli/output.h"

namespace bandwright {
namespace {

struct ReportOptions {
  std::string experiment;
  std::string output = "output";
};

// The figures this experiment has, drawn now.
std::string figures_html(const ExperimentFolder& folder) {
  std::string html;
  for (const Figure& figure : figures()) {
    const int status = draw(figure, folder);
    if (status == 2) throw CLI::RuntimeError(status);
    if (status == 1) continue;
    const std::string png = picture(folder.graphs() / figure.name);
    html += html_figure(figure.name, figure.help, png,
                        fmt::format("bandwright plot {} {}", folder.name(), figure.name));
  }
  return html;
}

std::string tables_html(const std::vector<Result>& results) {
  std::string html;
  const TextTable aggregates = aggregates_table(results);
  if (!aggregates.rows.empty())
    html += html_table("Aggregates over all networks, models and budgets", aggregates);
  const TextTable jobs = jobs_table(results);
  if (!jobs.rows.empty()) html += html_table("Jobs", jobs);
  const TextTable losses = losses_table(results);
  if (!losses.rows.empty()) html += html_table("Performance per cost lost with published shares", losses);
  return html;
}

void run(const ReportOptions& options) {
  const ExperimentFolder folder(options.output, experiment_name(options.experiment));
  const std::vector<Result> results = folder.read();
  const std::string body =
      html_list("Findings", sentences(results)) + figures_html(folder) + tables_html(results) +
      html_commands("Run it again", {fmt::format("bandwright evaluate {}", options.experiment),
                                     fmt::format("bandwright report {}", options.experiment)});
  const std::string title = fmt::format("Experiment {}: {} points", folder.name(), results.size());
  const std::string file = (folder.graphs() / "report.html").string();
  write_output({.file = file}, html_page(title, body));
  fmt::print("{}\n", file);
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
  command->add_option("--output", options->output, "folder of all results (default: output)")
      ->type_name("DIR");
  command->footer("Example:\n  bandwright report full      # output/graph_full/report.html");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
