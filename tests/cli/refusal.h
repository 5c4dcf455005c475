#pragma once
#include <span>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace bandwright {

// Bad input: status 2, nothing on standard output, and one line on standard error with `message` in it.
void expect_refused(const Finished& run, const std::string& message = "");

struct Line {
  std::vector<std::string> words;
  std::string message;  // a part of the line on standard error
};
// Each is refused with its message, and leaves no file behind.
void expect_each_refused(std::span<const Line> lines);

}  // namespace bandwright
