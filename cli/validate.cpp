#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/validation.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "core/io/paths.h"
#include "core/io/tell.h"
#include "core/text.h"
#include "validation/write_calibration.h"

namespace bandwright {
namespace {

struct ValidateOptions {
  std::vector<std::string> data;
  bool leave_one_out = false;
  std::string split;  // seed
  std::string fit;    // file for newly fitted constants
  std::string rows;   // file for every row
  std::string steps;  // file for the errors of steps
  OutputOptions output;
};

// The rows of folders; a line on standard error for each file that has none.
std::vector<DataSet> sets_of(const std::vector<std::string>& folders) {
  const std::vector<std::string> shipped = {(inputs_folder() / "measurements").string()};
  FolderSets read = read_folders(folders.empty() ? shipped : folders);
  for (const std::string& line : read.skipped) tell("bandwright: {}\n", printable(line));
  return std::move(read.sets);
}

Constants constants_of(const ValidateOptions& options) {
  Constants wanted;
  if (!options.split.empty()) {
    wanted.split =
        static_cast<std::uint64_t>(parse_option("--split", options.split, [](std::string_view word) {
          return parse_integer(word, 0, 1'000'000'000);
        }));
  }
  wanted.without_each_row = options.leave_one_out;
  wanted.on_all_rows = !options.fit.empty();
  return wanted;
}

void run(const ValidateOptions& options) {
  std::vector<DataSet> sets = sets_of(options.data);
  const ValidationAnswer found = score(constants_of(options), sets);
  if (!options.fit.empty()) write_output({.file = options.fit}, calibration_yaml(found.calibration, sets));
  if (!options.rows.empty()) write_output({.file = options.rows}, render_csv(validation_rows(found)));
  if (!options.steps.empty()) write_output({.file = options.steps}, step_errors(found));
  if (!options.output.html.empty()) write_page(options.output, options.output.html, validation_page(found));
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
