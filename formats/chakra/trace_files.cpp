#include "formats/chakra/trace_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "core/error.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

constexpr int most_npus = 1 << 20;

// "gpt.17.et" as its prefix and NPU; nothing for another name.
struct TraceName {
  std::string prefix;
  int npu = 0;
};
std::optional<TraceName> trace_name(const fs::path& file) {
  if (file.extension() != ".et") return std::nullopt;
  const std::string stem = file.stem().string();
  const std::size_t dot = stem.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  int npu = 0;
  const char* end = stem.data() + stem.size();
  const auto parsed = std::from_chars(stem.data() + dot + 1, end, npu);
  if (parsed.ec != std::errc() || parsed.ptr != end || npu < 0 || npu >= most_npus) return std::nullopt;
  return TraceName{stem.substr(0, dot), npu};
}

// What a folder holds. Throws InputError when it cannot be read.
fs::directory_iterator entries_of(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) throw InputError(Place{folder.string()}, fmt::format("cannot be read: {}", error.message()));
  return entries;
}

// The files of a set, by NPU.
std::vector<fs::path> files_of_prefix(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : entries_of(folder)) {
    const auto name = trace_name(entry.path());
    if (!name || name->prefix != prefix) continue;
    if (files.size() <= static_cast<std::size_t>(name->npu))
      files.resize(static_cast<std::size_t>(name->npu) + 1);
    fs::path& file = files[static_cast<std::size_t>(name->npu)];
    if (!file.empty()) {
      throw InputError(
          Place{folder.string()},
          fmt::format("holds {} and {}, both of NPU {}", std::min(file, entry.path()).filename().string(),
                      std::max(file, entry.path()).filename().string(), name->npu));
    }
    file = entry.path();
  }
  for (std::size_t npu = 0; npu < files.size(); ++npu) {
    if (files[npu].empty()) {
      throw InputError(
          Place{(folder / fmt::format("{}.{}.et", prefix, npu)).string()},
          fmt::format("missing: the trace of NPU {}, while there is one of NPU {}", npu, files.size() - 1));
    }
  }
  return files;
}

std::string only_prefix_in(const fs::path& folder) {
  std::string prefix;
  for (const fs::directory_entry& entry : entries_of(folder)) {
    const auto name = trace_name(entry.path());
    if (!name) continue;
    if (!prefix.empty() && prefix != name->prefix) {
      throw InputError(Place{folder.string()},
                       fmt::format("holds traces called '{}' and '{}': give one of them as {}/NAME", prefix,
                                   name->prefix, folder.string()));
    }
    prefix = name->prefix;
  }
  if (prefix.empty()) throw InputError(Place{folder.string()}, "holds no traces (NAME.0.et, NAME.1.et, ...)");
  return prefix;
}

}  // namespace

std::vector<fs::path> trace_files(const fs::path& where, int npus) {
  std::error_code error;
  if (fs::is_directory(where, error)) return files_of_prefix(where, only_prefix_in(where));
  if (fs::is_regular_file(where, error)) {
    if (npus < 1)
      throw InputError(Place{where.string()}, "one trace for all NPUs: say how many with a network");
    return {where};
  }
  const fs::path folder = where.has_parent_path() ? where.parent_path() : fs::path(".");
  std::vector<fs::path> files = files_of_prefix(folder, where.filename().string());
  if (files.empty()) throw InputError(Place{where.string()}, "no such trace, folder or prefix of traces");
  return files;
}

fs::path groups_beside(const fs::path& trace) {
  const auto name = trace_name(trace);
  fs::path own = trace.parent_path() / ((name ? name->prefix : trace.stem().string()) + ".json");
  std::error_code error;
  return fs::is_regular_file(own, error) ? own : fs::path();
}

}  // namespace bandwright
