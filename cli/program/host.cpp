#include "cli/program/host.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <string>

namespace bandwright {
namespace {

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

}  // namespace

CommandLine::CommandLine(const Host* host)
    : CLI::App("Divides a training network's bandwidth budget, and simulates and prices the result.",
               "bandwright"),
      host_(host) {
  ignore_case();
  require_subcommand(0, 1);  // the words after a command are its own, be one called as another command
  formatter(std::make_shared<Help>());
}

const Host* host_of(const CLI::App& command) {
  const CLI::App* top = &command;
  while (top->get_parent() != nullptr) top = top->get_parent();
  const auto* program = dynamic_cast<const CommandLine*>(top);
  return program == nullptr ? nullptr : program->host();
}

}  // namespace bandwright
