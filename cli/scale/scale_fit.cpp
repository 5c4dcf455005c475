#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "answers/scaling/scaling.h"
#include "cli/console/output.h"
#include "cli/options/answer_plot.h"
#include "cli/options/option_rules.h"
#include "cli/scale/scale.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

struct FitCommandOptions {
  std::string file;
  std::string predict;
  std::string series;
  bool weak = false;
  bool rate = false;
  FitOptions fit;
  OutputOptions output;
  AnswerPlot plot{.folder = "output/scaling"};
};

std::vector<ScalingSeries> read_series(const FitCommandOptions& options) {
  std::vector<ScalingSeries> all =
      read_scaling_csv(options.file, options.weak ? ScalingMode::Weak : ScalingMode::Strong,
                       options.rate ? MeasuredAs::Rate : MeasuredAs::TimeOrRate);
  if (options.series.empty()) return all;
  std::string names;
  for (ScalingSeries& series : all) {
    if (series.name == options.series) return {std::move(series)};
    names += (names.empty() ? "" : ", ") + series.name;
  }
  throw InputError(fmt::format("--series: no '{}' in {}, which has {}", options.series, options.file, names));
}

void run(FitCommandOptions options) {
  if (!options.predict.empty()) {
    options.fit.predict = parse_option("--predict", options.predict,
                                       [](std::string_view text) { return parse_worker_counts(text); });
  }
  std::vector<FittedSeries> all;
  for (ScalingSeries& series : read_series(options)) {
    ScalingFit summary = fit_scaling(series, options.fit);
    all.push_back({std::move(series), std::move(summary), options.fit.efficiency});
  }
  const Document answer = fit_document(all);
  write_answer(options.output, answer);
  plot_answer("scaling", "fit-" + picture_name(options.file, "input"), answer, options.plot);
  const bool lawless =
      std::any_of(all.begin(), all.end(), [](const FittedSeries& f) { return !f.summary.chosen; });
  if (lawless) throw CLI::RuntimeError(1);
}

}  // namespace

void add_scale_fit(CLI::App& scale) {
  CLI::App* command =
      scale.add_subcommand("fit", "Which law a measured speedup curve follows, and what it predicts");
  const auto options =
      std::make_shared<FitCommandOptions>();  // shared with the callback, which outlives this function
  command->add_option("file", options->file, "CSV with columns n,seconds and perhaps series")
      ->required()
      ->type_name("CSV");
  command->add_option("--predict", options->predict, "worker counts, such as 16,32 or 16..1024");
  command
      ->add_option("--holdout", options->fit.holdout,
                   "keep the K largest worker counts from the fit, and predict them")
      ->type_name("K");
  command->add_option("--efficiency", options->fit.efficiency, "the lowest that pays")
      ->check(number_between(0.001, 1.0));
  command->add_option("--series", options->series, "only this one of the file");
  command->add_flag("--weak", options->weak, "the work grew with the workers");
  command->add_flag("--rate", options->rate, "of a file that has times and rates, the rates");
  add_output_options(*command, options->output);
  add_answer_plot(*command, options->plot,
                  "draw the points, the law with its range, and where it stops paying");
  command->footer(
      "Examples:\n"
      "  bandwright scale fit measured.csv\n"
      "  bandwright scale fit measured.csv --holdout 2 --predict 16..1024 --plot");
  command->callback([command, options] {
    check_needs(*command, {"--plot-folder"}, {"--plot"});
    run(*options);
  });
}

}  // namespace bandwright
