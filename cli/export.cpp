#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/option_rules.h"
#include "cli/options.h"
#include "cli/output.h"
#include "core/catalogue.h"
#include "core/text.h"
#include "formats/chakra_export.h"
#include "formats/layer_text.h"

namespace bandwright {
namespace {

struct ExportOptions {
  WorkloadOptions workload;
  std::string npus;
  std::string kind = "chakra";
  std::string folder;
  OutputOptions output;
};

struct Export {
  const Model& model;
  const ExportOptions& options;
  std::filesystem::path folder;
};

std::int64_t npus_of(const ExportOptions& options) {
  if (options.npus.empty()) throw InputError("--npus is missing: how many NPUs to write traces for");
  return parse_option("--npus", options.npus,
                      [](std::string_view text) { return parse_integer(text, 2, max_npus); });
}

// Groups depend on the NPU count alone, TP innermost: any network of so many NPUs has the same.
// A row of the answer: what was written, traces and their nodes or layers.
std::vector<Value> export_chakra(const Export& what) {
  const std::int64_t npus = npus_of(what.options);
  const Network network = parse_network(fmt::format("Switch({})", npus));
  const Step graph = build_step(what.model, network, training_loop(what.options.workload.loop),
                                loop_options(what.options.workload));
  write_traces(graph, network, what.folder, what.model.name);
  return {what.model.name,
          fmt::format("{0}/{1}.*.et, groups {1}.json", what.folder.string(), what.model.name), npus,
          graph.operations.size(), Value()};
}

std::vector<Value> export_layers(const Export& what) {
  const std::filesystem::path file = what.folder / (what.model.name + ".txt");
  std::error_code error;
  std::filesystem::create_directories(what.folder, error);
  Model model = what.model;
  if (loop_options(what.options.workload).recompute == Recompute::None) {
    for (Line& line : model.lines) line.checkpoint = false;
  }
  write_output({.file = file.string()}, write_layer_text(model));
  return {model.name, file.string(), Value(), Value(), model.lines.size()};
}

struct ExportFormat {
  std::string_view name;
  std::string_view help;
  std::vector<Value> (*write)(const Export& what);
};
constexpr std::array export_formats = {
    ExportFormat{"chakra", "Chakra execution traces, one per NPU", export_chakra},
    ExportFormat{"astra-sim-1", "ASTRA-sim 1.0 layer text", export_layers}};

void run(const CLI::App& command, const ExportOptions& options) {
  const auto& format = parse_option("--to", options.kind, [](std::string_view word) -> const ExportFormat& {
    return find_in_catalogue(std::span<const ExportFormat>(export_formats), word, "export format");
  });
  if (format.write == export_layers) {
    refuse_typed(command, {"loop", "--npus", "--compute-scale"}, "is for --to chakra");
  }
  Document document{.title = fmt::format("{}, into {}", format.help, options.folder)};
  document.data("format", format.name).data("folder", options.folder);
  Table table = Table::of("exports");
  table.column("model").column("file").main = true;
  const Shown traces = format.write == export_chakra ? Shown::Everywhere : Shown::ToPrograms;
  const Shown layers = format.write == export_layers ? Shown::Everywhere : Shown::ToPrograms;
  table.column("traces", "", traces).column("nodes", "", traces).column("layers", "", layers);
  for (const Model& model : load_models(options.workload)) {
    table.rows.push_back(format.write({model, options, options.folder}));
  }
  document.add(std::move(table));
  write_answer(options.output, std::move(document));
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* command = app.add_subcommand("export", "A model's training step as files for other tools");
  const auto options =
      std::make_shared<ExportOptions>();  // shared with the callback, which outlives this function
  command->add_option("model", options->workload.models, "a model, or several as 17B,175B")
      ->required()
      ->type_name("MODEL");
  command->add_option("loop", options->workload.loop, "NoOverlap (default) or Overlap; of traces only")
      ->type_name("LOOP");
  command->add_option("--npus", options->npus, "how many NPUs to write traces for")->type_name("N");
  command->add_option("--to", options->kind, "chakra (default) or astra-sim-1")->type_name("KIND");
  command->add_option("-o,--output", options->folder, "folder for the files")->required()->type_name("DIR");
  add_workload_options(*command, options->workload);
  add_format_options(*command, options->output);
  // Until version 0.2 --format said what --to says.
  command->get_option("--format")->transform([options](std::string word) {
    for (const ExportFormat& format : export_formats) {
      if (!equal_ignoring_case(word, format.name)) continue;
      options->kind = word;
      return std::string("text");
    }
    return word;
  });
  command->footer(
      "Examples:\n"
      "  bandwright export 175B --npus 1024 --to chakra -o traces\n"
      "  bandwright export 1T --to astra-sim-1 --recompute full -o layers");
  command->callback([command, options] { run(*command, *options); });
}

}  // namespace bandwright
