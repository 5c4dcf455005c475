#pragma once
#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/program/host.h"

namespace bandwright {

// Carries out a command line, without the program's name. Returns the exit status of a command that ended: 0,
// or 1 for one that has no answer, or 130 for one that was interrupted. Throws InputError for bad input, and
// NoAnswer for a question that has none and says why.
int run_command(const std::vector<std::string>& words, const Host* host = nullptr);

// The same in two steps, for a host that asks often: a command line with the command that the word names, or
// with all where it names none, and its run, again only where line.starts_fresh().
std::unique_ptr<CommandLine> command_line_for(std::string_view word, const Host* host);
int run_command(CommandLine& line, const std::vector<std::string>& words);

// The command line with every command, none of them run: what it can be asked, for those who describe it.
std::unique_ptr<CommandLine> whole_command_line();

}  // namespace bandwright
