#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/experiment_folder.h"
#include "report/document.h"

namespace bandwright {

// What came of a script. Each has the exit status of a command that ends so: no such figure, bad input, and a
// script that failed, which is a fault of the program.
enum class Drawn : std::uint8_t { Yes = 0, DoesNotApply = 1, BadInput = 2, Failed = 3 };

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

// Pictures that were drawn, and the worst of what came of their scripts; drawing ends at bad input.
struct DrawnFigures {
  Document document;
  Drawn worst = Drawn::Yes;
};
// Figures of an experiment by their names; all where none is named. Throws InputError as draw does.
DrawnFigures draw_figures(const ExperimentFolder& folder, const std::vector<std::string>& names,
                          const Slice& slice);
// Timelines, each beside its file.
DrawnFigures draw_timelines(const std::vector<std::string>& traces, const Stretch& stretch);

// What a file's pictures are called: its name without the ending, with its folders below the current one,
// "a__runs" for a/runs.csv. Two files of one ending never have one name: where a sign is left out on the way,
// or could be another's, a hash of the path stands behind it. Of a word that is no file it is `otherwise`.
std::string picture_name(const std::string& word, std::string otherwise);

// Writes FOLDER/SCRIPT-OF.csv and has plots/SCRIPT.py draw it beside, as .png and .pdf; says on standard
// error where. `of` tells one answer's files from another's. Returns and throws as draw does.
Drawn draw_answer(std::string_view script, std::string_view of, const Document& answer,
                  const std::filesystem::path& folder);

}  // namespace bandwright
