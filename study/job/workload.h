#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "workload/architecture.h"
#include "workload/image_model.h"
#include "workload/model.h"

namespace bandwright {

// Chakra traces or a layer text, which are read together with a network (study/job/file_step.h).
struct WorkloadFiles {
  std::string path;
};

// What can be trained.
using Workload = std::variant<Model, TransformerArchitecture, ImageModel, WorkloadFiles>;

std::string workload_name(const Workload& workload);
// Whether files are traces; else a layer text.
bool is_trace(const WorkloadFiles& files);
// "a transformer", "a layer table" ...
std::string_view kind_of(const Workload& workload);

// Some names are both a model's and a layer table's: on a machine the model is meant, on a network, whose
// NPUs nothing is known of, the table, which brings its compute times.
enum class Prefer : std::uint8_t { Models, Tables };

// By what a user types: a name of inputs/models, a YAML file, a Hugging Face config.json, or other tools'
// files. Throws InputError.
Workload load_workload(const std::string& word, Prefer prefer = Prefer::Models);
// The file it is read from: the first, nothing where the word is no name of ours.
std::optional<std::filesystem::path> find_workload(const std::string& word, Prefer prefer = Prefer::Models);
std::filesystem::path workload_file(const std::string& word, Prefer prefer = Prefer::Models);

}  // namespace bandwright
