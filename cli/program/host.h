#pragma once
#include <CLI/App.hpp>
#include <functional>
#include <stop_token>
#include <string_view>

#include "report/document.h"

namespace bandwright {

// Who runs a command in place of a shell, such as another language that holds the program as a library. It is
// handed what a shell would find on standard output, and says itself when to stop: Ctrl-C is its own then.
struct Host {
  std::function<void(Document answer)> on_answer;
  std::function<void(std::string_view text)> on_text;  // what is no answer: the YAML of `import`, a script
  std::stop_token stop;
};

// The program's command line, and its host where it has one.
class CommandLine : public CLI::App {
 public:
  explicit CommandLine(const Host* host);
  [[nodiscard]] const Host* host() const { return host_; }

 private:
  const Host* host_;
};

// The host of the program that a command belongs to; null for a shell.
const Host* host_of(const CLI::App& command);

}  // namespace bandwright
