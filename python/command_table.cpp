#include "python/command_table.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <string>

#include "cli/options/option_rules.h"
#include "cli/program/run.h"

namespace bandwright {
namespace {

namespace py = pybind11;
using namespace pybind11::literals;

// "--virtual-stages" is virtual_stages.
std::string keyword_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Or may be one: its value can be left out.
bool is_flag(const CLI::Option& option) { return option.get_items_expected_min() == 0; }

bool is_repeatable(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

py::dict dict_of(const CLI::Option& option) {
  const bool positional = !option.nonpositional();
  const std::string name = positional ? option.get_name(true) : option.get_lnames().front();
  py::list also;
  for (const std::string& other : option.get_lnames()) {
    const bool is_former = std::find(former_names.begin(), former_names.end(), other) != former_names.end();
    if (other != name && !is_former) also.append(keyword_of(other));
  }
  return py::dict("name"_a = name, "keyword"_a = keyword_of(name), "also"_a = also,
                  "type"_a = option.get_type_name(), "help"_a = option.get_description(),
                  "words"_a = positional ? option.get_option_text() : "",
                  "default"_a = option.get_default_str(), "group"_a = option.get_group(),
                  "flag"_a = !positional && is_flag(option), "repeatable"_a = is_repeatable(option),
                  "required"_a = option.get_required(), "positional"_a = positional);
}

// Of a command, or of each command inside it.
void add_command(const CLI::App& command, const std::string& before, py::list& table) {
  const std::string name = before + command.get_name();
  const std::vector<const CLI::App*> inner = command.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* each : inner) add_command(*each, name + " ", table);
  if (!inner.empty()) return;
  py::list options;
  for (const CLI::Option* option : command.get_options()) {
    const bool asks_for_help = option == command.get_help_ptr() || option == command.get_help_all_ptr();
    const bool hidden = option->nonpositional() && option->get_group().empty();
    if (!asks_for_help && !hidden) options.append(dict_of(*option));
  }
  table.append(py::dict("name"_a = name, "help"_a = command.get_description(),
                        "examples"_a = command.get_footer(), "options"_a = options));
}

}  // namespace

py::list command_table() {
  const std::unique_ptr<CommandLine> line = whole_command_line();
  py::list table;
  for (const CLI::App* command : line->get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;  // of shells
    add_command(*command, "", table);
  }
  return table;
}

}  // namespace bandwright
