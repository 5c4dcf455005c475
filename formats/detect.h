#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/yaml.h"
#include "formats/chakra/trace_step.h"

namespace bandwright {

// The start of a file, a folder or a prefix of traces, as far as needed to tell what it is.
struct Sample {
  std::filesystem::path path;
  bool traces = false;            // a folder or prefix of trace files, or a file that begins like one
  bool layers = false;            // text that begins like a layer text
  bool braces = false;            // text that begins with '{', as JSON does
  std::optional<YamlValue> root;  // of what is YAML or JSON

  // For summaries of traces: what gives FLOP a time, process groups that do not lie beside them, and who
  // wants to see how far reading is.
  std::optional<TraceCompute> compute;
  std::filesystem::path groups;
  std::function<void(const TraceProgress&)> progress;
};

// What a file says, as a table for people: "nodes" "1,024" ...
struct FileSummary {
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> ignored;  // what it says and nothing here uses, with the reason
};

// A kind of file of other tools that can be read: the catalogue serves `check`, `import` and every command
// that takes files of other tools. Content decides, never the file's name.
struct FileFormat {
  std::string_view name;
  std::string_view help;
  bool (*recognise)(const Sample& sample);
  FileSummary (*summarise)(const Sample& sample);  // reads all of it; throws InputError when it is damaged
};
std::span<const FileFormat> file_formats();

// Throws InputError when the file cannot be read.
Sample sample_of(const std::filesystem::path& path);
// The format of a file of another tool; null for a file of our own, and for what is none of them.
const FileFormat* find_format(const Sample& sample);
// The same; throws InputError, naming the formats, where there is none.
const FileFormat& format_of(const Sample& sample);

}  // namespace bandwright
