#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "cli/commands.h"
#include "cli/options/option_rules.h"
#include "core/error.h"
#include "core/io/tell.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int bad_input_status = 2;

constexpr std::array add_functions = {
    add_optimize, add_plan,  add_simulate, add_estimate, add_cost,  add_evaluate, add_plot,   add_table,
    add_report,   add_place, add_scale,    add_validate, add_check, add_import,   add_export, add_list};

constexpr std::string_view usage =
    "usage: bandwright COMMAND ...     (bandwright COMMAND --help for one, bandwright --help for all)\n"
    "  bandwright optimize 4D 325 175B Perf NoOverlap\n"
    "  bandwright simulate 4D 325 175B NoOverlap --recompute full\n"
    "  bandwright list\n";

int refuse(std::string_view problem) {
  tell("bandwright: {}\n", printable(problem));
  return bad_input_status;
}

// With one blank line between headings, where the library leaves two.
class Help : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t gap = text.find("\n\n\n"); gap != text.npos; gap = text.find("\n\n\n", gap)) {
      text.erase(gap, 1);
    }
    return text;
  }
};

// The command that was given, innermost; the program itself when there was none.
const CLI::App& chosen_command(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_command(*chosen.front());
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
  return fmt::format("unknown {} '{}'{} (see bandwright{}{} --help)", what, word, did_you_mean(word, choices),
                     &command == &app ? "" : " ", &command == &app ? "" : command.get_name());
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Divides a training network's bandwidth budget, and simulates and prices the result.",
               "bandwright");
  app.ignore_case();
  app.formatter(std::make_shared<Help>());
  app.set_version_flag("--version", "bandwright " BANDWRIGHT_VERSION);
  for (const auto add_command : add_functions) add_command(app);
  refuse_empty_texts(app);
  guard_outputs(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& no_answer) {
    return no_answer.get_exit_code();
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return refuse(app.remaining_size(true) > 0 ? unexpected(app) : error.what());
  }
  if (app.get_subcommands().empty()) {
    tell("{}", usage);
    return bad_input_status;
  }
  return 0;
}

int run(int argc, char** argv) {
  guard_standard_streams();
  try {
    const int status = parse_and_run(argc, argv);
    std::cout.flush();
    const bool lost = !std::cout || std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    return lost ? refuse("cannot write to standard output") : status;
  } catch (const InputError& error) {
    return refuse(error.what());
  } catch (const std::system_error& error) {
    return refuse(error.what());
  } catch (const std::bad_alloc&) {
    return refuse("out of memory");
  }
}

}  // namespace
}  // namespace bandwright

int main(int argc, char** argv) { return bandwright::run(argc, argv); }
