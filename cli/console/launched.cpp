#include "cli/console/launched.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "cli/options/option_rules.h"
#include "core/error.h"
#include "core/io/tell.h"
#include "core/parse_option.h"
#include "core/text.h"
#include "runner/launch.h"
#include "scaling/sbatch.h"

namespace bandwright {
namespace {

constexpr std::int64_t most_threads = 4096;
constexpr std::int64_t most_tasks = 100'000;
constexpr int failed_status = 2;

int threads_of(const LaunchOptions& options) {
  return static_cast<int>(parse_option(
      "--jobs", options.jobs, [](std::string_view text) { return parse_integer(text, 0, most_threads); }));
}

// The command line without what made a script of it.
std::vector<std::string> launched_words(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--slurm" || words[i].starts_with("--tasks=") || words[i].starts_with("--partition=")) {
      continue;
    }
    if (words[i] == "--tasks" || words[i] == "--partition") {
      ++i;  // its value
    } else {
      kept.push_back(words[i]);
    }
  }
  return kept;
}

std::unique_ptr<Ranks> join_or_tell() {
  try {
    return join_ranks(read_launch([](const char* name) { return std::getenv(name); }));
  } catch (...) {
    tell_again();
    throw;
  }
}

// Another rank than the first. What goes wrong here alone the first one says.
void follow(Crew& crew, const std::function<void(Crew&)>& run) {
  try {
    run(crew);
  } catch (const Dismissed&) {
    return;
  } catch (const std::exception& error) {
    crew.leave(error.what());
    // A launcher ends all at the first status that is not 0: the first rank has this long to say why.
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    throw CLI::RuntimeError(failed_status);
  }
}

}  // namespace

void add_launch_options(CLI::App& command, LaunchOptions& options) {
  options.line = dynamic_cast<const CommandLine*>(command.get_parent());
  command.add_option("--jobs", options.jobs, "threads of each process (default: one per core)")
      ->type_name("N");
  begin_group(command, "Clusters");
  command.add_flag("--slurm", options.slurm,
                   "print a script for sbatch that runs this on many ranks instead");
  command.add_option("--tasks", options.tasks, "its ranks (default 4)")->type_name("N");
  command.add_option("--partition", options.partition, "Slurm partition")->type_name("NAME");
}

std::string slurm_script(const LaunchOptions& options) {
  const std::int64_t tasks =
      options.tasks.empty() ? 4 : parse_option("--tasks", options.tasks, [](std::string_view text) {
        return parse_integer(text, 1, most_tasks);
      });
  return ranked_script(launched_words(options.line->words()), tasks, options.partition);
}

void with_crew(const LaunchOptions& options, const std::function<void(Crew&)>& run) {
  const int threads = threads_of(options);
  const bool hosted = options.line->host() != nullptr;
  Crew crew(threads, hosted ? nullptr : join_or_tell());
  const auto checked = [&](Crew& all) {
    const std::string mine = fmt::format("{}", fmt::join(options.line->words(), "\n"));
    if (all.from_first(mine) != mine) throw InputError("the first rank was given another command line");
    run(all);
  };
  if (!crew.leads()) return follow(crew, checked);
  checked(crew);
}

void keep_followers_quiet(const std::vector<std::string>& words) {
  const bool divided =
      !words.empty() && (equal_ignoring_case(words[0], "plan") || equal_ignoring_case(words[0], "evaluate"));
  if (!divided || first_of_launch([](const char* name) { return std::getenv(name); })) return;
  tell_no_more();
  static_cast<void>(std::freopen("/dev/null", "w", stdout));
}

}  // namespace bandwright
