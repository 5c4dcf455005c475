#pragma once
#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "answers/experiments/figures.h"

namespace bandwright {

// --plot and --plot-folder of commands that draw their own answer.
struct AnswerPlot {
  bool plot = false;
  std::string folder;  // where the figure and the table it is drawn from go
};
void add_answer_plot(CLI::App& command, AnswerPlot& options, const std::string& help);

// Throws CLI::RuntimeError, with its status, for all but Drawn::Yes.
void require(Drawn drawn);

// With --plot, what draw_answer does; throws as require does.
void plot_answer(std::string_view script, std::string_view of, const Document& answer,
                 const AnswerPlot& options);

}  // namespace bandwright
