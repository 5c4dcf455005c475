#include "formats/import.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "formats/detect.h"

namespace bandwright {
namespace {

struct ImportOptions {
  std::string file;
  std::string file_of_yaml;
  OutputOptions output;
};

// The YAML itself, or, in another format or with a file for it, what was read and written.
void run(const ImportOptions& options) {
  const Sample sample = sample_of(options.file);
  const std::string yaml = imported(sample);
  const FileFormat& format = format_of(sample);
  const bool to_file = !options.file_of_yaml.empty();
  if (to_file) write_output({.file = options.file_of_yaml}, yaml);
  if (to_file && options.file_of_yaml == "-") return;
  if (!to_file && options.output.format->name == "text")
    return write_output({.host = options.output.host}, yaml);
  Document document{.title = fmt::format("{}: {}", options.file, format.help)};
  document.data("file", options.file).data("format", format.name);
  if (to_file) document.fact("files", std::vector<std::string>{options.file_of_yaml}, "", "written");
  if (!to_file) document.fact("yaml", yaml);
  write_answer(options.output, std::move(document));
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
  add_output_file(*command, "-o,--output", options->file_of_yaml, "write to this file");
  add_format_options(*command, options->output);
  command->footer(
      "Formats: bandwright list formats\n"
      "Examples:\n"
      "  bandwright import GPT_3.txt -o gpt-3.yaml\n"
      "  bandwright import system.json -o system.yaml");
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
