#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/text.h"
#include "validation/fit.h"
#include "validation/write_calibration.h"

namespace bandwright {
namespace {

constexpr std::size_t worst_shown = 10;
constexpr int fit_evaluations = 600;

struct ValidateOptions {
  std::string data = "../shared/validation";
  bool leave_one_out = false;
  std::string fit;   // file for newly fitted constants
  std::string rows;  // file for every row
  OutputOptions output;
};

struct ScoredSet {
  const DataSet* set = nullptr;
  std::vector<double> errors;  // relative, one per row
};

// The known files of a folder; a line on standard error for each other one.
std::vector<DataSet> read_sets(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(fmt::format("--data: '{}' is not a folder", printable(folder.string())));
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<DataSet> sets;
  for (const std::filesystem::path& file : files) {
    const auto kinds = data_set_kinds();
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const auto& each) { return each.name == file.stem().string(); });
    if (kind == kinds.end()) {
      fmt::print(stderr, "bandwright: {}: not a data set this program knows, skipped\n",
                 printable(file.filename().string()));
      continue;
    }
    sets.push_back(read_data_set(*kind, file));
  }
  return sets;
}

TextTable summary_table(const std::vector<ScoredSet>& scored) {
  TextTable table{.headings = {"set", "rows", "mean %", "median %", "worst %", "target %"}};
  for (const ScoredSet& each : scored) {
    const ErrorSummary summary = summarize(each.errors);
    table.rows.push_back(
        {each.set->name, fmt::format("{}", each.errors.size()), fmt::format("{:.2f}", summary.mape_percent),
         fmt::format("{:.2f}", summary.median_percent), fmt::format("{:.2f}", summary.worst_percent),
         fmt::format("{:.0f}", target_percent(each.set->name))});
  }
  return table;
}

TextTable rows_table(const std::vector<ScoredSet>& scored) {
  TextTable table{.headings = {"set", "row", "metric", "measured", "predicted", "error %"}};
  for (const ScoredSet& each : scored) {
    for (std::size_t r = 0; r < each.errors.size(); ++r) {
      const Measurement& row = each.set->rows[r];
      table.rows.push_back({each.set->name, row.label, each.set->metric, fmt::format("{:.6g}", row.measured),
                            fmt::format("{:.6g}", row.measured * (1.0 + each.errors[r])),
                            fmt::format("{:.2f}", 100.0 * each.errors[r])});
    }
  }
  return table;
}

TextTable worst_table(const std::vector<ScoredSet>& scored) {
  TextTable table = rows_table(scored);
  const auto error = [](const auto& row) { return std::abs(parse_number(row.back(), -1e12, 1e12)); };
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [&](const auto& a, const auto& b) { return error(a) > error(b); });
  table.rows.resize(std::min(table.rows.size(), worst_shown));
  return table;
}

std::string as_json(const std::vector<ScoredSet>& scored, bool leave_one_out) {
  nlohmann::ordered_json root;
  root["schema_version"] = 1;
  root["constants"] = leave_one_out ? "fitted without each row" : "shipped";
  root["sets"] = nlohmann::ordered_json::array();
  for (const ScoredSet& each : scored) {
    const ErrorSummary summary = summarize(each.errors);
    root["sets"].push_back({{"name", each.set->name},
                            {"metric", each.set->metric},
                            {"rows", each.errors.size()},
                            {"mape_percent", summary.mape_percent},
                            {"median_percent", summary.median_percent},
                            {"worst_percent", summary.worst_percent},
                            {"target_percent", target_percent(each.set->name)}});
  }
  return root.dump(2) + '\n';
}

void run(const ValidateOptions& options) {
  const std::vector<DataSet> sets = read_sets(options.data);
  Calibration calibration = shipped_calibration();
  if (options.leave_one_out || !options.fit.empty()) calibration = fit(sets, calibration, fit_evaluations);
  if (!options.fit.empty()) write_output({.file = options.fit}, calibration_yaml(calibration, sets));
  std::vector<ScoredSet> scored;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    ScoredSet& each = scored.emplace_back(ScoredSet{.set = &sets[s]});
    if (options.leave_one_out) {
      each.errors = leave_one_out(sets, s, calibration);
    } else {
      for (const Measurement& row : sets[s].rows) each.errors.push_back(relative_error(row, calibration));
    }
  }
  if (!options.rows.empty()) write_output({.file = options.rows}, as_csv(rows_table(scored)));
  switch (options.output.format) {
    case OutputFormat::Text:
      return write_output(options.output, aligned(summary_table(scored)) + "\nthe worst rows\n" +
                                              aligned(worst_table(scored), 3));
    case OutputFormat::Csv:
      return write_output(options.output, as_csv(summary_table(scored)));
    case OutputFormat::Json:
      return write_output(options.output, as_json(scored, options.leave_one_out));
  }
}

}  // namespace

void add_validate(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "validate", "Predictions against measurements of real machines: the error of each set");
  const auto options =
      std::make_shared<ValidateOptions>();  // shared with the callback, which outlives this function
  command->add_option("--data", options->data, "folder of measurement files (CSV)")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_flag("--leave-one-out", options->leave_one_out,
                    "fit the constants without each row before predicting it (a few minutes)");
  command->add_option("--fit", options->fit, "fit the constants on all rows and write them")
      ->type_name("FILE");
  command->add_option("--rows", options->rows, "write every row with its prediction (CSV)")
      ->type_name("FILE");
  add_output_options(*command, options->output);
  command->footer(
      "Errors are relative to the measurement. What is fitted, on which rows: inputs/calibration.yaml; what "
      "is\n"
      "not modelled: docs/accuracy.md. Files with other names are skipped with a line on standard error.\n"
      "Examples:\n"
      "  bandwright validate --data ../shared/validation\n"
      "  bandwright validate --leave-one-out --format json\n"
      "  bandwright validate --rows rows.csv && python3 plots/validation.py rows.csv accuracy.svg");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
