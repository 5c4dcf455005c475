#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <memory>

#include "cli/commands.h"
#include "cli/experiment_folder.h"
#include "cli/findings_text.h"
#include "cli/output.h"
#include "core/catalogue.h"
#include "experiment/evaluation.h"

namespace bandwright {
namespace {

// A table: the experiment it is made of, computed first where results are missing.
struct TableInfo {
  std::string_view name;
  std::string_view help;
  std::string_view experiment;
  TextTable (*make)(const std::vector<Result>& results);
  std::size_t left_columns;
};
constexpr std::array tables = {
    TableInfo{"VI", "optimal bandwidths of 4D at 325 GB/s per NPU", "table-vi", optima_table, 2},
    TableInfo{"aggregates", "speedups and performance per cost in few numbers, in every view", "full",
              aggregates_table, 2},
    TableInfo{"losses", "performance per cost that published shares lose, by network and model", "full",
              losses_table, 4}};

struct TableOptions {
  std::string table;
  std::string output = "output";
};

void run(const TableOptions& options) {
  const TableInfo& info = find_in_catalogue(std::span<const TableInfo>(tables), options.table, "table");
  const Experiment experiment = load_experiment(info.experiment);
  const ExperimentFolder folder(options.output, experiment.name);
  ResultStore store = folder.open_for_writing();
  evaluate_missing(experiment, store, {});
  const std::vector<Result> results = store.listed();
  folder.write_csv(results);
  fmt::print("{}", aligned(info.make(results), info.left_columns));
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
  command->add_option("--output", options->output, "folder of all results (default: output)")
      ->type_name("DIR");
  command->footer("Example:\n  bandwright table VI");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
