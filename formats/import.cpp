#include "formats/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/fields.h"
#include "core/text.h"
#include "formats/astra_sim/artifact.h"
#include "formats/astra_sim/astra_sim_system.h"
#include "formats/astra_sim/layer_text.h"
#include "formats/chakra/trace_model.h"
#include "formats/class_prices.h"
#include "formats/infragraph.h"
#include "formats/load.h"
#include "formats/load_graph.h"
#include "network/edge_list.h"
#include "network/graph_writer.h"

namespace bandwright {
namespace {

// What came from where, by format.
struct Origin {
  std::string_view format;
  std::string_view note;
};
constexpr std::array origins = {
    Origin{"chakra", "times and collectives from the nodes, dependencies first"},
    Origin{"layer-text",
           "times and collectives from columns 3 to 11; layers run in their order, not by column 2"},
    Origin{"astra-sim-2-network", "dimensions from topology and npus_count; classes are the usual ones"},
    Origin{"astra-sim-1-network",
           "dimensions from topologies-per-dim and units-count, classes from dimension-type"},
    Origin{"libra-network", "dimensions from Topology and NpusCount, classes from CostDimension"},
    Origin{"artifact-network", "dimensions from topology and npus-count, classes from network-type"},
    Origin{"astra-sim-2-system",
           "chunks from preferred-dataset-splits, algorithms from *-implementation, reductions from "
           "local-mem-bw"},
    Origin{
        "astra-sim-1-system",
        "chunks from preferred-dataset-splits, algorithms from *-implementation; reductions at 500 TB/s, as "
        "in its backend"},
    Origin{"class-prices", "prices from Link, Switch and Nic of each class"}};

std::string origin_of(const FileFormat& format) {
  const auto origin = std::find_if(origins.begin(), origins.end(),
                                   [&](const Origin& row) { return row.format == format.name; });
  return origin == origins.end() ? "" : fmt::format("# - {}\n", origin->note);
}

// The comment at the top, and what follows it.
std::string commented(const Sample& sample, const FileFormat& format, const std::vector<std::string>& notes,
                      const std::string& text) {
  std::string result =
      fmt::format("# From {}: {}.\n", printable(sample.path.filename().string()), format.help);
  result += origin_of(format);
  for (const std::string& note : notes) result += fmt::format("# - {}\n", printable(note));
  return result + text;
}

// To the last digit, as a file of ours has it.
std::string exact(Time time) { return yaml_line(kinds::time().write(time)); }

std::vector<std::string> ignored_lines(const std::vector<std::string>& ignored) {
  std::vector<std::string> lines;
  for (const std::string& line : ignored) lines.push_back("ignored: " + line);
  return lines;
}

std::string import_network(const Sample& sample, std::vector<std::string>& notes) {
  const LoadedNetwork loaded = load_any_network(sample.path.string());
  notes = ignored_lines(loaded.ignored);
  if (loaded.budget > Bandwidth()) {
    notes.push_back(
        fmt::format("total-bandwidth is a budget, for optimize: {:.6g} GB/s per NPU", loaded.budget.value()));
  }
  std::vector<std::string> speeds;
  for (const Bandwidth b : loaded.bandwidth) speeds.push_back(fmt::format("{}", b.value()));
  if (!speeds.empty()) {
    notes.push_back(
        fmt::format("bandwidth in GB/s per NPU, for simulate: --bandwidth {}", fmt::join(speeds, ",")));
  }
  std::vector<std::string> delays;
  for (const Time t : loaded.latency) delays.push_back(exact(t));
  if (!delays.empty()) {
    notes.push_back(
        fmt::format("latency of one hop, for a system file: latency: [{}]", fmt::join(delays, ", ")));
  }
  return network_fields().file_text(loaded.network);
}

std::string import_layers(const Sample& sample, std::vector<std::string>& notes) {
  const LayerText text = read_layer_text(sample.path);
  notes = ignored_lines(text.ignored);
  if (text.layout == GroupLayout::FirstAndRest) {
    throw InputError(Place{sample.path.string()},
                     text.policy +
                         " lays its groups by the network's dimensions: simulate and optimize read "
                         "the text itself with --workload");
  }
  if (text.update > Time()) {
    notes.push_back(
        fmt::format("for a system file, from the last column: after_collective: {}", exact(text.update)));
  }
  if (text.recompute == Recompute::Full)
    notes.emplace_back("recomputes from its checkpoints: --recompute full");
  if (text.policy.empty()) {
    notes.emplace_back("groups stand in a communicator file: set tensor_parallel to the NPUs of its Forward");
  }
  return layer_table_fields().file_text(text.model);
}

std::string import_system(const Sample& sample, std::vector<std::string>& notes) {
  const AstraSimSystem read = load_any_system(sample.path.string());
  notes = ignored_lines(read.ignored);
  notes.emplace_back("latency stands in the network file");
  if (read.peak) {
    notes.push_back(fmt::format("of traces only: peak {:.6g} TFLOP/s, memory {:.6g} GB/s",
                                read.peak->value() * 1e-12, read.memory.value()));
  }
  return library_fields().file_text(read.library);
}

std::string import_prices(const Sample& sample, std::vector<std::string>& notes) {
  const Cables cables = sample.braces ? Cables::Shared : Cables::PerNpu;
  notes.emplace_back(sample.braces ? "two NPUs share a cable, as in the artifact"
                                   : "each NPU pays for its cables, as in LIBRA");
  return price_list_fields().file_text(read_class_prices(*sample.root, cables));
}

// Of InfraGraph, or a table of links.
std::string import_graph(const Sample& sample, bool table) {
  const NetworkGraph graph = load_graph(sample.path.string());
  return fmt::format(
             "# From {}: {}.\n# - NPUs, then switches and ports by their level; links in their order\n",
             printable(sample.path.filename().string()), table ? "a table of links" : "InfraGraph") +
         graph_file_fields().file_text(written_graph(graph));
}

}  // namespace

std::string imported(const Sample& sample) {
  const bool table = is_edge_list(sample.path) && !sample.traces;
  if (table || (sample.root && is_infragraph(*sample.root))) return import_graph(sample, table);
  const FileFormat& format = format_of(sample);
  std::vector<std::string> notes;
  std::string text;
  if (format.name == "layer-text") {
    text = import_layers(sample, notes);
  } else if (format.name == "chakra") {
    const TraceSet traces = read_traces(sample.path, sample.groups, 0, sample.progress);
    text = layer_table_fields().file_text(trace_model(traces, notes));
  } else if (format.name.ends_with("-network")) {
    text = import_network(sample, notes);
  } else if (format.name.ends_with("-system")) {
    text = import_system(sample, notes);
  } else if (format.name == "class-prices") {
    text = import_prices(sample, notes);
  } else {
    throw InputError(Place{sample.path.string()},
                     fmt::format("is {}: nothing to import on its own", format.help));
  }
  return commented(sample, format, notes, text);
}

}  // namespace bandwright
