#include "cli/scale/scale.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/commands.h"
#include "core/error.h"
#include "core/units.h"

namespace bandwright {

std::function<std::string(const std::string&)> number_between(double low, double high) {
  return [low, high](const std::string& text) {
    try {
      static_cast<void>(parse_number(text, low, high));
      return std::string();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
  };
}

void add_scale(CLI::App& app) {
  CLI::App* scale = app.add_subcommand(
      "scale", "How many workers to ask for: speedup curves measured, simulated and fitted");
  scale->require_subcommand(1);
  scale->option_defaults()->always_capture_default();  // shown in the help
  add_scale_measure(*scale);
  add_scale_fit(*scale);
  add_scale_simulate(*scale);
  add_scale_trials(*scale);
  for (CLI::App* command : scale->get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options([](CLI::Option*) { return true; })) {
      if (option->get_required()) option->default_str("");  // what is needed has no default
    }
  }
}

}  // namespace bandwright
