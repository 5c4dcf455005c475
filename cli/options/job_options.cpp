#include "cli/options/job_options.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "answers/estimate.h"
#include "cli/options/option_rules.h"
#include "core/io/paths.h"
#include "core/io/tell.h"
#include "core/text.h"
#include "formats/load_graph.h"
#include "report/render.h"
#include "study/job/bandwidths.h"
#include "study/job/job_step.h"

namespace bandwright {
namespace {

// Other tools' names, and earlier ones, of the same options.
std::string usual_names(const JobOption& option) {
  if (option.word == &Job::network) return "--network,--libra";
  return typed_name(option);
}

}  // namespace

CLI::Option* add_job_option(CLI::App& command, Job& job, std::string Job::*word, const std::string& names) {
  const JobOption& option = job_option(word);
  const std::string typed = names.empty() ? usual_names(option) : names;
  const std::string help(option.help);
  if (option.type.empty()) return command.add_flag(typed, job.*word, help);
  CLI::Option* added = command.add_option(typed, job.*word, help)->type_name(std::string(option.type));
  if (!option.usual.empty()) added->default_str(std::string(option.usual));
  return added;
}

void add_job_options(CLI::App& command, Job& job, OptionGroup group) {
  for (const JobOption& option : job_options()) {
    if (option.group == group) add_job_option(command, job, option.word);
  }
}

void add_workload_groups(CLI::App& command, Job& job) {
  begin_group(command, layer_tables);
  for (std::string Job::*const word : {&Job::recompute, &Job::tables, &Job::compute_scale}) {
    add_job_option(command, job, word);
  }
  constexpr std::array groups = {
      std::pair(real_models, OptionGroup::Machines), std::pair(real_models, OptionGroup::Divisions),
      std::pair(finer_points, OptionGroup::Finer),   std::pair(two_memories, OptionGroup::Memories),
      std::pair(foreign_files, OptionGroup::Files),  std::pair(price_options, OptionGroup::Prices)};
  for (const auto& [heading, group] : groups) {
    begin_group(command, heading);
    add_job_options(command, job, group);
  }
}

void add_system_option(CLI::App& command, std::string& system) {
  command.add_option("--system", system, "as --machine with --npus, else as --library")
      ->type_name("SYSTEM")
      ->group("");
}

void take_system(const std::string& system, Job& job) {
  if (system.empty()) return;
  (job.npus.empty() ? job.library : job.machine) = system;
}

void take_word(std::vector<std::string>& words, std::string& option) {
  if (!option.empty() || words.empty()) return;
  option = words.front();
  words.erase(words.begin());
}

void take_network_as_machine(Job& job) {
  if (!job.npus.empty() && job.machine.empty() && !names_graph(job.network)) {
    std::swap(job.machine, job.network);
  }
}

bool machine_is_last(const std::string& first, const std::string& last, bool usually) {
  if (names_machine(first) != names_machine(last)) return names_machine(last);
  const bool other = !kind_instead("machines", first).empty();  // the other word is misspelt
  return other == !kind_instead("machines", last).empty() ? usually : other;
}

void take_model_and_machine(std::vector<std::string> words, Job& job) {
  if (words.size() == 2 && !machine_is_last(words[0], words[1], true)) std::swap(words[0], words[1]);
  if (words.size() == 1 && names_machine(words[0])) take_word(words, job.machine);
  take_word(words, job.model);
  take_word(words, job.machine);
  if (!words.empty())
    throw InputError(fmt::format("unknown argument '{}': the machine is {}", words.front(), job.machine));
}

void refuse_words(const std::vector<std::string>& words) {
  if (!words.empty()) throw InputError(fmt::format("unknown argument '{}'", words.front()));
}

void refuse_second_budget(const Job& job, const std::vector<std::string>& words) {
  if (words.empty() || !reads_as_budget(words.front())) return;
  if (!job.bandwidth.empty()) {
    throw InputError(fmt::format("--bandwidth and the budget '{}': one or the other", words.front()));
  }
  if (!job.budget.empty()) {
    throw InputError(fmt::format("the budget is given twice: '{}' and '{}'", job.budget, words.front()));
  }
}

void show_ignored(const std::vector<std::string>& ignored) {
  for (const std::string& line : ignored) tell("ignored: {}\n", printable(line));
}

void show_offload(const Offload& offload) {
  Document document;
  document.add(placement_facts(offload));
  tell_text(render_text(document, {}));
}

}  // namespace bandwright
