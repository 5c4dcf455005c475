#include "formats/import.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/option_rules.h"
#include "cli/output.h"

namespace bandwright {
namespace {

struct ImportOptions {
  std::string file;
  std::string output;
};

void run(const ImportOptions& options) {
  write_output({.file = options.output}, imported(sample_of(options.file)));
}

}  // namespace

void add_import(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("import", "A file of another tool as YAML, with what was ignored and why");
  const auto options =
      std::make_shared<ImportOptions>();  // shared with the callback, which outlives this function
  command->add_option("file", options->file, "a file of any readable format, or a folder or prefix of traces")
      ->required()
      ->type_name("FILE");
  add_output_file(*command, "-o,--output", options->output, "write to this file");
  command->footer(
      "Formats: bandwright list formats\n"
      "Examples:\n"
      "  bandwright import GPT_3.txt -o gpt-3.yaml\n"
      "  bandwright import system.json -o system.yaml");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
