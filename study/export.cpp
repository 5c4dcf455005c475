#include "study/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/io/files.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/chakra/chakra_export.h"
#include "topology/network.h"

namespace bandwright {
namespace {

// Groups depend on the NPU count alone, TP innermost: any network of so many NPUs has the same.
Exported export_chakra(const TableTraining& training, std::int64_t npus, const std::filesystem::path& folder,
                       const TracesWritten& tell) {
  const Network network = parse_network(fmt::format("Switch({})", npus));
  const Step graph = build_step(training.table, network, *training.loop, training.options);
  const std::string& name = training.table.name;
  write_traces(graph, network, folder, name, tell);
  return {name, fmt::format("{0}.*.et, groups {0}.json", name), npus, graph.operations.size(), 0};
}

Exported export_layers(const TableTraining& training, std::int64_t /*npus*/,
                       const std::filesystem::path& folder, const TracesWritten& /*tell*/) {
  const std::string file = training.table.name + ".txt";
  Model model = training.table;
  if (training.options.recompute == Recompute::None) {
    for (Line& line : model.lines) line.checkpoint = false;
  }
  write_whole(folder / file, write_layer_text(model));
  return {model.name, file, 0, 0, model.lines.size()};
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

constexpr std::array known_formats = {
    ExportFormat{"chakra", "Chakra execution traces, one per NPU", true, export_chakra, is_trace_of},
    ExportFormat{"astra-sim-1", "ASTRA-sim 1.0 layer text", false, export_layers, is_layers_of}};

}  // namespace

std::span<const ExportFormat> export_formats() { return known_formats; }

std::vector<Exported> export_tables(std::span<const TableTraining> tables, std::int64_t npus,
                                    const ExportFormat& format, const std::string& folder,
                                    const TracesWritten& tell) {
  StagedFolder stage(folder);
  std::vector<Exported> written;
  for (const TableTraining& each : tables) {
    written.push_back(format.write(each, npus, stage.path(), tell));
    written.back().file = folder + "/" + written.back().file;
  }
  stage.keep([&](const std::string& file) {
    return std::none_of(written.begin(), written.end(),
                        [&](const Exported& each) { return format.is_of(file, each.model); });
  });
  stage.commit();
  return written;
}

}  // namespace bandwright
