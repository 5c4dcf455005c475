#pragma once
#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "cli/program/host.h"
#include "core/parse_option.h"
#include "report/render.h"

namespace bandwright {

// --format text|json|csv|html|markdown, --timing and --output FILE, the same for every command.
struct OutputOptions {
  const AnswerFormat* format = &answer_formats().front();
  bool timing = false;
  bool require_fit = false;
  std::string file;            // "" is standard output, or the host
  std::string html;            // a page of it beside; "" is none
  const Host* host = nullptr;  // as the command line has it
  const CommandLine* line = nullptr;
  [[nodiscard]] std::vector<std::string> words() const {
    return line == nullptr ? std::vector<std::string>() : line->words();
  }
};
void add_output_options(CLI::App& command, OutputOptions& options);
// Without --output, for commands where that is a folder.
void add_format_options(CLI::App& command, OutputOptions& options);

// The answer in the format asked for: to a file, or to standard output, where text is as wide as the terminal
// and has colours if it is one (https://no-color.org). With --timing it says how long the command took.
// A host gets the answer itself.
// Throws CLI::RuntimeError(1) after a job that does not fit, where --require-fit asks for that.
void write_answer(const OutputOptions& options, Document answer);

// Whether the answer becomes a page, which may have more in it than its text.
bool makes_page(const OutputOptions& options);

// A document as a page of its own, which says at its foot where it comes from.
void write_page(const OutputOptions& options, const std::string& file, Document document);

// --require-fit, for commands that say whether a job fits into memory.
void add_fit_option(CLI::App& command, OutputOptions& options);

// A file, compressed where its name ends in .gz; "-" is standard output.
void write_timeline(const std::string& file, std::string_view trace);

// To standard output, or to a file that either gets all of the text or is left as it was.
void write_output(const OutputOptions& options, std::string_view text);

}  // namespace bandwright
