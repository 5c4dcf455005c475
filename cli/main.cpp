#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <system_error>

#include "cli/commands.h"
#include "core/error.h"
#include "core/text.h"

namespace bandwright {
namespace {

constexpr int bad_input_status = 2;

constexpr std::string_view usage =
    "usage: bandwright COMMAND ...     (bandwright COMMAND --help for one, bandwright --help for all)\n";

int refuse(std::string_view problem) {
  fmt::print(stderr, "bandwright: {}\n", problem);
  return bad_input_status;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Divides a training network's bandwidth budget, and simulates and prices the result.",
               "bandwright");
  app.set_version_flag("--version", "bandwright " BANDWRIGHT_VERSION);
  add_scale(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& no_answer) {
    return no_answer.get_exit_code();
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return refuse(printable(error.what()));
  }
  if (app.get_subcommands().empty()) {
    fmt::print(stderr, "{}", usage);
    return bad_input_status;
  }
  return 0;
}

int run(int argc, char** argv) {
  try {
    const int status = parse_and_run(argc, argv);
    std::cout.flush();
    if (!std::cout || std::fflush(stdout) != 0) return refuse("cannot write to standard output");
    return status;
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
