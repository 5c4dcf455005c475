#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "answers/scaling/scaling.h"
#include "cli/console/output.h"
#include "cli/options/option_rules.h"
#include "cli/scale/scale.h"
#include "core/catalogue.h"
#include "scaling/trials.h"
#include "scaling/worker_counts.h"

namespace bandwright {
namespace {

constexpr int most_trials = 1'000'000;
constexpr int most_trial_workers = 1'000'000;
constexpr std::size_t most_events = 100'000'000;

struct TrialsOptions {
  int jobs = 0;
  std::string workers;
  std::string duration;
  std::string startup = "0 s";
  std::string head_link = "1 Gb/s";
  std::string rate = "200 kB/s";
  std::string scheduler = "fifo";
  HalvingOptions halving;
  std::uint64_t seed = 1;
  OutputOptions output;
};

TrialCluster read_cluster(const TrialsOptions& options) {
  TrialCluster cluster;
  cluster.startup = TrialTime(std::llround(to_ns(parse_option("--startup", options.startup, parse_time))));
  cluster.head_link = parse_option("--head-link", options.head_link, parse_bandwidth);
  cluster.rate = parse_option("--rate", options.rate, parse_bandwidth);
  if (!(cluster.head_link.value() > 0.0)) throw InputError("--head-link: must be above 0");
  return cluster;
}

TrialsAnswer play(const TrialsOptions& options) {
  if (options.halving.max_t < options.halving.grace) throw InputError("--grace: must not be above --max-t");
  const std::vector<int> workers = parse_option("--workers", options.workers, [](std::string_view text) {
    return parse_worker_counts(text, most_trial_workers);
  });
  const auto jobs = static_cast<std::size_t>(options.jobs);
  if (workers.size() * jobs > most_events) {
    throw InputError(fmt::format("{} jobs at {} worker counts are too many to play", jobs, workers.size()));
  }
  const TrialCluster cluster = read_cluster(options);
  const auto& scheduler = find_in_catalogue(trial_schedulers(), options.scheduler, "scheduler");
  const std::vector<Trial> trials = parse_option("--duration", options.duration, [&](std::string_view text) {
    return make_trials(text, options.jobs, options.seed);
  });
  return trials_answer(trials, workers, cluster, scheduler, options.halving);
}

void run(const TrialsOptions& options) {
  const TrialsAnswer answer = play(options);
  write_answer(options.output, trials_document(answer));
}

}  // namespace

void add_scale_trials(CLI::App& scale) {
  CLI::App* command =
      scale.add_subcommand("trials", "Many independent trials on N workers behind one head node");
  const auto options =
      std::make_shared<TrialsOptions>();  // shared with the callback, which outlives this function
  command->add_option("--jobs", options->jobs, "trials in the study")
      ->required()
      ->check(CLI::Range(1, most_trials));
  command
      ->add_option("--workers", options->workers, "worker counts, such as 1,2,4, 1..64 (doubling) or 1..64+1")
      ->required();
  command
      ->add_option("--duration", options->duration,
                   "of a trial: '42.85 s', one per job, or uniform(30 s, 60 s), normal(43 s, 5 s), "
                   "lognormal(43 s, 0.3), "
                   "exponential(43 s)")
      ->required();
  command->add_option("--startup", options->startup, "time before the first trial starts");
  command->add_option("--head-link", options->head_link, "bandwidth of the head node's link");
  command->add_option("--rate", options->rate, "what a running trial sends through the head");
  command->add_option("--scheduler", options->scheduler, "fifo, or asha: successive halving");
  command->add_option("--eta", options->halving.eta, "asha: 1/eta of the trials go on")
      ->check(CLI::Range(2, 1000));
  command->add_option("--grace", options->halving.grace, "asha: iterations before the first rung")
      ->check(CLI::Range(1, 1'000'000'000));
  command->add_option("--max-t", options->halving.max_t, "asha: iterations of a whole trial")
      ->check(CLI::Range(1, 1'000'000'000));
  command->add_option("--seed", options->seed, "of sampled durations and of the outcomes asha compares");
  add_output_options(*command, options->output);
  command->footer(
      "Example:\n"
      "  bandwright scale trials --jobs 16 --workers 1..64 --duration 42.85s --startup 16.1s");
  command->callback([command, options] {
    const auto& scheduler = find_in_catalogue(trial_schedulers(), options->scheduler, "scheduler");
    if (scheduler.name != "asha") {
      refuse_typed(*command, {"--eta", "--grace", "--max-t"}, "is for --scheduler asha");
    }
    run(*options);
  });
}

}  // namespace bandwright
