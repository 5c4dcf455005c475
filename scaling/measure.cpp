#include "scaling/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/io/process.h"
#include "core/text.h"
#include "scaling/gpu_memory.h"

namespace bandwright {
namespace {

constexpr std::string_view placeholder = "{n}";

// Libraries that start as many threads as there are cores unless told otherwise.
constexpr std::string_view thread_variables[] = {"OMP_NUM_THREADS",     "OPENBLAS_NUM_THREADS",
                                                 "MKL_NUM_THREADS",     "BLIS_NUM_THREADS",
                                                 "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS"};

bool has_placeholder(const std::string& word) { return word.find(placeholder) != std::string::npos; }

std::string filled_in(std::string word, int workers) {
  const std::string count = std::to_string(workers);
  for (std::size_t at = word.find(placeholder); at != std::string::npos;
       at = word.find(placeholder, at + count.size())) {
    word.replace(at, placeholder.size(), count);
  }
  return word;
}

int threads_for(const MeasurePlan& plan, int workers) {
  if (plan.threads > 0) return plan.threads;
  return std::any_of(plan.command.begin(), plan.command.end(), has_placeholder) ? 1 : workers;
}

// Plays a plan, counting runs as it goes.
class Measurement {
 public:
  Measurement(const MeasurePlan& plan, RunStore& store, const std::function<void(const MeasureEvent&)>& tell)
      : plan_(plan), store_(store), tell_(tell), study_(study_of(plan)), watches_gpus_(has_nvidia_smi()) {}

  MeasuredPoint run(int workers) {
    MeasuredPoint point{.workers = workers};
    const int end = done_ + plan_.warmups + plan_.repeats;
    const bool all_known = next_unknown(workers, 1) > plan_.repeats;
    for (int i = 0; i < plan_.warmups && point.failure.empty() && !all_known; ++i) run_once(point, 0);
    for (int number = 1; number <= plan_.repeats && point.failure.empty(); ++number)
      run_or_remember(point, number);
    done_ = end;
    return point;
  }

 private:
  [[nodiscard]] int next_unknown(int workers, int number) const {
    while (number <= plan_.repeats && store_.find(study_, workers, number)) ++number;
    return number;
  }

  void run_or_remember(MeasuredPoint& point, int number) {
    const std::optional<RunRecord> known = store_.find(study_, point.workers, number);
    if (!known) {
      run_once(point, number);
      return;
    }
    keep(point, *known);
    report(point, number, fmt::format("{:.4g} s", known->seconds), true);
  }

  void run_once(MeasuredPoint& point, int number) {
    constexpr std::size_t much = std::size_t{64} << 20;
    GpuMemoryWatch gpus(watches_gpus_);
    const ProcessResult result = run_process({.command = command_for(plan_, point.workers),
                                              .environment = environment_for(plan_, point.workers),
                                              .timeout = plan_.timeout,
                                              .kept_output = plan_.rate ? much : std::size_t{4096}});
    const std::vector<double> rates =
        plan_.rate ? plan_.rate->rates_in(result.output) : std::vector<double>();
    if (result.end != ProcessEnd::Succeeded) {
      point.failure =
          fmt::format("'{}' {}", printable(command_for(plan_, point.workers)[0]), result.describe());
    } else if (plan_.rate && rates.empty()) {
      point.failure =
          fmt::format("it printed nothing like '{}'{}", printable(plan_.rate->text()),
                      result.last_output_line.empty() ? "" : "; its last line: " + result.last_output_line);
    } else if (number > 0) {
      const RunRecord record{.seconds = result.seconds,
                             .peak_bytes = result.peak_bytes,
                             .rates = rates,
                             .gpu_bytes = gpus.peak_bytes()};
      store_.save(study_, point.workers, number, record);
      keep(point, record);
    }
    report(point, number, result.describe(), false);
  }

  static void keep(MeasuredPoint& point, const RunRecord& run) {
    point.seconds.push_back(run.seconds);
    point.peak_bytes = std::max(point.peak_bytes, run.peak_bytes);
    point.rates.insert(point.rates.end(), run.rates.begin(), run.rates.end());
    point.gpu_bytes = std::max(point.gpu_bytes, run.gpu_bytes);
  }

  void report(const MeasuredPoint& point, int number, std::string outcome, bool remembered) {
    ++done_;
    tell_({.workers = point.workers,
           .number = number,
           .done = done_,
           .total = static_cast<int>(plan_.workers.size()) * (plan_.warmups + plan_.repeats),
           .outcome = std::move(outcome),
           .remembered = remembered});
  }

  const MeasurePlan& plan_;
  RunStore& store_;
  const std::function<void(const MeasureEvent&)>& tell_;
  std::string study_;
  bool watches_gpus_;
  int done_ = 0;
};

}  // namespace

double MeasuredPoint::median() const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double MeasuredPoint::spread() const {
  const auto [fastest, slowest] = std::minmax_element(seconds.begin(), seconds.end());
  return (*slowest - *fastest) / median();
}

std::vector<std::string> command_for(const MeasurePlan& plan, int workers) {
  std::vector<std::string> command;
  for (const std::string& word : plan.command) command.push_back(filled_in(word, workers));
  return command;
}

std::vector<std::pair<std::string, std::string>> environment_for(const MeasurePlan& plan, int workers) {
  std::vector<std::pair<std::string, std::string>> environment = {
      {"BANDWRIGHT_WORKERS", std::to_string(workers)}};
  if (!plan.inherit_threads) {
    const std::string threads = std::to_string(threads_for(plan, workers));
    for (const std::string_view name : thread_variables) environment.emplace_back(name, threads);
  }
  if (plan.pin) {
    environment.emplace_back("OMP_PROC_BIND", "close");
    environment.emplace_back("OMP_PLACES", "cores");
  }
  return environment;
}

std::vector<MeasuredPoint> measure(const MeasurePlan& plan, RunStore& store,
                                   const std::function<void(const MeasureEvent&)>& tell) {
  Measurement measurement(plan, store, tell);
  std::vector<MeasuredPoint> points;
  for (const int workers : plan.workers) points.push_back(measurement.run(workers));
  return points;
}

std::string study_of(const MeasurePlan& plan) {
  std::string study;
  for (const std::string& word : plan.command) study += fmt::format("{}:{} ", word.size(), word);
  study += fmt::format("threads={} inherit={} pin={}", plan.threads, plan.inherit_threads, plan.pin);
  return plan.rate ? study + " rate=" + plan.rate->text() : study;
}

}  // namespace bandwright
