#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "answers/scaling.h"
#include "cli/figures.h"
#include "cli/model_file.h"
#include "cli/option_rules.h"
#include "cli/output.h"
#include "cli/scale.h"
#include "cli/training_options.h"
#include "core/tell.h"
#include "core/text.h"
#include "scaling/curve_workloads.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_items = 1'000'000'000;

struct ScaleSimulateOptions {
  std::string model;
  std::string workers;
  std::string measured;
  std::string loop = "NoOverlap";
  double one_worker_rate = 0.0;  // items per second; 0 takes the machine's
  bool weak = false;
  bool strong = false;
  TrainingOptions training;
  std::vector<std::string> given;  // options of transformers that were typed
  CurveOptions curve;
  OutputOptions output;
  AnswerPlot plot{.folder = "output/scaling"};
};

// Measured items per second: the file's, else what the machine knows of the model.
std::map<int, double> read_measured(const ScaleSimulateOptions& options, const Machine& machine,
                                    const std::string& model) {
  if (options.measured.empty()) {
    const MeasuredRates* known = machine.find_measured(model);
    return known == nullptr ? std::map<int, double>() : known->items_per_second;
  }
  const std::vector<ScalingSeries> all = read_scaling_csv(options.measured, ScalingMode::Weak);
  if (all.size() != 1 || !all[0].is_rate) {
    throw InputError(Place{.file = options.measured},
                     "expected one series of rates, such as n,images_per_sec");
  }
  std::map<int, double> rates;
  for (const ScalingPoint& point : all[0].points) rates[point.workers] = 1.0 / point.seconds;
  return rates;
}

void load_images(const ScaleSimulateOptions& options, const std::filesystem::path& file,
                 SimulatedCurve& answer) {
  const ImageModel model = read_image_model(YamlValue::load(file));
  answer.image_model = model;
  answer.options.measured = read_measured(options, answer.machine, model.name);
  double rate = options.one_worker_rate;
  const auto one = answer.options.measured.find(1);
  if (rate == 0.0 && one != answer.options.measured.end()) rate = one->second;
  const auto flop_per_image = static_cast<double>(model.flops_per_image());
  double flop_per_s = rate * flop_per_image;
  if (rate > 0.0) {
    answer.remark = fmt::format("calibrated on one worker alone: {:.4g} images/s, {:.4g} GFLOP/s", rate,
                                flop_per_s * 1e-9);
  } else {
    const Precision units = parse_option("--precision", options.training.precision, precision);
    flop_per_s = roofline_flop_per_s(model, answer.machine.npu, units);
    answer.remark = fmt::format(
        "one worker by the roofline of its layers, at most {:.4g} images/s; --one-worker-rate calibrates",
        flop_per_s / flop_per_image);
  }
  answer.workload = image_workload(model, answer.machine, flop_per_s);
}

void load_table(const ScaleSimulateOptions& options, const std::filesystem::path& file,
                SimulatedCurve& answer) {
  const Model model = read_model(YamlValue::load(file));
  answer.options.measured = read_measured(options, answer.machine, model.name);
  answer.workload = table_workload(model, answer.machine, training_loop(options.loop));
}

void load_transformer(const ScaleSimulateOptions& options, SimulatedCurve& answer) {
  TransformerArchitecture model = load_architecture(options.model);
  if (!options.training.sequence.empty()) {
    model.sequence = parse_option("--sequence", options.training.sequence,
                                  [](std::string_view word) { return parse_integer(word, 1, 1 << 24); });
  }
  const auto is_open = [&](std::string_view option) {
    return std::find(options.given.begin(), options.given.end(), option) == options.given.end();
  };
  const OpenChoices open{.tensor = is_open("--tp"),
                         .pipeline = is_open("--pp"),
                         .micro_batch = is_open("--micro-batch"),
                         .zero = is_open("--zero"),
                         .recompute = is_open("--recompute"),
                         .expert = is_open("--ep") && model.sparse()};
  std::vector<std::string_view> chosen;
  for (const auto& [is_chosen, name] :
       {std::pair(open.tensor, "--tp"), std::pair(open.pipeline, "--pp"),
        std::pair(open.micro_batch, "--micro-batch"), std::pair(open.zero, "--zero"),
        std::pair(open.recompute, "--recompute"), std::pair(open.expert, "--ep")}) {
    if (is_chosen) chosen.emplace_back(name);
  }
  if (!chosen.empty()) {
    answer.remark = fmt::format("{} chosen at each point: the fastest that fits", fmt::join(chosen, " "));
  }
  answer.options.measured = read_measured(options, answer.machine, model.name);
  answer.workload = transformer_workload(model, answer.machine, read_parallelism(options.training), open);
}

CurveOptions read_curve(const ScaleSimulateOptions& options) {
  CurveOptions curve = options.curve;
  const std::string& global = options.training.global_batch;
  if (!global.empty()) {
    curve.global_batch = parse_option(
        "--global-batch", global, [](std::string_view word) { return parse_integer(word, 1, most_items); });
  }
  if (options.weak && options.strong) throw InputError("--weak and --strong exclude each other");
  curve.mode = options.strong ? ScalingMode::Strong : ScalingMode::Weak;
  if (options.strong && curve.global_batch == 0) throw InputError("--strong needs --global-batch");
  if (options.strong && curve.batch != 0)
    throw InputError("--batch is for --weak; --strong has --global-batch");
  if (!options.strong && curve.global_batch != 0) throw InputError("--global-batch is for --strong");
  curve.workers = parse_option("--workers", options.workers, [](std::string_view text) {
    return parse_worker_counts(text, RangeStep::Doubling, max_npus);
  });
  return curve;
}

SimulatedCurve simulate(const CLI::App& command, const ScaleSimulateOptions& options) {
  SimulatedCurve answer{.machine = load_machine(options.training.system), .options = read_curve(options)};
  const ModelFile model = find_model(options.model);
  const bool own_precision =
      model.kind == ModelKind::Images && options.given == std::vector<std::string>{"--precision"};
  if (model.kind != ModelKind::Transformer && !options.given.empty() && !own_precision) {
    throw InputError(
        fmt::format("{} is for transformers; {} is data parallel", options.given.front(), options.model));
  }
  if (model.kind != ModelKind::Images) refuse_typed(command, {"--one-worker-rate"}, "is for image models");
  if (model.kind != ModelKind::Table) refuse_typed(command, {"--loop"}, "is for model tables");
  switch (model.kind) {
    case ModelKind::Images:
      load_images(options, model.file, answer);
      break;
    case ModelKind::Transformer:
      load_transformer(options, answer);
      break;
    case ModelKind::Table:
      load_table(options, model.file, answer);
      break;
  }
  // What a machine knows was measured with the model's own batch on every worker.
  const CurveOptions& curve = answer.options;
  const bool own_batch = !options.strong && (curve.batch == 0 || curve.batch == answer.workload.usual_batch);
  if (options.measured.empty() && !own_batch) answer.options.measured.clear();
  answer.curve = simulate_curve(answer.workload, answer.machine, answer.options);
  return answer;
}

void run(const CLI::App& command, const ScaleSimulateOptions& options) {
  const SimulatedCurve answer = simulate(command, options);
  const Document document = curve_document(answer);
  write_answer(options.output, document);
  const std::vector<CurvePoint>& points = answer.curve.points;
  if (std::any_of(points.begin(), points.end(), [](const CurvePoint& point) { return point.played(); })) {
    return draw_answer("scaling", answer.workload.name + "-on-" + answer.machine.name, document,
                       options.plot);
  }
  tell("bandwright: refused by the memory check: {}\n", answer.curve.warnings[0]);
  throw CLI::RuntimeError(1);
}

void add_curve_options(CLI::App& command, ScaleSimulateOptions& options) {
  command
      .add_option("model", options.model, "a transformer, an image model or a model table: a name or a file")
      ->required();
  command.add_option("--system", options.training.system, "a name of `list systems` or a YAML file")
      ->required();
  command
      .add_option("--workers,--nodes,--npus", options.workers,
                  "worker counts, such as 1,2,4 or 1..128 (doubling)")
      ->required();
  command.add_flag("--weak", options.weak, "every worker brings its own batch (usual)");
  command.add_flag("--strong", options.strong, "the global batch is divided");
  command.add_option("--batch", options.curve.batch, "of a worker, for --weak")
      ->check(CLI::Range(std::int64_t{1}, most_items));
  command
      .add_option("--one-worker-rate", options.one_worker_rate,
                  "images per second of one worker, for calibration")
      ->check(number_between(1e-9, 1e15));
  command.add_option("--measured", options.measured, "CSV n,images_per_sec to print beside")
      ->type_name("FILE");
  command.add_option("--efficiency", options.curve.efficiency, "the lowest that pays")
      ->check(number_between(0.001, 1.0));
  command.add_option("--loop", options.loop, "training loop of a model table");
}

}  // namespace

void add_scale_simulate(CLI::App& scale) {
  CLI::App* command =
      scale.add_subcommand("simulate", "Throughput of a training against workers, from its step graph");
  const auto options =
      std::make_shared<ScaleSimulateOptions>();  // shared with the callback, which outlives this function
  add_curve_options(*command, *options);
  add_training_options(*command, options->training);
  command->get_option("--global-batch")->description("of all workers, for --strong");
  begin_group(*command, main_options);
  command->add_option("--recompute", options->training.recompute, "none, selective (attention core) or full")
      ->type_name("NAME");
  add_output_options(*command, options->output);
  add_answer_plot(*command, options->plot, "draw the curve, beside the ideal line and what was measured");
  command->footer(
      "Of a transformer, what is not given of --tp, --pp, --ep, --micro-batch, --zero and --recompute is "
      "chosen\n"
      "at each point: the fastest that fits.\n"
      "Examples:\n"
      "  bandwright scale simulate cosmogan --system edison --nodes 1..128 --weak --batch 64\n"
      "  bandwright scale simulate gpt3-175b --system dgx-a100 --npus 64..4096 --strong --global-batch 1536\n"
      "  bandwright scale simulate llama3-70b --system dgx-h100 --npus 64..1024 --weak --tp 8 --pp 4");
  command->callback([command, options] {
    check_needs(*command, {"--plot-folder"}, {"--plot"});
    options->given = given_training_options(*command);
    run(*command, *options);
  });
}

}  // namespace bandwright
