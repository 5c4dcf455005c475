#include "formats/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "core/input_kinds.h"
#include "core/io/files.h"
#include "core/text.h"
#include "formats/chakra/process_groups.h"
#include "formats/infragraph.h"
#include "formats/summaries.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t head_bytes = 4096;
constexpr std::size_t layer_columns = 12;

bool has(const Sample& sample, std::string_view key) {
  return sample.root && sample.root->is_map() && sample.root->find(key).has_value();
}

bool is_trace_name(const fs::path& file) { return file.extension() == ".et"; }

// A folder with traces in it, or a path that is the beginning of traces' names.
bool holds_traces(const fs::path& path) {
  std::error_code error;
  const bool folder = fs::is_directory(path, error);
  const fs::path in = folder ? path : path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string prefix = folder ? "" : path.filename().string() + ".";
  fs::directory_iterator entries(in, error);
  if (error && folder)
    throw InputError(Place{path.string()}, fmt::format("cannot be read: {}", error.message()));
  for (const fs::directory_entry& entry : entries) {
    if (is_trace_name(entry.path()) && entry.path().filename().string().starts_with(prefix)) return true;
  }
  return false;
}

std::string head_of(const fs::path& file) {
  std::ifstream stream(plain_file(file), std::ios::binary);
  std::string head(head_bytes, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (stream.bad() || (!stream && !stream.eof())) throw InputError(Place{file.string()}, "cannot be read");
  head.resize(static_cast<std::size_t>(stream.gcount()));
  return std::string(without_mark(head));
}

// A short message that starts with the metadata's version (field 1, text, a digit first) or an attribute
// (field 2 or 4, whose name is its field 1).
bool begins_like_trace(std::string_view head) {
  if (head.size() < 3 || head[0] < 4 || head[0] >= 0x40 || head[2] < 0 || head[2] > head[0] - 2) return false;
  const char third = head.size() > 3 ? head[3] : '\0';
  if (head[1] == 0x0a) return head.size() == 3 || (third >= '0' && third <= '9');
  return (head[1] == 0x12 || head[1] == 0x22) && third == 0x0a;
}

bool begins_like_layers(std::string_view head) {
  const std::string_view line = trimmed(trimmed(head).substr(0, trimmed(head).find('\n')));
  if (line.starts_with('#')) return false;  // a comment, as in LIBRA's YAML
  std::size_t words = 0;
  bool inside = false;
  for (const char c : line) {
    const bool space = c == ' ' || c == '\t';
    words += !space && !inside ? 1 : 0;
    inside = !space;
  }
  const std::string_view first = line.substr(0, line.find_first_of(" \t"));
  const bool policy = !first.empty() && std::all_of(first.begin(), first.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '_';
  });
  return policy || (words >= layer_columns && line.find_first_of(":{[") == std::string_view::npos);
}

// What PyTorch writes itself: neither is a trace of operations and dependencies yet. Source: the Chakra
// repository's user guide (trace link, then the converter).
void refuse_profiles(std::string_view head, const fs::path& path) {
  const auto holds = [&](std::string_view key) { return head.find(key) != std::string_view::npos; };
  const bool kineto = holds("\"traceEvents\"") || holds("\"deviceProperties\"");
  const bool observed = holds("\"nodes\"") && (holds("\"schema\"") || holds("\"ctrl_deps\""));
  if (!kineto && !observed) return;
  throw InputError(Place{path.string()},
                   fmt::format("is a {} of PyTorch's: chakra_trace_link joins it with the {}, and "
                               "chakra_converter PyTorch makes the Chakra traces (NAME.0.et, ...) that are "
                               "read here",
                               kineto ? "Kineto trace" : "host execution trace",
                               kineto ? "host execution trace" : "Kineto trace"));
}

bool is_group_map(const Sample& sample) { return sample.root && is_process_groups(*sample.root); }

bool is_class_prices(const Sample& sample) {
  if (!sample.root || !sample.root->is_map()) return false;
  const auto entries = sample.root->entries();
  return !entries.empty() && std::all_of(entries.begin(), entries.end(), [](const auto& entry) {
    return entry.second.is_map() && (entry.second.find("Link") || entry.second.find("Switch"));
  });
}

bool is_astra_system(const Sample& sample) {
  return has(sample, "scheduling-policy") || has(sample, "preferred-dataset-splits") ||
         has(sample, "endpoint-delay") || has(sample, "all-reduce-implementation") ||
         has(sample, "all-reduce-implementation-custom");
}

constexpr std::array formats = {
    FileFormat{"chakra", "Chakra execution traces: NAME.0.et, NAME.1.et ...",
               [](const Sample& s) { return s.traces; }, summarise_traces},
    FileFormat{"layer-text", "ASTRA-sim 1.0's or LIBRA's layer text",
               [](const Sample& s) { return s.layers; }, summarise_layers},
    FileFormat{"astra-sim-2-network", "ASTRA-sim 2's network YAML",
               [](const Sample& s) { return has(s, "npus_count"); }, summarise_astra_sim_2_network},
    FileFormat{"astra-sim-2-system", "ASTRA-sim 2's system JSON",
               [](const Sample& s) { return s.braces && is_astra_system(s); }, summarise_astra_sim_2_system},
    FileFormat{"astra-sim-2-memory", "ASTRA-sim 2's remote-memory JSON",
               [](const Sample& s) { return has(s, "memory-type"); }, summarise_memory},
    FileFormat{"astra-sim-2-groups", "ASTRA-sim 2's communicator-group JSON", is_group_map, summarise_groups},
    FileFormat{"astra-sim-2-logical", "ASTRA-sim 2's logical topology JSON",
               [](const Sample& s) { return has(s, "logical-dims"); }, summarise_logical},
    FileFormat{"astra-sim-1-network", "ASTRA-sim 1.0's analytical network JSON",
               [](const Sample& s) { return has(s, "topologies-per-dim"); }, summarise_astra_sim_1_network},
    FileFormat{"astra-sim-1-system", "ASTRA-sim 1.0's system text",
               [](const Sample& s) { return !s.braces && is_astra_system(s); }, summarise_astra_sim_1_system},
    FileFormat{"artifact-network", "the network JSON of the LIBRA artifact's optimizer",
               [](const Sample& s) { return has(s, "total-bandwidth"); }, summarise_artifact_network},
    FileFormat{"libra-network", "LIBRA's network YAML", [](const Sample& s) { return has(s, "NpusCount"); },
               summarise_libra_network},
    FileFormat{"infragraph", "InfraGraph's infrastructure, YAML or JSON",
               [](const Sample& s) { return s.root && is_infragraph(*s.root); }, summarise_infragraph},
    FileFormat{"libra-communicator", "LIBRA's communicator YAML",
               [](const Sample& s) { return has(s, "WeightGrad"); }, summarise_communicator},
    FileFormat{"class-prices", "LIBRA's cost YAML or its artifact's cost JSON", is_class_prices,
               summarise_class_prices}};

}  // namespace

std::span<const FileFormat> file_formats() { return formats; }

Sample sample_of(const fs::path& path) {
  Sample sample{.path = path};
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    sample.traces = holds_traces(path);
    if (!sample.traces) {
      throw InputError(Place{path.string()}, fs::is_directory(path, error)
                                                 ? "holds no traces (NAME.0.et, NAME.1.et, ...)"
                                                 : "no such file, folder or prefix of traces");
    }
    return sample;
  }
  const std::string head = head_of(path);
  if (trimmed(head).empty() && head.size() < head_bytes) throw InputError(Place{path.string()}, "is empty");
  sample.traces = begins_like_trace(head) || is_trace_name(path);
  if (sample.traces) return sample;
  sample.layers = begins_like_layers(head);
  if (sample.layers) return sample;
  sample.braces = trimmed(head).starts_with('{');
  if (sample.braces) refuse_profiles(head, path);
  sample.root = YamlValue::load(path);
  return sample;
}

const FileFormat* find_format(const Sample& sample) {
  if (sample.root && !sample.root->declared_kind().empty()) return nullptr;
  const auto format = std::find_if(formats.begin(), formats.end(),
                                   [&](const FileFormat& row) { return row.recognise(sample); });
  return format == formats.end() ? nullptr : &*format;
}

const FileFormat& format_of(const Sample& sample) {
  if (const FileFormat* format = find_format(sample)) return *format;
  if (sample.root && !sample.root->declared_kind().empty()) {
    require_known_kind(*sample.root);
    throw InputError(Place{sample.path.string()}, fmt::format("is {}, expected a file of another tool",
                                                              input_kind(sample.root->declared_kind()).help));
  }
  std::vector<std::string_view> names;
  for (const FileFormat& format : formats) names.push_back(format.name);
  throw InputError(Place{sample.path.string()},
                   fmt::format("is none of the formats that can be read ({})", choices_text(names)));
}

}  // namespace bandwright
