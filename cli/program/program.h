#pragma once
#include <string>
#include <vector>

namespace bandwright {

// The program `bandwright`: carries out a command line without the program's name, tells people what is wrong
// on standard error, and returns the exit status.
int run_program(const std::vector<std::string>& words);

}  // namespace bandwright
