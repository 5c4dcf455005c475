#include "report/origin.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/io/paths.h"
#include "core/io/process.h"
#include "core/text.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

std::time_t now() {
  const char* variable = std::getenv("SOURCE_DATE_EPOCH");
  if (variable != nullptr && *variable != '\0') return std::strtoll(variable, nullptr, 10);
  return std::time(nullptr);
}

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// Of all inputs that come with the program, in the order of their names.
std::string shipped_hash() {
  const fs::path folder = inputs_folder();
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files) all += file.lexically_relative(folder).string() + '\n' + bytes_of(file);
  return content_hash(all);
}

}  // namespace

std::string typed(const std::vector<std::string>& words) {
  std::string command = "bandwright";
  for (const std::string& word : words) command += " " + shell_quoted(word);
  return command;
}

Facts origin_of(const std::vector<std::string>& words, const std::vector<std::string>& read) {
  Facts origin;
  origin.line("made by", typed(words));
  origin.line(
      "on", fmt::format("{:%Y-%m-%d %H:%M} UTC, with bandwright {}", fmt::gmtime(now()), BANDWRIGHT_VERSION));
  origin.line("inputs that come along", shipped_hash());
  for (const std::string& word : read) {
    const std::string file = word.starts_with("--") && word.find('=') != std::string::npos
                                 ? word.substr(word.find('=') + 1)
                                 : word;
    if (is_file(file)) origin.line(printable(file), content_hash(bytes_of(file)));
  }
  return origin;
}

}  // namespace bandwright
