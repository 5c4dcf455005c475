#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "answers/placement.h"
#include "cli/commands.h"
#include "cli/console/output.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "cli/options/place_options.h"
#include "core/io/interrupt.h"
#include "core/io/progress.h"

namespace bandwright {
namespace {

bool wants_schedule(const PlaceOptions& options) {
  return !options.schedule_file.empty() || !options.timeline_file.empty();
}

void write_schedules(const PlaceOptions& options, const PlaceReport& report) {
  if (!wants_schedule(options) || !report.rows.front().summary.replay) return;
  const PlacementSummary& summary = report.rows.front().summary;
  const TrainingGraph& graph = report.problem.graph;
  if (!options.schedule_file.empty()) {
    write_output({.file = options.schedule_file}, render_csv(schedule_document(graph, summary)));
  }
  if (!options.timeline_file.empty()) {
    write_timeline(options.timeline_file, schedule_timeline(graph, summary));
  }
}

PlaceQuestion question_of(const PlaceOptions& options) {
  PlaceQuestion question = options.question;
  if (!question.ratios.empty() && options.sweep) throw InputError("give one of --ratio, --fast and --sweep");
  if (options.sweep) question.ratios = sweep_ratios;
  if (!options.gap.empty()) {
    question.gap = parse_option("--gap", options.gap,
                                [](std::string_view text) { return parse_number(text, 0.0, 1.0); });
  }
  question.time_limit_seconds = to_seconds(parse_option("--time-limit", options.time_limit, parse_time));
  if (!options.window.empty()) {
    question.window = static_cast<int>(parse_option(
        "--window", options.window, [](std::string_view text) { return parse_integer(text, 0, 1000); }));
  }
  question.one_schedule = wants_schedule(options);
  return question;
}

struct PlaceAnswer {
  PlaceReport report;
  bool interrupted = false;
};

PlaceAnswer answer_of(const PlaceOptions& options) {
  const PlaceQuestion question = question_of(options);
  const InterruptWatch interrupt(stop_of(options.output.host));  // before any other thread
  ProgressClock progress(question.time_limit_seconds);
  PlaceReport report = place(question, {.stop = interrupt.token(), .on_stage = [&](std::string_view stage) {
                                          progress.begin(std::string(stage));
                                        }});
  return {std::move(report), interrupt.token().stop_requested()};
}

void run(PlaceOptions options) {
  take_model_and_machine(options.words, options.question.job);
  const auto [report, interrupted] = answer_of(options);
  write_answer(options.output, placement_document(report, options.output.timing));
  write_schedules(options, report);
  if (interrupted) throw CLI::RuntimeError(interrupted_status);
  const std::string of = options.question.kernels.empty()
                             ? picture_name(options.question.job.model, report.problem.graph.name)
                             : picture_name(options.question.kernels, report.problem.graph.name);
  plot_answer("placement", of + "-" + picture_name(options.question.job.tiers, report.problem.tiers.name),
              placement_document(report, false), options.plot);
  if (!report.answered()) throw CLI::RuntimeError(1);
}

}  // namespace

void add_place(CLI::App& app) {
  CLI::App* command = app.add_subcommand("place", "Where each tensor should live: fast or slow memory");
  const auto options =
      std::make_shared<PlaceOptions>();  // shared with the callback, which outlives this function
  add_place_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  bandwright place vgg19 --batch 16 --tiers dram-pmm --ratio 8:1,4:1,2:1,1:1 --policy synchronous\n"
      "  bandwright place densenet-264 --tiers hbm-ddr --batch 256 --fast '10 GiB' --policy all\n"
      "  bandwright place llama3-70b dgx-h100 --tp 8 --tiers hbm-ddr --fast '60 GiB' --policy "
      "asynchronous\n"
      "  bandwright place --kernels profile.csv --tiers my-tiers.yaml --sweep --plot\n"
      "  bandwright place vgg19 --ratio 4:1 --policy synchronous --schedule moves.csv --timeline moves.json");
  command->callback([command, options] {
    check_needs(*command, {"--plot-folder"}, {"--plot"});
    run(*options);
  });
}

}  // namespace bandwright
