#include "core/io/paths.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

fs::path installed_folder(std::string_view name) {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : executable.parent_path().parent_path() / "share/bandwright" / name;
}

// Of the library that this function is a part of; empty where that is the program.
fs::path find_library_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&find_library_folder), &info) == 0 || info.dli_fname == nullptr)
    return {};
  std::error_code error;
  const fs::path file = fs::canonical(info.dli_fname, error);
  const bool is_program = error || fs::equivalent(file, "/proc/self/exe", error);
  return is_program ? fs::path() : file.parent_path();
}

fs::path folder_of(std::string_view name, const char* variable_name) {
  const char* variable = std::getenv(variable_name);
  if (variable != nullptr && *variable != '\0') {
    if (is_folder(variable)) return variable;
    throw InputError(fmt::format("{}: '{}' is not a folder", variable_name, printable(variable)));
  }
  static const fs::path library = find_library_folder();
  for (const fs::path& candidate : {library.empty() ? fs::path() : library / name, installed_folder(name),
                                    fs::path(BANDWRIGHT_SOURCE_FOLDER) / name}) {
    if (is_folder(candidate)) return candidate;
  }
  throw InputError(fmt::format("cannot find the {} folder; set {} to it", name, variable_name));
}

bool is_user_file(std::string_view word) {
  return word.find('/') != std::string_view::npos || word.ends_with(".yaml");
}

}  // namespace

fs::path inputs_folder() { return folder_of("inputs", "BANDWRIGHT_INPUTS"); }

fs::path plots_folder() { return folder_of("plots", "BANDWRIGHT_PLOTS"); }

std::vector<std::string> input_names(std::string_view kind) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const fs::directory_entry& entry : fs::directory_iterator(inputs_folder() / kind, missing)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<fs::path> find_input(std::string_view kind, std::string_view name) {
  for (const std::string& candidate : input_names(kind)) {
    if (equal_ignoring_case(candidate, name)) return inputs_folder() / kind / (candidate + ".yaml");
  }
  return std::nullopt;
}

std::string kind_instead(std::string_view kind, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kinds = {
      {{"networks", "a network"},
       {"machines", "a machine"},
       {"npus", "an NPU"},
       {"models/transformers", "a transformer"},
       {"models/images", "a network on images"},
       {"models/tables", "a layer table"},
       {"libraries", "a library of collectives"},
       {"prices", "a price list"},
       {"tiers", "a pair of memories"},
       {"experiments", "an experiment"},
       {"spaces", "a space of divisions"},
       {"hardware", "classes of links to buy"}}};
  for (const auto& [folder, what] : kinds) {
    if (folder != kind && find_input(folder, name)) return fmt::format(", which is {}", what);
  }
  return {};
}

fs::path input_file(std::string_view kind, std::string_view word, std::string_view what) {
  if (is_user_file(word) || is_written_out(word)) return word;
  if (const std::optional<fs::path> path = find_input(kind, word)) return *path;
  const std::vector<std::string> names = input_names(kind);
  const std::vector<std::string_view> choices(names.begin(), names.end());
  const std::string other = kind_instead(kind, word);
  throw InputError(fmt::format("unknown {} '{}'{} ({}, or a .yaml file)", what, printable(word),
                               other.empty() ? did_you_mean(word, choices) : other, choices_text(choices)));
}

}  // namespace bandwright
