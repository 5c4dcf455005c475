#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/scale.h"
#include "core/paths.h"
#include "core/text.h"
#include "scaling/curve.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

using Json = nlohmann::ordered_json;

struct SimulateOptions {
  std::string model;
  std::string system;
  std::string workers;
  std::string measured;
  std::string loop = "NoOverlap";
  double one_worker_rate = 0.0;  // items per second; 0 takes the cluster's
  bool weak = false;
  bool strong = false;
  CurveOptions curve;
  OutputOptions output;
};

// A curve with what it was made of.
struct SimulatedCurve {
  CurveWorkload workload;
  Cluster cluster;
  std::optional<ImageModel> image_model;
  std::string calibration;  // a sentence, "" where there is none
  CurveOptions options;
  Curve curve;
};

// The file of a model that comes with the program, of either kind, or of the user's.
std::filesystem::path model_file(const std::string& word) {
  const auto image_model = find_input("image-models", word);
  if (image_model) return *image_model;
  try {
    return input_file("models", word, "model");
  } catch (const InputError& error) {
    throw InputError(
        fmt::format("{}; image models: {}", error.what(), fmt::join(input_names("image-models"), ", ")));
  }
}

// Measured items per second: the file's, else what the cluster knows of the model.
std::map<int, double> read_measured(const SimulateOptions& options, const Cluster& cluster,
                                    const std::string& model) {
  if (options.measured.empty()) {
    const Cluster::Measured* known = cluster.find_measured(model);
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

CurveWorkload calibrated(const SimulateOptions& options, SimulatedCurve& answer) {
  const ImageModel& model = *answer.image_model;
  double rate = options.one_worker_rate;
  const auto one = answer.options.measured.find(1);
  if (rate == 0.0 && one != answer.options.measured.end()) rate = one->second;
  if (!(rate > 0.0)) {
    throw InputError(
        fmt::format("how fast one worker of {} trains {} is not known: give --one-worker-rate or --measured",
                    answer.cluster.name, model.name));
  }
  const double flop_per_s = rate * static_cast<double>(model.flops_per_image());
  answer.calibration =
      fmt::format("calibrated on one worker alone: {:.4g} images/s, {:.4g} GFLOP/s", rate, flop_per_s * 1e-9);
  return image_workload(model, flop_per_s);
}

SimulatedCurve simulate(const SimulateOptions& options) {
  SimulatedCurve answer{.cluster = load_cluster(options.system), .options = options.curve};
  if (options.weak && options.strong) throw InputError("--weak and --strong exclude each other");
  const YamlValue root = YamlValue::load(model_file(options.model));
  CurveOptions& curve = answer.options;
  curve.mode = options.strong ? ScalingMode::Strong : ScalingMode::Weak;
  if (options.strong && curve.global_batch == 0) throw InputError("--strong needs --global-batch");
  if (options.strong && curve.batch != 0)
    throw InputError("--batch is for --weak; --strong has --global-batch");
  if (!options.strong && curve.global_batch != 0) throw InputError("--global-batch is for --strong");
  curve.workers = parse_option("--workers", options.workers, [](std::string_view text) {
    return parse_worker_counts(text, RangeStep::Doubling, max_npus);
  });
  curve.measured = read_measured(options, answer.cluster, root.at("name").as_string());
  if (is_image_model(root)) {
    answer.image_model = read_image_model(root);
    answer.workload = calibrated(options, answer);
  } else {
    answer.workload = table_workload(read_model(root), training_loop(options.loop));
  }
  // What a cluster knows was measured with the model's own batch on every worker.
  const bool own_batch = !options.strong && (curve.batch == 0 || curve.batch == answer.workload.usual_batch);
  if (options.measured.empty() && !own_batch) curve.measured.clear();
  answer.curve = simulate_curve(answer.workload, answer.cluster, curve);
  return answer;
}

std::string spell_model(const SimulatedCurve& answer) {
  const bool strong = answer.options.mode == ScalingMode::Strong;
  std::string text = fmt::format("{} on {}, {} scaling", answer.workload.name, answer.cluster.name,
                                 strong ? "strong" : "weak");
  if (!answer.image_model) return text + '\n';
  const ImageModel& model = *answer.image_model;
  return text + fmt::format("; {}\n{} parameters, {} bytes of gradients, {:.2f} GFLOP per image\n",
                            answer.calibration, model.parameters(), model.gradients().value(),
                            static_cast<double>(model.flops_per_image()) * 1e-9);
}

std::string spell_bound(const SimulatedCurve& answer) {
  const double percent = 100 * answer.options.efficiency;
  if (answer.curve.under_bound_at) {
    return fmt::format("Efficiency is under {:.0f} % at {} workers.\n", percent,
                       *answer.curve.under_bound_at);
  }
  return fmt::format("Efficiency stays at {:.0f} % or more up to {} workers.\n", percent,
                     answer.curve.searched_to);
}

std::string gigabytes(const std::optional<double>& bytes) {
  return bytes ? fmt::format("{:.2f} GB", *bytes * 1e-9) : "-";
}

std::string table(const SimulatedCurve& answer) {
  TextTable table{.headings = {"workers", "batch", "step s", answer.workload.item + "/s", "efficiency",
                               "exposed comm.", "memory", "measured/s", "error"}};
  for (const CurvePoint& point : answer.curve.points) {
    const std::string measured = point.measured ? fmt::format("{:.4g}", *point.measured) : "-";
    if (!point.fits) {
      table.rows.push_back({fmt::format("{}", point.workers), fmt::format("{}", point.batch), "does not fit",
                            "-", "-", "-", gigabytes(point.memory_bytes), measured, "-"});
      continue;
    }
    table.rows.push_back({fmt::format("{}", point.workers), fmt::format("{}", point.batch),
                          fmt::format("{:.4g}", point.step_seconds),
                          fmt::format("{:.4g}", point.items_per_second),
                          fmt::format("{:.1f} %", 100 * point.efficiency),
                          fmt::format("{:.2f} %", 100 * point.exposed_share), gigabytes(point.memory_bytes),
                          measured, point.error() ? fmt::format("{:+.1f} %", 100 * *point.error()) : "-"});
  }
  std::string text = spell_model(answer) + '\n' + aligned(table) + spell_bound(answer);
  for (const std::string& warning : answer.curve.warnings) text += "warning: " + warning + '\n';
  return text;
}

// A cell for each number; empty where there is none.
std::string csv(const SimulatedCurve& answer) {
  TextTable table{.headings = {"workers", "batch", "fits", "memory_bytes", "step_seconds", "items_per_second",
                               "efficiency", "exposed_share", "measured_items_per_second", "error"}};
  const auto cell = [](const std::optional<double>& number) {
    return number ? fmt::format("{}", *number) : "";
  };
  for (const CurvePoint& point : answer.curve.points) {
    const auto simulated = [&](double number) { return point.fits ? fmt::format("{}", number) : ""; };
    table.rows.push_back({fmt::format("{}", point.workers), fmt::format("{}", point.batch),
                          fmt::format("{}", point.fits), cell(point.memory_bytes),
                          simulated(point.step_seconds), simulated(point.items_per_second),
                          simulated(point.efficiency), simulated(point.exposed_share), cell(point.measured),
                          cell(point.error())});
  }
  return as_csv(table);
}

Json point_json(const CurvePoint& point) {
  const auto optional = [](const std::optional<double>& number) { return number ? Json(*number) : Json(); };
  const auto simulated = [&](double number) { return point.fits ? Json(number) : Json(); };
  return {{"workers", point.workers},
          {"batch", point.batch},
          {"fits", point.fits},
          {"memory_bytes", optional(point.memory_bytes)},
          {"step_seconds", simulated(point.step_seconds)},
          {"items_per_second", simulated(point.items_per_second)},
          {"efficiency", simulated(point.efficiency)},
          {"exposed_share", simulated(point.exposed_share)},
          {"measured_items_per_second", optional(point.measured)},
          {"error", optional(point.error())}};
}

std::string json(const SimulatedCurve& answer) {
  Json root;
  root["model"] = answer.workload.name;
  root["system"] = answer.cluster.name;
  root["scaling"] = answer.options.mode == ScalingMode::Strong ? "strong" : "weak";
  root["item"] = answer.workload.item;
  if (answer.image_model) {
    root["parameters"] = answer.image_model->parameters();
    root["gradient_bytes"] = answer.image_model->gradients().value();
    root["flops_per_image"] = answer.image_model->flops_per_image();
    root["calibration"] = answer.calibration;
  }
  root["points"] = Json::array();
  for (const CurvePoint& point : answer.curve.points) root["points"].push_back(point_json(point));
  root["efficiency_bound"] = answer.options.efficiency;
  root["under_bound_at"] = answer.curve.under_bound_at ? Json(*answer.curve.under_bound_at) : Json();
  root["warnings"] = answer.curve.warnings;
  return root.dump(2) + '\n';
}

void run(const SimulateOptions& options) {
  const SimulatedCurve answer = simulate(options);
  switch (options.output.format) {
    case OutputFormat::Text:
      write_output(options.output, table(answer));
      break;
    case OutputFormat::Csv:
      write_output(options.output, csv(answer));
      break;
    case OutputFormat::Json:
      write_output(options.output, json(answer));
      break;
  }
  bool any_fits = false;
  for (const CurvePoint& point : answer.curve.points) any_fits = any_fits || point.fits;
  if (any_fits) return;
  fmt::print(stderr, "bandwright: refused by the memory check: {}\n", answer.curve.warnings[0]);
  throw CLI::RuntimeError(1);
}

}  // namespace

void add_scale_simulate(CLI::App& scale) {
  constexpr std::int64_t most_items = 1'000'000'000;
  CLI::App* command =
      scale.add_subcommand("simulate", "Throughput of a training against workers, from its step graph");
  const auto options =
      std::make_shared<SimulateOptions>();  // shared with the callback, which outlives this function
  command->add_option("model", options->model, "an image model or a model table: a name or a YAML file")
      ->required();
  command->add_option("--system", options->system, "a name of inputs/clusters or a YAML file")->required();
  command
      ->add_option("--workers,--nodes,--npus", options->workers,
                   "worker counts, such as 1,2,4 or 1..128 (doubling)")
      ->required();
  command->add_flag("--weak", options->weak, "every worker brings its own batch (usual)");
  command->add_flag("--strong", options->strong, "the global batch is divided");
  command->add_option("--batch", options->curve.batch, "of a worker, for --weak")
      ->check(CLI::Range(std::int64_t{1}, most_items));
  command->add_option("--global-batch", options->curve.global_batch, "of all workers, for --strong")
      ->check(CLI::Range(std::int64_t{1}, most_items));
  command
      ->add_option("--one-worker-rate", options->one_worker_rate,
                   "items per second of one worker, for calibration")
      ->check(number_between(1e-9, 1e15));
  command->add_option("--measured", options->measured, "CSV n,images_per_sec to print beside")
      ->type_name("FILE");
  command->add_option("--efficiency", options->curve.efficiency, "the lowest that pays")
      ->check(number_between(0.001, 1.0));
  command->add_option("--loop", options->loop, "training loop of a model table");
  add_output_options(*command, options->output);
  command->callback([options] { run(*options); });
}

}  // namespace bandwright
