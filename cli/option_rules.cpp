#include "cli/option_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/error.h"

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

void require_one(const CLI::App& command, const TypedOptions& options, OptionNames others) {
  if (options.empty() || !typed(command, others).empty()) return;
  throw InputError(fmt::format("{} needs {}", options.front()->get_name(), fmt::join(others, " or ")));
}

void refuse(const TypedOptions& options, std::string_view why) {
  if (!options.empty()) throw InputError(fmt::format("{} {}", options.front()->get_name(), why));
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
      fmt::format("{} and {}: one or the other", first.front()->get_name(), second.front()->get_name()));
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

}  // namespace bandwright
