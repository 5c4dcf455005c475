#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>

#include "cli/place.h"
#include "core/paths.h"

namespace bandwright {

void draw_placement(const PlaceReport& report, const std::string& plot_folder) {
  namespace fs = std::filesystem;
  const fs::path folder = plot_folder;
  fs::create_directories(folder);
  const std::string table = (folder / "placement.csv").string();
  const std::string picture = (folder / "placement.png").string();
  write_output({.format = OutputFormat::Csv, .file = table}, as_csv(place_csv(report)));
  const std::string script = (inputs_folder().parent_path() / "plots" / "placement.py").string();
  std::string python = "/usr/bin/python3";
  std::vector<std::string> words = {python, script, table, picture};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  const bool drawn =
      ::posix_spawn(&child, python.c_str(), nullptr, nullptr, arguments.data(), environ) == 0 &&
      ::waitpid(child, &status, 0) == child && status == 0;
  if (drawn) {
    fmt::print(stderr, "drawn: {}\n", picture);
  } else {
    fmt::print(stderr, "not drawn; with Python and matplotlib: python3 {} {} {}\n", script, table, picture);
  }
}

}  // namespace bandwright
