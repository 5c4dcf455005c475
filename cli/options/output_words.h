#pragma once
#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace bandwright {

inline constexpr const char* output_mark = "output";  // the name of the check that an output's option has

// Whether the option names a file that is written.
bool is_output(const CLI::Option& option);

// Of a command line's words, those that may name what is read: all but its options for files that are
// written.
std::vector<std::string> words_read(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace bandwright
