#include "experiment/points/settle.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "core/text.h"
#include "experiment/points/axis_words.h"
#include "study/job/job_step.h"
#include "study/outcome.h"

namespace bandwright {
namespace {

std::string words_without_column(const Job& job) {
  OptionWords words;
  for (const JobOption* option : given_options(job)) {
    if (has_no_column(*option)) words.emplace_back(option->name, job.*(option->word));
  }
  return joined_options(words);
}

// Takes from a row what training of a layer table has, and nothing else on a network. Throws InputError where
// the file says something of it that is not as usual.
void take_training(Point& point, std::span<std::string Job::*const> allowed, const std::string& why) {
  refuse_given(point.job, std::array{OptionGroup::Tables}, allowed, why);
  if (point.asked.recompute != job_option(&Job::recompute).usual) throw InputError("--recompute " + why);
  point.asked.loop.clear();
  point.asked.recompute.clear();
  point.asked.tables.clear();
}

bool has_usual_loop(const Job& job) { return job.loop.empty() || job.loop == job_option(&Job::loop).usual; }

void settle_collective(Point& point) {
  const std::string why = fmt::format("is of training; {} is a collective", point.asked.model);
  refuse_given(point.job, std::array{OptionGroup::Files}, {}, why);
  if (!has_usual_loop(point.job)) throw InputError("--loop " + why);
  take_training(point, std::array{&Job::loop}, why);
}

void settle_files(Point& point, const WorkloadFiles& files, ExperimentInputs& inputs) {
  if (point.asked.wiring != "real") {
    throw InputError(fmt::format("wiring {}: {} is of a network as it is", point.asked.wiring, files.path));
  }
  if (is_trace(files) && !has_usual_loop(point.job)) {
    throw InputError(
        fmt::format("--loop is of layer tables and texts; {} has an order of its own", files.path));
  }
  Job job = point.job;
  job.workload = files.path;
  const std::string loop = is_trace(files) ? std::string(recorded_order) : point.asked.loop;
  point.files = inputs.content_of_files(job, point.asked.npus);
  take_training(point, std::array{&Job::loop},
                fmt::format("is of layer tables; {} brings its own", files.path));
  point.asked.loop = loop;
}

}  // namespace

void settle_on_machine(Point& point, ExperimentInputs& inputs) {
  Row& asked = point.asked;
  asked.model = workload_name(*point.model);
  asked.machine = point.machine->name;
  asked.npus = read_count(point.job, &Job::npus);
  asked.wiring = "real";
  if (std::holds_alternative<Model>(*point.model)) asked.loop = word_of(point.job, &Job::loop);
  asked.recompute = word_of(point.job, &Job::recompute);
  asked.tables.clear();
  const auto network = outcome_of([&] { return &inputs.network_of(*point.machine, point.asked.npus); });
  point.network = point.played = network.answer.value_or(nullptr);
  point.refused = network.reason;
  asked.network = point.machine->name;
  asked.dimensions = point.network != nullptr ? point.network->size() : 0;
  asked.options = words_without_column(point.job);
}

void settle_on_network(Point& point, ExperimentInputs& inputs) {
  point.asked.options = words_without_column(point.job);
  const auto settled = outcome_of([&] {
    if (point.model == nullptr) {
      settle_collective(point);
    } else if (const auto* files = std::get_if<WorkloadFiles>(point.model)) {
      settle_files(point, *files, inputs);
    } else {
      refuse_given(point.job, std::array{OptionGroup::Files}, {},
                   fmt::format("is of other tools' files; {} is a layer table", point.asked.model));
    }
    return true;
  });
  if (point.refused.empty()) point.refused = settled.reason;
}

}  // namespace bandwright
