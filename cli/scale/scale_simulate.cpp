#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "answers/scaling/scaling.h"
#include "cli/console/output.h"
#include "cli/options/answer_plot.h"
#include "cli/options/job_options.h"
#include "cli/options/option_rules.h"
#include "cli/program/no_answer.h"
#include "cli/scale/scale.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_items = 1'000'000'000;

struct CurveCommand {
  std::vector<std::string> words;  // positionals
  CurveQuestion question;
  std::string workers;
  std::string measured;
  bool weak = false;
  bool strong = false;
  OutputOptions output;
  AnswerPlot plot{.folder = "output/scaling"};
};

// Measured items per second of a file.
std::map<int, double> read_measured(const std::string& file) {
  const std::vector<ScalingSeries> all = read_scaling_csv(file, ScalingMode::Weak);
  if (all.size() != 1 || !all[0].is_rate) {
    throw InputError(Place{.file = file}, "expected one series of rates, such as n,images_per_sec");
  }
  std::map<int, double> rates;
  for (const ScalingPoint& point : all[0].points) rates[point.workers] = 1.0 / point.seconds;
  return rates;
}

CurveQuestion question_of(const CurveCommand& options) {
  CurveQuestion question = options.question;
  if (options.weak && options.strong) throw InputError("--weak and --strong exclude each other");
  question.mode = options.strong ? ScalingMode::Strong : ScalingMode::Weak;
  question.workers = parse_option("--workers", options.workers,
                                  [](std::string_view text) { return parse_worker_counts(text, max_npus); });
  if (!options.measured.empty()) question.measured = read_measured(options.measured);
  return question;
}

void run(CurveCommand options) {
  Job& job = options.question.job;
  take_model_and_machine(options.words, job);
  if (job.model.empty() || job.machine.empty()) {
    throw InputError("missing arguments: bandwright scale simulate <model> <machine> --workers LIST");
  }
  const CurveQuestion question = question_of(options);
  const SimulatedCurve answer = curve(question);
  const Document document = curve_document(answer);
  write_answer(options.output, document);
  const std::vector<CurvePoint>& points = answer.curve.points;
  if (std::any_of(points.begin(), points.end(), [](const CurvePoint& point) { return point.played(); })) {
    return plot_answer("scaling",
                       picture_name(question.job.model, answer.workload.name) + "-on-" +
                           picture_name(question.job.machine, answer.machine.name),
                       document, options.plot);
  }
  throw NoAnswer("refused by the memory check: " + answer.curve.warnings[0]);
}

void add_curve_options(CLI::App& command, CurveCommand& options) {
  Job& job = options.question.job;
  command.add_option("words", options.words)
      ->option_text(
          "<model> <machine>, in either order\n"
          "      model: a transformer, an image model or a layer table: a name or a file\n"
          "      machine: a name of `list machines`, or a YAML file");
  add_job_option(command, job, &Job::model)->description("in place of <model>");
  add_job_option(command, job, &Job::machine, "--machine,--system")
      ->description("in place of <machine>")
      ->default_str("");
  command
      .add_option("--workers,--nodes,--npus", options.workers,
                  "worker counts, such as 1,2,4 or 1..128 (doubling)")
      ->required();
  command.add_flag("--weak", options.weak, "every worker brings its own batch (usual)");
  command.add_flag("--strong", options.strong, "the global batch is divided");
  command.add_option("--batch", options.question.batch, "of a worker, for --weak")
      ->check(CLI::Range(std::int64_t{1}, most_items));
  command
      .add_option("--one-worker-rate", options.question.one_worker_rate,
                  "images per second of one worker, for calibration")
      ->check(number_between(1e-9, 1e15));
  command.add_option("--measured", options.measured, "CSV n,images_per_sec to print beside")
      ->type_name("FILE");
  command.add_option("--efficiency", options.question.efficiency, "the lowest that pays")
      ->check(number_between(0.001, 1.0));
  add_job_option(command, job, &Job::loop);
}

}  // namespace

void add_scale_simulate(CLI::App& scale) {
  CLI::App* command =
      scale.add_subcommand("simulate", "Throughput of a training against workers, from its step graph");
  const auto options =
      std::make_shared<CurveCommand>();  // shared with the callback, which outlives this function
  add_curve_options(*command, *options);
  Job& job = options->question.job;
  add_job_options(*command, job, OptionGroup::Divisions);
  command->get_option("--global-batch")->description("of all workers, for --strong");
  add_job_option(*command, job, &Job::recompute)->description("none, selective (attention core) or full");
  begin_group(*command, finer_points);
  add_job_options(*command, job, OptionGroup::Finer);
  add_output_options(*command, options->output);
  add_answer_plot(*command, options->plot, "draw the curve, beside the ideal line and what was measured");
  command->footer(
      "Of a transformer, what is not given of --tp --cp --pp --ep --virtual-stages --micro-batch --zero\n"
      "--recompute is chosen at each point: the fastest division of all that fit, as `plan` finds it. Each\n"
      "may be a value or a list.\n"
      "Examples:\n"
      "  bandwright scale simulate cosmogan --machine edison --nodes 1..128 --weak --batch 64\n"
      "  bandwright scale simulate gpt3-175b dgx-a100 --npus 64..4096 --strong --global-batch "
      "1536\n"
      "  bandwright scale simulate llama3-70b --machine dgx-h100 --npus 64..1024 --weak --tp 8 --pp 4");
  command->callback([command, options] {
    check_needs(*command, {"--plot-folder"}, {"--plot"});
    run(*options);
  });
}

}  // namespace bandwright
