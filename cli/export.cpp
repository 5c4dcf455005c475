#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/console/interrupt.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "core/catalogue.h"
#include "core/io/files.h"
#include "core/io/progress.h"
#include "core/text.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/chakra/chakra_export.h"
#include "study/job/table_training.h"
#include "study/job/workload.h"
#include "study/optimize.h"

namespace bandwright {
namespace {

struct ExportOptions {
  Job job;
  std::string kind = "chakra";
  std::string folder;
  OutputOptions output;
};

struct Export {
  TableTraining training;
  const ExportOptions& options;
  std::filesystem::path folder;  // where to write
  TracesWritten tell;
};

std::int64_t npus_of(const ExportOptions& options) {
  if (options.job.npus.empty()) throw InputError("--npus is missing: how many NPUs to write traces for");
  return read_word(options.job, &Job::npus,
                   [](std::string_view text) { return parse_integer(text, 2, max_npus); });
}

Model table_named(const std::string& word) {
  Workload workload = load_workload(word, Prefer::Tables);
  if (auto* table = std::get_if<Model>(&workload)) return std::move(*table);
  throw InputError(fmt::format("{} is {}: layer tables can be exported ({})", word, kind_of(workload),
                               fmt::join(input_names("models/tables"), ", ")));
}

// Groups depend on the NPU count alone, TP innermost: any network of so many NPUs has the same.
// A row of the answer: what was written, traces and their nodes or layers.
std::vector<Value> export_chakra(const Export& what) {
  const std::int64_t npus = npus_of(what.options);
  const Network network = parse_network(fmt::format("Switch({})", npus));
  const TableTraining& training = what.training;
  const Step graph = build_step(training.table, network, *training.loop, training.options);
  const std::string& name = training.table.name;
  write_traces(graph, network, what.folder, name, what.tell);
  return {name, fmt::format("{0}/{1}.*.et, groups {1}.json", what.options.folder, name), npus,
          graph.operations.size(), Value()};
}

std::vector<Value> export_layers(const Export& what) {
  const std::string file = what.training.table.name + ".txt";
  Model model = what.training.table;
  if (what.training.options.recompute == Recompute::None) {
    for (Line& line : model.lines) line.checkpoint = false;
  }
  write_whole(what.folder / file, write_layer_text(model));
  return {model.name, what.options.folder + "/" + file, Value(), Value(), model.lines.size()};
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_trace_of(std::string_view name, std::string_view model) {
  if (!name.starts_with(model)) return false;
  name.remove_prefix(model.size());
  if (name == ".json") return true;
  constexpr std::string_view ending = ".et";
  return name.starts_with('.') && name.ends_with(ending) && name.size() > ending.size() &&
         is_number(name.substr(1, name.size() - 1 - ending.size()));
}

bool is_layers_of(std::string_view name, std::string_view model) {
  return name == fmt::format("{}.txt", model);
}

struct ExportFormat {
  std::string_view name;
  std::string_view help;
  std::vector<Value> (*write)(const Export& what);
  bool (*is_of)(std::string_view file, std::string_view model);  // what it writes
};
constexpr std::array export_formats = {
    ExportFormat{"chakra", "Chakra execution traces, one per NPU", export_chakra, is_trace_of},
    ExportFormat{"astra-sim-1", "ASTRA-sim 1.0 layer text", export_layers, is_layers_of}};

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
  // All files of the models at once; what else the folder holds stays.
  StagedFolder stage(options.folder);
  const InterruptWatch watch(options.output.host);
  ProgressBar bar("export", "traces");
  const TracesWritten tell = [&](std::int64_t done, std::int64_t total) {
    if (watch.token().stop_requested()) throw CLI::RuntimeError(interrupted_status);
    bar.show(static_cast<std::size_t>(done), static_cast<std::size_t>(total));
  };
  std::vector<std::string> models;
  for (const Job& job : members_of(options.job)) {
    const Export what{table_training(job, table_named(job.model), Library()), options, stage.path(),
                      tell};
    table.rows.push_back(format.write(what));
    models.push_back(what.training.table.name);
  }
  stage.keep([&](const std::string& file) {
    return std::none_of(models.begin(), models.end(),
                        [&](const auto& model) { return format.is_of(file, model); });
  });
  stage.commit();
  document.add(std::move(table));
  write_answer(options.output, std::move(document));
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* command = app.add_subcommand("export", "A model's training step as files for other tools");
  const auto options =
      std::make_shared<ExportOptions>();  // shared with the callback, which outlives this function
  command->add_option("model", options->job.model, "a model, or several as 17B,175B")
      ->required()
      ->type_name("MODEL");
  command->add_option("loop", options->job.loop, "NoOverlap (default) or Overlap; of traces only")
      ->type_name("LOOP");
  command->add_option("--npus", options->job.npus, "how many NPUs to write traces for")->type_name("N");
  command->add_option("--to", options->kind, "chakra (default) or astra-sim-1")->type_name("KIND");
  command->add_option("-o,--output", options->folder, "folder for the files")->required()->type_name("DIR");
  add_job_option(*command, options->job, &Job::tables);
  add_job_option(*command, options->job, &Job::recompute)
      ->description("none, full or communication: what runs again in the backward pass");
  add_job_option(*command, options->job, &Job::compute_scale);
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
