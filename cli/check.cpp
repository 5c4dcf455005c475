#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/progress.h"
#include "formats/detect.h"
#include "formats/load.h"

namespace bandwright {
namespace {

struct CheckOptions {
  std::string file;
  std::string system;
  std::string groups;
  OutputOptions output;
};

std::string as_text(const FileFormat& format, const std::string& file, const FileSummary& summary) {
  std::string text = fmt::format("{}: valid, {}\n", file, format.help);
  for (const auto& [name, value] : summary.facts) text += fmt::format("  {:<32} {}\n", name, value);
  for (const std::string& ignored : summary.ignored) text += fmt::format("  ignored  {}\n", ignored);
  return text;
}

std::string as_json(const FileFormat& format, const std::string& file, const FileSummary& summary) {
  nlohmann::ordered_json root{{"schema_version", 1}, {"file", file}, {"format", format.name}};
  for (const auto& [name, value] : summary.facts) root["facts"][name] = value;
  root["ignored"] = summary.ignored;
  return root.dump(2) + '\n';
}

std::string as_rows(const FileFormat& format, const FileSummary& summary) {
  TextTable table{.headings = {"fact", "value"}, .rows = {{"format", std::string(format.name)}}};
  for (const auto& [name, value] : summary.facts) table.rows.push_back({name, value});
  for (const std::string& ignored : summary.ignored) table.rows.push_back({"ignored", ignored});
  return as_csv(table);
}

// The bar is gone before the summary is printed.
FileSummary summarise(const FileFormat& format, Sample& sample) {
  ProgressBar bar("traces", "files");
  sample.progress = [&](const TraceProgress& progress) { bar.show(progress.files, progress.total); };
  return format.summarise(sample);
}

void run(const CLI::App& command, const CheckOptions& options) {
  Sample sample = sample_of(options.file);
  if (!options.system.empty()) {
    const AstraSimSystem system = load_any_system(options.system);
    if (!system.peak) throw InputError(options.system + ": has no peak (peak-perf with roofline-enabled: 1)");
    sample.compute = TraceCompute{.peak = system.peak, .memory = system.memory};
  }
  if (!sample.traces) refuse_typed(command, {"--system", "--groups"}, "is for traces");
  sample.groups = options.groups;
  const FileFormat& format = format_of(sample);
  const FileSummary summary = summarise(format, sample);
  switch (options.output.format) {
    case OutputFormat::Text:
      return write_output(options.output, as_text(format, options.file, summary));
    case OutputFormat::Json:
      return write_output(options.output, as_json(format, options.file, summary));
    case OutputFormat::Csv:
      return write_output(options.output, as_rows(format, summary));
  }
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("check", "What a file of any readable format is, whether it is valid, what it says");
  const auto options =
      std::make_shared<CheckOptions>();  // shared with the callback, which outlives this function
  command->add_option("file", options->file, "a file, or a folder or prefix of traces")
      ->required()
      ->type_name("FILE");
  command->add_option("--system", options->system, "of traces: its peak and memory give FLOP a time")
      ->type_name("FILE");
  command->add_option("--groups", options->groups, "process groups of traces (default: beside them)")
      ->type_name("FILE");
  add_output_options(*command, options->output);
  command->footer(
      "Formats: bandwright list formats\n"
      "Examples:\n"
      "  bandwright check net.yml\n"
      "  bandwright check traces/gpt --system sys.json --format json");
  command->callback([command, options] { run(*command, *options); });
}

}  // namespace bandwright
