#include "cli/program/run.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <optional>

#include "cli/commands.h"
#include "cli/options/option_rules.h"
#include "core/error.h"
#include "core/io/interrupt.h"
#include "core/io/paths.h"
#include "core/io/tell.h"
#include "core/stopping.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int bad_input_status = 2;

struct NamedCommand {
  std::string_view name;
  void (*add)(CLI::App& app);
};
constexpr std::array every_command = {
    NamedCommand{"optimize", add_optimize}, NamedCommand{"plan", add_plan},
    NamedCommand{"simulate", add_simulate}, NamedCommand{"estimate", add_estimate},
    NamedCommand{"cost", add_cost},         NamedCommand{"network", add_network},
    NamedCommand{"share", add_share},       NamedCommand{"evaluate", add_evaluate},
    NamedCommand{"plot", add_plot},         NamedCommand{"table", add_table},
    NamedCommand{"report", add_report},     NamedCommand{"place", add_place},
    NamedCommand{"scale", add_scale},       NamedCommand{"validate", add_validate},
    NamedCommand{"verify", add_verify},     NamedCommand{"calibrate", add_calibrate},
    NamedCommand{"check", add_check},       NamedCommand{"import", add_import},
    NamedCommand{"export", add_export},     NamedCommand{"list", add_list},
    NamedCommand{"complete", add_complete}};

constexpr std::string_view usage =
    "usage: bandwright COMMAND ...     (bandwright COMMAND --help for one, bandwright --help for all)\n"
    "  bandwright optimize 4D 325 175B Perf NoOverlap\n"
    "  bandwright simulate 4D 325 175B NoOverlap --recompute full\n"
    "  bandwright list\n";

// The command that was given, innermost; the program itself when there was none.
const CLI::App& chosen_command(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_command(*chosen.front());
}

// "(see bandwright scale fit --help)", of the command that was given.
std::string where_to_look(const CLI::App& app) {
  std::string names;
  for (const CLI::App* command = &chosen_command(app); command->get_parent() != nullptr;
       command = command->get_parent()) {
    names.insert(0, " " + command->get_name());
  }
  return fmt::format("(see bandwright{} --help)", names);
}

// "help estimate" is "estimate --help", as tools of other people have it.
std::vector<std::string> as_meant(std::vector<std::string> words) {
  if (words.empty() || !equal_ignoring_case(words.front(), "help")) return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

// Words of the command line that nothing takes: names the first and what was probably meant.
std::string unexpected(const CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  const std::vector<std::string> words = app.remaining(true);
  const std::string word = words.empty() ? "" : words.front();
  std::vector<std::string> names;
  const bool is_option = word.starts_with("-");
  if (is_option) {
    for (const CLI::Option* option : command.get_options()) names.push_back(option->get_name());
  } else {
    for (const CLI::App* other : command.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(other->get_name());
    }
  }
  const std::vector<std::string_view> choices(names.begin(), names.end());
  const std::string_view what = is_option ? "option" : choices.empty() ? "argument" : "command";
  const std::string meant = what == "argument" ? kind_instead("", word) : did_you_mean(word, choices);
  return fmt::format("unknown {} '{}'{} {}", what, word, meant, where_to_look(app));
}

}  // namespace

std::unique_ptr<CommandLine> command_line_for(std::string_view word, const Host* host) {
  auto program = std::make_unique<CommandLine>(host);
  program->set_version_flag("--version", "bandwright " BANDWRIGHT_VERSION);
  const auto* const named =
      std::find_if(every_command.begin(), every_command.end(),
                   [&](const NamedCommand& command) { return equal_ignoring_case(command.name, word); });
  for (const NamedCommand& command : every_command) {
    if (named == every_command.end() || &command == named) command.add(*program);
  }
  refuse_empty_texts(*program);
  guard_outputs(*program);
  return program;
}

int run_command(CommandLine& line, const std::vector<std::string>& words) {
  line.set_words(words);
  std::optional<StopScope> scope;
  if (line.host() != nullptr) scope.emplace(line.host()->stop);
  try {
    line.parse(
        std::vector<std::string>(words.rbegin(), words.rend()));  // the library takes them from the end
  } catch (const Stopped&) {
    return interrupted_status;
  } catch (const CLI::RuntimeError& no_answer) {
    return no_answer.get_exit_code();
  } catch (const CLI::Success& help_or_version) {
    return line.exit(help_or_version);
  } catch (const CLI::RequiredError& error) {
    throw InputError(line.remaining_size(true) > 0 ? unexpected(line)
                                                   : fmt::format("{} {}", error.what(), where_to_look(line)));
  } catch (const CLI::ParseError& error) {
    throw InputError(line.remaining_size(true) > 0 ? unexpected(line) : error.what());
  }
  if (!line.get_subcommands().empty()) return 0;
  tell("{}", usage);
  return bad_input_status;
}

int run_command(const std::vector<std::string>& typed, const Host* host) {
  const std::vector<std::string> words = as_meant(typed);
  return run_command(*command_line_for(words.empty() ? "" : words.front(), host), words);
}

std::unique_ptr<CommandLine> whole_command_line() { return command_line_for("", nullptr); }

}  // namespace bandwright
