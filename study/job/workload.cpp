#include "study/job/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "core/io/kept.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "formats/detect.h"

namespace bandwright {
namespace {

using Read = Workload (*)(const YamlValue& root);
struct Folder {
  std::string_view name;
  Read read;
};
constexpr std::array folders = {
    Folder{"models/images", [](const YamlValue& root) { return Workload(read_image_model(root)); }},
    Folder{"models/transformers", [](const YamlValue& root) { return Workload(read_architecture(root)); }},
    Folder{"models/tables", [](const YamlValue& root) { return Workload(read_model(root)); }}};

[[noreturn]] void refuse_name(const std::string& word) {
  std::vector<std::string> names;
  for (const Folder& folder : folders) {
    for (std::string& name : input_names(folder.name)) names.push_back(std::move(name));
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string other = kind_instead("models", word);
  throw InputError(fmt::format("unknown model '{}'{} ({}; or a file)", printable(word),
                               other.empty() ? did_you_mean(word, known) : other, choices_text(known)));
}

// One of our own files says by its keys which kind it is.
Workload read_yaml(const std::string& word) {
  const YamlValue root = YamlValue::load(input_file("models/tables", word, "model"));
  if (is_written_out(word) && root.is_map() && root.find("model_type")) {
    return load_architecture(word);
  }
  if (is_image_model(root)) return read_image_model(root);
  const auto layers = root.is_map() ? root.find("layers") : std::nullopt;
  if (root.declared_kind() == "transformer") return read_architecture(root);
  const bool table = root.is_map() &&
                     (root.declared_kind() == "layer-table" || root.find("transformer") ||
                      root.find("tensor_parallel") || root.find("same_as") || (layers && layers->is_list()));
  if (table) return read_model(root);
  return read_architecture(root);
}

bool ends_in(std::string_view word, std::string_view ending) {
  return word.size() > ending.size() && equal_ignoring_case(word.substr(word.size() - ending.size()), ending);
}

// The folders in the order that is preferred.
std::array<Folder, folders.size()> in_order(Prefer prefer) {
  std::array order = folders;
  if (prefer == Prefer::Tables) std::reverse(order.begin(), order.end());
  return order;
}

Workload read_workload(const std::string& word, Prefer prefer) {
  if (is_written_out(word)) return read_yaml(word);
  for (const Folder& folder : in_order(prefer)) {
    if (const auto file = find_input(folder.name, word)) return folder.read(YamlValue::load(*file));
  }
  if (ends_in(word, ".json")) return load_architecture(word);
  if (word.find('/') == std::string::npos && !word.ends_with(".yaml")) refuse_name(word);
  if (!word.ends_with(".yaml") && !word.ends_with(".yml")) {
    const Sample sample = sample_of(word);
    if (sample.traces || sample.layers) return WorkloadFiles{word};
  }
  return read_yaml(word);
}

// Files of other tools are only looked at here, and are no text.
bool is_text(const std::string& word) {
  return is_written_out(word) || word.find('/') == std::string::npos || ends_in(word, ".json") ||
         ends_in(word, ".yaml");
}

}  // namespace

std::string workload_name(const Workload& workload) {
  if (const auto* files = std::get_if<WorkloadFiles>(&workload)) return files->path;
  if (const auto* table = std::get_if<Model>(&workload)) return table->name;
  if (const auto* images = std::get_if<ImageModel>(&workload)) return images->name;
  return std::get<TransformerArchitecture>(workload).name;
}

bool is_trace(const WorkloadFiles& files) { return sample_of(files.path).traces; }

std::string_view kind_of(const Workload& workload) {
  constexpr std::array<std::string_view, 4> kinds = {"a layer table", "a transformer", "a network on images",
                                                     "a file of another tool"};
  return kinds[workload.index()];
}

Workload load_workload(const std::string& word, Prefer prefer) {
  static Kept<Workload> kept;
  if (!is_text(word)) return read_workload(word, prefer);
  const std::string key = (prefer == Prefer::Tables ? "table " : "model ") + word;
  return *kept.get(key, [&] { return read_workload(word, prefer); });
}

std::optional<std::filesystem::path> find_workload(const std::string& word, Prefer prefer) {
  for (const Folder& folder : in_order(prefer)) {
    if (auto file = find_input(folder.name, word)) return file;
  }
  return std::nullopt;
}

std::filesystem::path workload_file(const std::string& word, Prefer prefer) {
  return find_workload(word, prefer).value_or(word);
}

}  // namespace bandwright
