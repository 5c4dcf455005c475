#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>

#include "answers/validation.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "core/io/paths.h"
#include "core/io/tell.h"
#include "core/stopping.h"
#include "core/text.h"
#include "validation/fit.h"
#include "validation/write_calibration.h"

namespace bandwright {
namespace {

constexpr int fit_evaluations = 1500;  // per stage

struct ValidateOptions {
  std::vector<std::string> data;
  bool leave_one_out = false;
  std::string split;  // seed
  std::string fit;    // file for newly fitted constants
  std::string rows;   // file for every row
  std::string steps;  // file for the errors of steps
  OutputOptions output;
};

// The known files of a folder that have rows; a line on standard error for each other one.
std::vector<DataSet> read_sets(const std::vector<std::string>& folders) {
  std::vector<std::filesystem::path> files;
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(folder)) {
      throw InputError(fmt::format("--data: '{}' is not a folder", printable(folder)));
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".csv") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<DataSet> sets;
  std::vector<std::string> skipped;
  const StopCheck stop;
  for (const std::filesystem::path& file : files) {
    stop.look();
    std::vector<DataSet> read = read_data_sets(file);
    const bool known = !read.empty() || is_data_set(file);
    std::erase_if(read, [](const DataSet& set) { return set.rows.empty() && set.not_run.empty(); });
    if (read.empty()) {
      skipped.push_back(file.filename().string() + (known ? ": no rows to predict, skipped"
                                                          : ": not a data set this program knows, skipped"));
    }
    std::move(read.begin(), read.end(), std::back_inserter(sets));
  }
  if (sets.empty()) {
    throw InputError(
        fmt::format("--data: nothing to validate in '{}' ({})", fmt::join(folders, "', '"),
                    skipped.empty() ? "no .csv files" : fmt::to_string(fmt::join(skipped, "; "))));
  }
  for (const std::string& line : skipped) tell("bandwright: {}\n", printable(line));
  return sets;
}

// With constants that were fitted on all rows, or on a half of them, of which `sets` becomes the other half.
ValidationAnswer answer(const ValidateOptions& options, std::vector<DataSet>& sets) {
  ValidationAnswer result{.calibration = shipped_calibration(), .constants = "shipped"};
  if (!options.split.empty()) {
    const auto seed =
        static_cast<std::uint64_t>(parse_option("--split", options.split, [](std::string_view word) {
          return parse_integer(word, 0, 1'000'000'000);
        }));
    Halves halves = fit_half(sets, result.calibration, seed, fit_evaluations);
    sets = std::move(halves.held);
    result.calibration = std::move(halves.calibration);
    result.constants = fmt::format("fitted on the other half of each set's rows, seed {}", seed);
  } else if (options.leave_one_out || !options.fit.empty()) {
    result.calibration = fit(sets, result.calibration, fit_evaluations);
    result.constants = options.leave_one_out ? "fitted without each row" : "fitted on these rows";
  }
  for (std::size_t s = 0; s < sets.size(); ++s) {
    ScoredSet& each = result.scored.emplace_back(ScoredSet{.set = &sets[s]});
    if (options.leave_one_out) {
      each.errors = leave_one_out(sets, s, result.calibration);
      continue;
    }
    for (const Measurement& row : sets[s].rows) {
      each.errors.push_back(relative_error(row, result.calibration));
    }
  }
  return result;
}

// The answer with a chart of every row and the constants.
Document page_of(const ValidationAnswer& answer) {
  Document page = validation_document(answer);
  page.add(accuracy_chart(answer)).add(constants_table(answer.calibration));
  return page;
}

void run(const ValidateOptions& options) {
  const std::vector<std::string> shipped = {(inputs_folder() / "measurements").string()};
  std::vector<DataSet> sets = read_sets(options.data.empty() ? shipped : options.data);
  const ValidationAnswer found = answer(options, sets);
  if (!options.fit.empty()) write_output({.file = options.fit}, calibration_yaml(found.calibration, sets));
  if (!options.rows.empty()) write_output({.file = options.rows}, render_csv(validation_rows(found)));
  if (!options.steps.empty()) write_output({.file = options.steps}, step_errors(found));
  if (!options.output.html.empty()) write_page(options.output, options.output.html, page_of(found));
  OutputOptions output = options.output;
  output.html.clear();  // its page has more than its text
  write_answer(output, validation_document(found));
}

}  // namespace

void add_validate(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "validate", "Predictions against measurements of real machines: the error of each set");
  const auto options =
      std::make_shared<ValidateOptions>();  // shared with the callback, which outlives this function
  command
      ->add_option("--data", options->data,
                   "folder of measurement files (default: those that come along); may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  CLI::Option* leave = command->add_flag("--leave-one-out", options->leave_one_out,
                                         "fit the constants without each row before predicting it (minutes)");
  CLI::Option* split =
      command->add_option("--split", options->split,
                          "fit the constants on a random half of each set, and predict the other half");
  split->type_name("SEED")->excludes(leave);
  add_output_file(*command, "--fit", options->fit, "fit the constants on all rows and write them (YAML)")
      ->excludes(split);
  add_output_file(*command, "--rows", options->rows, "write every row with its prediction (CSV)");
  add_output_file(*command, "--step-errors", options->steps,
                  "write the errors of whole steps, from which intervals of estimates are (CSV)");
  add_output_options(*command, options->output);
  command->footer(
      "Errors are relative to the measurement; mean, median and worst are of absolute values. A file\n"
      "is known by its name (docs/accuracy.md lists them); others are skipped with a line on standard\n"
      "error. What is fitted, on which rows: inputs/calibration.yaml. What is not modelled:\n"
      "docs/accuracy.md.\n"
      "Examples:\n"
      "  bandwright validate\n"
      "  bandwright validate --data measured --leave-one-out --format json\n"
      "  bandwright validate --data measured --html accuracy.html");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
