#pragma once
#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "cli/figures.h"
#include "cli/output.h"
#include "cli/training_options.h"

namespace bandwright {

inline constexpr std::string_view sweep_ratios = "1:0,32:1,16:1,8:1,4:1,2:1,1:1,1:2,0:1";

// The options of `bandwright place` as typed.
struct PlaceOptions {
  std::string network;
  std::string kernels;
  std::string tiers = "dram-pmm";
  std::string batch;
  std::string ratios;
  std::string fast;
  std::string policies = "first-touch,static,synchronous";
  std::string gap;  // "" is 1e-4, 1e-3 of a transformer
  std::string time_limit = "60 s";
  std::string window;
  std::string schedule_file;
  std::string timeline_file;
  TrainingOptions training{.system = ""};  // of transformers
  bool sweep = false;
  AnswerPlot plot{.folder = "output/placement"};
  OutputOptions output;
};
void add_place_options(CLI::App& command, PlaceOptions& options);

}  // namespace bandwright
