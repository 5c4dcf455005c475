#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "answers/scaling/scaling.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "cli/scale/scale.h"
#include "core/choice.h"
#include "core/io/progress.h"
#include "core/io/tell.h"
#include "core/text.h"
#include "core/units.h"
#include "scaling/measure.h"
#include "scaling/sbatch.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

constexpr int most_measured_workers = 10'000'000;

constexpr std::array slurm_workers = {Choice{SlurmWorker::Task, "task", "a process"},
                                      Choice{SlurmWorker::Node, "node", "a whole node"},
                                      Choice{SlurmWorker::Cpu, "cpu", "a core for a thread"}};

struct MeasureCommandOptions {
  MeasurePlan plan;
  std::string workers;
  std::string threads = "auto";
  std::string timeout;
  std::string rate;
  std::string store = "output/measurements.sqlite";
  bool resume = false;
  bool slurm = false;
  SlurmOptions slurm_options;
  OutputOptions output;
};

void show(const MeasureEvent& event, ProgressBar& progress) {
  const std::string run = event.number == 0 ? "warm-up" : fmt::format("run {}", event.number);
  progress.line(event.total > 0 ? static_cast<double>(event.done) / event.total : 1.0,
                fmt::format("[{}/{}] {} workers, {}: {}{}", event.done, event.total, event.workers, run,
                            event.outcome, event.remembered ? " (from the store)" : ""));
}

void read_plan(MeasureCommandOptions& options) {
  MeasurePlan& plan = options.plan;
  plan.workers = parse_option("--workers", options.workers, [](std::string_view text) {
    return parse_worker_counts(text, most_measured_workers);
  });
  if (!options.rate.empty()) plan.rate.emplace(options.rate);
  plan.inherit_threads = options.threads == "inherit";
  if (options.threads != "auto" && !plan.inherit_threads) {
    plan.threads = parse_option("--threads", options.threads, [](std::string_view text) {
      return static_cast<int>(parse_integer(text, 1, most_measured_workers));
    });
  }
  if (!options.timeout.empty()) {
    const Time limit = parse_option("--timeout", options.timeout, parse_time);
    if (limit < picoseconds(1'000'000'000)) throw InputError("--timeout: must be at least 1 ms");
    plan.timeout = std::chrono::nanoseconds(std::llround(to_ns(limit)));
  }
}

void print_script(const MeasureCommandOptions& options) {
  static_cast<void>(checked_partition(options.slurm_options.partition));
  SlurmOptions slurm = options.slurm_options;
  std::vector<std::string>& words = slurm.measure_options;
  words = {"--repeat", std::to_string(options.plan.repeats), "--warmup",
           std::to_string(options.plan.warmups)};
  words.insert(words.end(), {"--threads", options.threads, "--store", options.store});
  if (!options.timeout.empty()) words.insert(words.end(), {"--timeout", options.timeout});
  if (options.plan.pin) words.emplace_back("--pin");
  if (options.plan.rate) words.insert(words.end(), {"--rate", options.rate});
  words.insert(words.end(), {"--format", "csv", "--output", "scaling.csv"});
  write_output(options.output, sbatch_script(options.plan, slurm));
}

void warn_about_cores(const MeasurePlan& plan) {
  const unsigned cores = std::thread::hardware_concurrency();
  const bool elsewhere = plan.command[0] == "srun" || plan.command[0] == "mpirun" || plan.command[0] == "ssh";
  if (cores == 0 || elsewhere || static_cast<unsigned>(plan.workers.back()) <= cores) return;
  tell("warning: this machine has {} cores; {} workers share them\n", cores, plan.workers.back());
}

// The bar is gone before the answer is printed.
std::vector<MeasuredPoint> measured(const MeasurePlan& plan, RunStore& store) {
  ProgressBar progress;
  return measure(plan, store, [&](const MeasureEvent& event) { show(event, progress); });
}

void run(MeasureCommandOptions options) {
  read_plan(options);
  if (options.slurm) return print_script(options);
  RunStore store(options.store);
  if (!options.resume) store.forget(study_of(options.plan));
  warn_about_cores(options.plan);
  const std::vector<MeasuredPoint> points = measured(options.plan, store);
  write_answer(options.output, measurement_document(options.plan.command, points));
  bool failed = false;
  for (const MeasuredPoint& point : points) {
    if (point.failure.empty()) continue;
    failed = true;
    tell("bandwright: {} workers not measured: {}\n", point.workers, point.failure);
  }
  if (failed) throw CLI::RuntimeError(1);
}

void add_slurm_options(CLI::App& command, MeasureCommandOptions& options) {
  command.add_flag("--slurm", options.slurm, "print a script for sbatch instead");
  command
      .add_option_function<std::string>(
          "--slurm-worker",
          [&options](const std::string& word) {
            options.slurm_options.worker = choice_named(slurm_workers, word, "Slurm worker");
          },
          "what a worker is: task, node or cpu")
      ->default_str("task");
  command.add_option("--partition", options.slurm_options.partition, "Slurm partition");
}

}  // namespace

void add_scale_measure(CLI::App& scale) {
  CLI::App* command =
      scale.add_subcommand("measure", "Run a command at several worker counts: time and peak memory");
  const auto options = std::make_shared<MeasureCommandOptions>();  // shared with the callback
  command->add_option("--workers", options->workers, "worker counts, such as 1,2,4 or 1..64 (doubling)")
      ->required();
  command->add_option("--repeat", options->plan.repeats, "runs that count, at each")
      ->check(CLI::Range(1, 10'000));
  command->add_option("--warmup", options->plan.warmups, "runs before them")->check(CLI::Range(0, 10'000));
  command->add_option("--timeout", options->timeout, "kill a run after this time, such as '300 s'");
  command->add_option(
      "--threads", options->threads,
      "OMP_NUM_THREADS and the like: auto (1 if the command has {n}, else n), inherit, or a number");
  command
      ->add_option(
          "--rate", options->rate,
          "pattern of the rate that it prints, with a group around the number: 'images/sec: ([0-9.]+)'")
      ->type_name("PATTERN");
  command->add_flag("--pin", options->plan.pin, "bind OpenMP threads to cores");
  command->add_option("--store", options->store, "SQLite file that keeps every run")->type_name("FILE");
  command->add_flag("--resume", options->resume, "do not repeat runs of this command that the store has");
  add_slurm_options(*command, *options);
  add_output_options(*command, options->output);
  command->add_option("command", options->plan.command, "after --: what to run; {n} is the worker count")
      ->required();
  command->footer(
      "Examples:\n"
      "  bandwright scale measure --workers 1..8 -- ./train.sh {n}\n"
      "  bandwright scale measure --workers 1,2,4 --format csv --output scaling.csv -- mpirun -n {n} "
      "./train\n"
      "  bandwright scale measure --workers 1..8 --rate 'images/sec: ([0-9.]+)' -- ./train.sh {n}");
  command->callback([command, options] {
    check_needs(*command, {"--slurm-worker", "--partition"}, {"--slurm"});
    check_needs(*command, {"--resume"}, {"--store"});
    run(*options);
  });
}

}  // namespace bandwright
