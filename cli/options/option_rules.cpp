#include "cli/options/option_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/options/output_words.h"
#include "core/error.h"
#include "core/io/files.h"

namespace bandwright {
namespace {

using TypedOptions = std::vector<const CLI::Option*>;

TypedOptions typed(const CLI::App& command, OptionNames names) {
  TypedOptions found;
  for (const char* const name : names) {
    const CLI::Option* const option = command.get_option(name);
    if (option->count() > 0) found.push_back(option);
  }
  return found;
}

TypedOptions typed(const CLI::App& command, std::string_view heading) {
  return command.get_options([&](const CLI::Option* option) {
    return option->nonpositional() && option->get_group() == heading && option->count() > 0;
  });
}

// As typed, of hidden options too, whose get_name() is empty.
std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : "--" + option.get_lnames().front();
}

void require_one(const CLI::App& command, const TypedOptions& options, OptionNames others) {
  if (options.empty() || !typed(command, others).empty()) return;
  throw InputError(fmt::format("{} needs {}", name_of(*options.front()), fmt::join(others, " or ")));
}

void refuse(const TypedOptions& options, std::string_view why) {
  if (!options.empty()) throw InputError(fmt::format("{} {}", name_of(*options.front()), why));
}

// The folder of a figure and of its table, which are drawn at the end.
void check_plot_folder(const CLI::App& command) {
  const CLI::Option* const plot = command.get_option_no_throw("--plot");
  const CLI::Option* const folder = command.get_option_no_throw("--plot-folder");
  if (plot == nullptr || folder == nullptr || plot->count() == 0) return;
  make_folder(folder->as<std::string>());
  check_can_write(std::filesystem::path(folder->as<std::string>()) / "figure");
}

void check_outputs(const CLI::App& command) {
  check_plot_folder(command);
  const std::vector<const CLI::Option*> options = command.get_options();
  for (const CLI::Option* const output : options) {
    if (output->count() == 0 || !is_output(*output)) continue;
    const std::string file = output->as<std::string>();
    for (const CLI::Option* const other : options) {
      if (other == output) continue;
      for (const std::string& word : other->results()) {
        if (is_output(*other) && word == file) {
          throw InputError(
              fmt::format("{} and {} would both write {}", name_of(*output), name_of(*other), file));
        }
        if (!word.empty()) check_not_the_input(file, word);
      }
    }
  }
}

}  // namespace

void begin_group(CLI::App& command, const std::string& heading) { command.option_defaults()->group(heading); }

void check_needs(const CLI::App& command, OptionNames options, OptionNames others) {
  require_one(command, typed(command, options), others);
}

void check_needs(const CLI::App& command, std::string_view heading, OptionNames others) {
  require_one(command, typed(command, heading), others);
}

void check_excludes(const CLI::App& command, OptionNames options, OptionNames others) {
  const TypedOptions first = typed(command, options);
  const TypedOptions second = typed(command, others);
  if (first.empty() || second.empty()) return;
  throw InputError(
      fmt::format("{} and {}: one or the other", name_of(*first.front()), name_of(*second.front())));
}

void refuse_typed(const CLI::App& command, OptionNames options, std::string_view why) {
  refuse(typed(command, options), why);
}

void refuse_typed(const CLI::App& command, std::string_view heading, std::string_view why) {
  refuse(typed(command, heading), why);
}

void refuse_empty_texts(CLI::App& app) {
  for (CLI::Option* const option : app.get_options([](CLI::Option*) { return true; })) {
    if (!option->nonpositional()) continue;
    option->check([type = option->get_type_name()](const std::string& text) {
      return text.empty() ? fmt::format("'' is empty, expected {}", type) : std::string();
    });
  }
  for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
    refuse_empty_texts(*command);
  }
}

CLI::Option* add_output_file(CLI::App& command, const std::string& names, std::string& file,
                             const std::string& help) {
  return command.add_option(names, file, help)
      ->type_name("FILE")
      ->check(CLI::Validator(
          [](const std::string& text) {
            if (!text.empty() && text != "-") check_can_write(text);
            return std::string();
          },
          "", output_mark));
}

void guard_outputs(CLI::App& app) {
  app.parse_complete_callback([&app] { check_outputs(app); });
  for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) guard_outputs(*command);
}

}  // namespace bandwright
