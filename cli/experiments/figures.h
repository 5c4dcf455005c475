#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "cli/console/output.h"
#include "cli/experiments/experiment_folder.h"

namespace bandwright {

// What came of a script.
enum class Drawn : std::uint8_t { Yes, DoesNotApply, BadInput, Failed };
// Throws CLI::RuntimeError for all but Yes: 1 where there is no such figure, 2 for bad input, 3 for a script
// that failed, which is a fault of the program.
void require(Drawn drawn);

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
  bool svg = false;  // beside PNG and PDF
};

// FIGURE, or FIGURE-VIEW-LOOP with what was asked for.
std::string file_stem(const Figure& figure, const Slice& slice);

// Draws output/graph_NAME/FILE_STEM.png and .pdf. The script's own message tells why it did not, on standard
// error. Throws InputError when no Python with matplotlib can be found.
Drawn draw(const Figure& figure, const ExperimentFolder& folder, const Slice& slice = {});

// What of a timeline is drawn; "" is its beginning or its end.
struct Stretch {
  std::string from;
  std::string to;
  bool svg = false;  // likewise
};
// Draws a trace of `simulate --timeline` as TARGET.png and .pdf; returns and throws as draw does.
Drawn draw_timeline(const std::filesystem::path& trace, const std::filesystem::path& target,
                    const Stretch& stretch);

// --plot and --plot-folder of commands that draw their own answer.
struct AnswerPlot {
  bool plot = false;
  std::string folder;  // where the figure and the table it is drawn from go
};
void add_answer_plot(CLI::App& command, AnswerPlot& options, const std::string& help);

// What a file's pictures are called: its name without the ending in the current folder, and elsewhere with
// its folders, "a__runs" for a/runs.csv. Two files never have one name: where a sign is left out on the way,
// or could be another's, a hash of the path stands behind it. Of a word that is no file it is `otherwise`.
std::string picture_name(const std::string& word, std::string otherwise);

// With --plot, writes FOLDER/SCRIPT-OF.csv and has plots/SCRIPT.py draw it beside, as .png and .pdf; says on
// standard error where. `of` tells one answer's files from another's. Throws as draw does.
void draw_answer(std::string_view script, std::string_view of, const Document& answer,
                 const AnswerPlot& options);

}  // namespace bandwright
