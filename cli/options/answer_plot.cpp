#include "cli/options/answer_plot.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace bandwright {

void add_answer_plot(CLI::App& command, AnswerPlot& options, const std::string& help) {
  command.add_flag("--plot", options.plot, help);
  command.add_option("--plot-folder", options.folder, "where the figure and its table go")
      ->capture_default_str()
      ->type_name("FOLDER");
}

void require(Drawn drawn) {
  if (drawn != Drawn::Yes) throw CLI::RuntimeError(static_cast<int>(drawn));
}

void plot_answer(std::string_view script, std::string_view of, const Document& answer,
                 const AnswerPlot& options) {
  if (options.plot) require(draw_answer(script, of, answer, options.folder));
}

}  // namespace bandwright
