#include "scaling/sbatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/io/process.h"
#include "core/text.h"

namespace bandwright {
namespace {

// The allocation for the most workers, and the step for {n} of them.
struct Shape {
  std::string allocation;
  std::vector<std::string> step;
};

Shape shape_of(SlurmWorker worker, int most) {
  switch (worker) {
    case SlurmWorker::Node:
      return {fmt::format("#SBATCH --nodes={}\n#SBATCH --ntasks-per-node=1\n#SBATCH --exclusive\n", most),
              {"srun", "--nodes={n}", "--ntasks={n}"}};
    case SlurmWorker::Cpu:
      return {fmt::format("#SBATCH --ntasks=1\n#SBATCH --cpus-per-task={}\n", most),
              {"srun", "--ntasks=1", "--cpus-per-task={n}"}};
    case SlurmWorker::Task:
      break;
  }
  return {fmt::format("#SBATCH --ntasks={}\n", most), {"srun", "--ntasks={n}"}};
}

// A minute is added for starting and ending; Slurm counts whole minutes.
std::string time_limit(const MeasurePlan& plan) {
  if (!plan.timeout) return {};
  const double runs = static_cast<double>(plan.workers.size()) * (plan.repeats + plan.warmups);
  const double seconds = std::chrono::duration<double>(*plan.timeout).count() * runs;
  return fmt::format("#SBATCH --time={:.0f}\n", std::ceil(seconds / 60) + 1);
}

}  // namespace

std::string checked_partition(const std::string& names) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,";
  if (names.find_first_not_of(allowed) == std::string::npos) return names;
  throw InputError(fmt::format(
      "--partition: '{}' is no partition: expected letters, digits, '_', '-' and '.'", printable(names)));
}

std::string sbatch_script(const MeasurePlan& plan, const SlurmOptions& options) {
  const Shape shape = shape_of(options.worker, *std::max_element(plan.workers.begin(), plan.workers.end()));
  std::vector<std::string> words = {options.program, "scale", "measure", "--resume"};
  words.insert(words.end(), {"--workers", fmt::format("{}", fmt::join(plan.workers, ","))});
  words.insert(words.end(), options.measure_options.begin(), options.measure_options.end());
  words.emplace_back("--");
  const bool has_step = !plan.command.empty() && plan.command[0] == "srun";
  if (!has_step) words.insert(words.end(), shape.step.begin(), shape.step.end());
  words.insert(words.end(), plan.command.begin(), plan.command.end());
  std::string text =
      "#!/bin/bash\n#SBATCH --job-name=scaling\n#SBATCH --output=scaling-%j.log\n#SBATCH --requeue\n";
  text += shape.allocation + time_limit(plan);
  if (!options.partition.empty()) text += fmt::format("#SBATCH --partition={}\n", options.partition);
  text += "\nexec";
  for (const std::string& word : words) text += ' ' + shell_quoted(word);
  return text + '\n';
}

std::string ranked_script(const std::vector<std::string>& words, std::int64_t tasks,
                          const std::string& partition) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(shell_quoted(word));
  std::string script = fmt::format(
      "#!/bin/bash\n#SBATCH --job-name={0}\n#SBATCH --output={0}-%j.log\n#SBATCH --requeue\n#SBATCH "
      "--ntasks={1}\n",
      words.empty() ? "bandwright" : words.front(), tasks);
  if (!partition.empty()) script += fmt::format("#SBATCH --partition={}\n", checked_partition(partition));
  return script +
         fmt::format("\nsrun --mpi=pmix --kill-on-bad-exit=1 bandwright {}\n", fmt::join(quoted, " "));
}

}  // namespace bandwright
