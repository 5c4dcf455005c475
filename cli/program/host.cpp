#include "cli/program/host.h"

#include <memory>

#include "cli/program/help.h"

namespace bandwright {
CommandLine::CommandLine(const Host* host)
    : CLI::App("Divides a training network's bandwidth budget, and simulates and prices the result.",
               "bandwright"),
      host_(host) {
  ignore_case();
  require_subcommand(0, 1);  // the words after a command are its own, be one called as another command
  set_help_all_flag("--help-all", "Explain every option");
  formatter(std::make_shared<Help>());
}

const CommandLine* line_of(const CLI::App& command) {
  const CLI::App* top = &command;
  while (top->get_parent() != nullptr) top = top->get_parent();
  return dynamic_cast<const CommandLine*>(top);
}

const Host* host_of(const CLI::App& command) {
  const CommandLine* program = line_of(command);
  return program == nullptr ? nullptr : program->host();
}

}  // namespace bandwright
