#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <memory>

#include "answers/experiments/findings.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "core/catalogue.h"
#include "experiment/evaluation.h"
#include "experiment/experiment_folder.h"

namespace bandwright {
namespace {

// A table: the experiment it is made of, computed first where results are missing.
struct TableInfo {
  std::string_view name;
  std::string_view help;
  std::string_view experiment;
  Table (*make)(const std::vector<Result>& results);
};
constexpr std::array tables = {
    TableInfo{"VI", "optimal bandwidths of 4D at 325 GB/s per NPU", "table-vi", optima_table},
    TableInfo{"aggregates", "speedups and performance per cost in few numbers, in every view", "full",
              aggregates_table},
    TableInfo{"losses", "performance per cost that published shares lose, by network and model", "full",
              losses_table}};

struct TableOptions {
  std::string table;
  std::string folder = "output";
  OutputOptions output;
};

void run(const TableOptions& options) {
  const TableInfo& info = find_in_catalogue(std::span<const TableInfo>(tables), options.table, "table");
  const Experiment experiment = load_experiment(info.experiment);
  const ExperimentFolder folder(options.folder, experiment.name);
  ResultStore store = folder.open_for_writing();
  evaluate_missing(experiment, store);
  const std::vector<Result> results = store.listed();
  folder.write_csv(results);
  Document document{.title = fmt::format("Table {}: {}", info.name, info.help)};
  document.data("table", info.name).data("experiment", info.experiment);
  Table table = info.make(results);
  table.main = true;
  document.add(std::move(table));
  write_answer(options.output, std::move(document));
}

}  // namespace

void add_table(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("table", "Print a table of the paper, or of what an experiment found");
  const auto options =
      std::make_shared<TableOptions>();  // shared with the callback, which outlives this function
  std::string names;
  for (const TableInfo& info : tables) names += fmt::format("\n  {:<11} {}", info.name, info.help);
  command->add_option("table", options->table, "its name:" + names)->required()->type_name("TABLE");
  command->add_option("--output", options->folder, "folder of all results (default: output)")
      ->type_name("DIR");
  add_format_options(*command, options->output);
  command->footer("Example:\n  bandwright table VI");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
