#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/charts/experiment_report.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "core/io/files.h"
#include "experiment/experiment_folder.h"

namespace bandwright {
namespace {

struct ReportOptions {
  std::string experiment;
  std::string folder = "output";
  OutputOptions output;
};

void run(const ReportOptions& options) {
  const ExperimentFolder folder(options.folder, experiment_name(options.experiment));
  const std::vector<Result> results = folder.read();
  make_folder(folder.graphs());
  const std::string file = (folder.graphs() / "report.html").string();
  write_page(options.output, file, report_page(results, folder.name(), options.experiment));
  Document document = findings_document(results, folder.name());
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
