#pragma once
#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "cli/console/output.h"
#include "cli/options/answer_plot.h"
#include "study/place.h"

namespace bandwright {

// The options of `bandwright place` as typed.
struct PlaceOptions {
  std::vector<std::string> words;  // positionals
  PlaceQuestion question;
  std::string gap;
  std::string time_limit = "60 s";
  std::string window;
  std::string schedule_file;
  std::string timeline_file;
  bool sweep = false;
  AnswerPlot plot{.folder = "output/placement"};
  OutputOptions output;
};
void add_place_options(CLI::App& command, PlaceOptions& options);

}  // namespace bandwright
