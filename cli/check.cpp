#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/files/checked.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "core/io/progress.h"
#include "experiment/input_reference.h"

namespace bandwright {
namespace {

struct CheckOptions {
  std::string file;
  std::string library;
  std::string groups;
  std::string schema;
  bool reference = false;
  OutputOptions output;
};

void run(const CheckOptions& options) {
  if (options.reference) return write_output(options.output, input_reference());
  if (!options.schema.empty()) return write_output(options.output, json_schema(options.schema));
  if (options.file.empty()) throw CLI::RequiredError("file");
  const CheckedFile checked = [&] {
    ProgressBar bar("traces", "files");  // gone before the summary is printed
    return check_file(options.file, {options.library, options.groups},
                      [&](const TraceProgress& progress) { bar.show(progress.files, progress.total); });
  }();
  write_answer(options.output, checked_document(options.file, checked));
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("check", "What a file of any readable format is, whether it is valid, what it says");
  const auto options =
      std::make_shared<CheckOptions>();  // shared with the callback, which outlives this function
  command->add_option("file", options->file, "a file, or a folder or prefix of traces")->type_name("FILE");
  command
      ->add_option("--library,--system", options->library,
                   "of traces: ASTRA-sim's system, whose peak and memory give FLOP a time")
      ->type_name("FILE");
  command->add_option("--groups", options->groups, "process groups of traces (default: beside them)")
      ->type_name("FILE");
  command->add_option("--schema", options->schema, "the JSON schema of a kind of input in place of a file")
      ->type_name("KIND");
  command->add_flag("--reference", options->reference, "the keys of all kinds of input, as Markdown");
  add_output_options(*command, options->output);
  command->footer(
      "Kinds of input: docs/inputs.md; files of other tools: bandwright list formats\n"
      "Examples:\n"
      "  bandwright check net.yml\n"
      "  bandwright check --schema machine\n"
      "  bandwright check traces/gpt --library sys.json --format json");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
