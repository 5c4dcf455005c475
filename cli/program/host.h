#pragma once
#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  // The words that it was given last.
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  void set_words(std::vector<std::string> words) { words_ = std::move(words); }
  // Whether it can be carried out once more: its command's options are as usual before they are read.
  [[nodiscard]] bool starts_fresh() const { return starts_fresh_; }
  void set_starts_fresh() { starts_fresh_ = true; }

 private:
  const Host* host_;
  std::vector<std::string> words_;
  bool starts_fresh_ = false;
};

// The program that a command belongs to, and its host; null for a shell.
const CommandLine* line_of(const CLI::App& command);
const Host* host_of(const CLI::App& command);

// Its stop requests; of a shell none, which sends signals.
inline std::optional<std::stop_token> stop_of(const Host* host) {
  return host == nullptr ? std::nullopt : std::make_optional(host->stop);
}

// Lets a command of the program be carried out again and again: `options`, where its words go, are as they
// are now whenever it is. To be called when all of them have been added.
template <class Options>
void let_start_fresh(CLI::App& command, const std::shared_ptr<Options>& options) {
  command.preparse_callback([options, usual = *options](std::size_t) { *options = usual; });
  if (auto* line = dynamic_cast<CommandLine*>(command.get_parent())) line->set_starts_fresh();
}

}  // namespace bandwright
