#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "cli/experiment_folder.h"

namespace bandwright {

// A figure: a script of plots/ that reads a CSV of an experiment and writes a PNG and a PDF.
struct Figure {
  std::string_view name;
  std::string_view help;  // also its caption in the report
  std::string_view csv;   // the file it reads
};
std::span<const Figure> figures();

// The points of an experiment that a figure shows; empty: the first view and the first loop it has.
struct Slice {
  std::string view;
  std::string loop;
};

// FIGURE, or FIGURE-VIEW-LOOP with what was asked for.
std::string file_stem(const Figure& figure, const Slice& slice);

// Draws output/graph_NAME/FILE_STEM.png and .pdf. The script's own message tells why it did not, on standard
// error. Returns its exit status: 0 drawn, 1 this experiment has no such figure, 2 bad input. Throws
// InputError when no Python with matplotlib can be found.
int draw(const Figure& figure, const ExperimentFolder& folder, const Slice& slice = {});

// Draws a trace of `simulate --timeline` as TARGET.png and .pdf; returns and throws as draw does.
int draw_timeline(const std::filesystem::path& trace, const std::filesystem::path& target);

}  // namespace bandwright
