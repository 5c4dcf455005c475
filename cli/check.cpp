#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "core/error.h"
#include "core/io/progress.h"
#include "experiment/input_files.h"
#include "experiment/input_reference.h"
#include "formats/detect.h"
#include "formats/load.h"
#include "formats/summaries.h"
#include "network/edge_list.h"

namespace bandwright {
namespace {

struct CheckOptions {
  std::string file;
  std::string system;
  std::string groups;
  std::string schema;
  bool reference = false;
  OutputOptions output;
};

// What a file is, and which commands take it where that is not said in its help.
struct FileKind {
  std::string_view name;
  std::string_view help;
  std::string_view use;
};

Document document_of(const FileKind& kind, const std::string& file, const FileSummary& summary) {
  Document document{.title = file};
  document.verdict = {fmt::format("valid, {}", kind.help), Verdict::Mood::Good};
  document.data("file", file).data("format", kind.name).data("valid", true);
  if (!kind.use.empty()) document.fact("use", kind.use, std::string(kind.use), "use");
  Table table = Table::of("facts");
  table.column("fact").column("value").main = true;
  for (const auto& [name, value] : summary.facts) table.rows.push_back({name, value});
  document.add(std::move(table));
  document.add(List::of("ignored", summary.ignored.empty() ? "" : "ignored", summary.ignored));
  return document;
}

struct CheckedFile {
  FileKind kind;
  FileSummary summary;
};

// Of a file of another tool, or of our own.
CheckedFile check_file(Sample& sample) {
  const FileFormat* format = find_format(sample);
  if (format != nullptr) {
    ProgressBar bar("traces", "files");  // gone before the summary is printed
    sample.progress = [&](const TraceProgress& progress) { bar.show(progress.files, progress.total); };
    return {{format->name, format->help, {}}, format->summarise(sample)};
  }
  const InputReader* reader = sample.root ? find_input_reader(*sample.root) : nullptr;
  if (reader == nullptr && sample.root) {
    if (auto model = summarise_hugging_face(*sample.root)) {
      return {{"hugging-face", "config.json of a model on Hugging Face",
               "`estimate`, `plan`, `simulate` and `optimize` take it as their model"},
              std::move(*model)};
    }
  }
  if (reader == nullptr) static_cast<void>(format_of(sample));  // throws
  const InputKind& kind = input_kind(reader->kind);
  return {{kind.name, kind.help, kind.use}, reader->summarise(*sample.root)};
}

// Measurements are known by their name; their text is no YAML.
CheckedFile check_file(const CheckOptions& options, const CLI::App& command) {
  if (auto measurements = summarise_measurements(options.file)) {
    refuse_typed(command, {"--system", "--groups"}, "is for traces");
    return {{"measurements", "measurements", "`validate --data FOLDER` takes it"}, std::move(*measurements)};
  }
  if (is_edge_list(options.file)) {
    refuse_typed(command, {"--system", "--groups"}, "is for traces");
    const InputKind& kind = input_kind("network");
    return {{kind.name, kind.help, kind.use}, summarise_links(options.file)};
  }
  Sample sample = sample_of(options.file);
  if (!options.system.empty()) {
    const AstraSimSystem system = load_any_system(options.system);
    if (!system.peak) throw InputError(options.system + ": has no peak (peak-perf with roofline-enabled: 1)");
    sample.compute = TraceCompute{.peak = system.peak, .memory = system.memory};
  }
  if (!sample.traces) refuse_typed(command, {"--system", "--groups"}, "is for traces");
  sample.groups = options.groups;
  return check_file(sample);
}

void run(const CLI::App& command, const CheckOptions& options) {
  if (options.reference) return write_output(options.output, input_reference());
  if (!options.schema.empty()) return write_output(options.output, json_schema(options.schema));
  if (options.file.empty()) throw CLI::RequiredError("file");
  const auto [kind, summary] = check_file(options, command);
  write_answer(options.output, document_of(kind, options.file, summary));
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("check", "What a file of any readable format is, whether it is valid, what it says");
  const auto options =
      std::make_shared<CheckOptions>();  // shared with the callback, which outlives this function
  command->add_option("file", options->file, "a file, or a folder or prefix of traces")->type_name("FILE");
  command->add_option("--system", options->system, "of traces: its peak and memory give FLOP a time")
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
      "  bandwright check traces/gpt --system sys.json --format json");
  command->callback([command, options] { run(*command, *options); });
}

}  // namespace bandwright
