#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/document.h"

namespace bandwright {

// A command line as Python has it answered.
struct Asked {
  int status = 0;                  // as the program would exit with
  std::optional<Document> answer;  // nothing where it was interrupted before there was one
  std::string text;                // of commands whose answer is a text: the YAML of `import`
  bool interrupted = false;
};

// Where a question is answered: in the thread that asks, or, so that Ctrl-C is heard meanwhile, in another.
enum class Where : std::uint8_t { Here, Aside };

// Without Python's lock, which the caller holds. Throws InputError and NoAnswer, and what a signal handler
// other than Ctrl-C's raised.
Asked ask(const std::vector<std::string>& words, Where where);

}  // namespace bandwright
