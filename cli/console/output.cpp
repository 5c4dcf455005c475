#include "cli/console/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "cli/options/option_rules.h"
#include "cli/options/output_words.h"
#include "core/io/files.h"
#include "core/io/gzip.h"
#include "report/origin.h"

namespace bandwright {
namespace {

// Since it was first called, which is when the command line is set up.
double seconds_so_far() {
  using Clock = std::chrono::steady_clock;
  static const Clock::time_point start = Clock::now();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of a terminal, or the usual one. What mpirun makes of standard output looks like one, whatever is behind
// it.
TextStyle text_style(const OutputOptions& options) {
  TextStyle style;
  if (std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr) return style;
  if ((!options.file.empty() && options.file != "-") || ::isatty(STDOUT_FILENO) != 1) return style;
  constexpr std::size_t narrowest = 40;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = std::max<std::size_t>(size.ws_col, narrowest);
  }
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  style.ansi = (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
               std::string_view(terminal) != "dumb";
  return style;
}

Facts origin_of_answer(const OutputOptions& options) {
  if (options.line == nullptr) return origin_of(options.words(), {});
  return origin_of(options.words(), words_read(*options.line, options.words()));
}

bool does_not_fit(const Document& answer) {
  for (const Part& part : answer.parts) {
    const auto* facts = std::get_if<Facts>(&part);
    if (facts == nullptr || facts->key != nullptr) continue;
    for (const Fact& fact : facts->rows) {
      const auto* fits = std::get_if<bool>(&fact.value.any);
      if (fact.key != nullptr && fact.key->name == "fits" && fits != nullptr) return !*fits;
    }
  }
  return false;
}

}  // namespace

void add_format_options(CLI::App& command, OutputOptions& options) {
  static_cast<void>(seconds_so_far());
  options.host = host_of(command);
  options.line = line_of(command);
  begin_group(command, output_options);
  command
      .add_option_function<std::string>(
          "--format",
          [&options](const std::string& word) {
            options.format = &find_answer_format(word == "table" ? "text" : word);  // as LIBRA calls it
          },
          "text (default), json, csv, html or markdown")
      ->type_name("FORMAT");
  add_output_file(command, "--html", options.html, "write the answer as a page of its own, too");
  command.add_flag("--timing", options.timing, "with the wall-clock times that the answer took");
}

void add_output_options(CLI::App& command, OutputOptions& options) {
  add_format_options(command, options);
  add_output_file(command, "--output", options.file, "write the answer to a file, all of it or nothing");
}

void add_fit_option(CLI::App& command, OutputOptions& options) {
  command.add_flag("--require-fit", options.require_fit, "exit with 1 when the job does not fit into memory");
}

void write_answer(const OutputOptions& options, Document answer) {
  if (options.timing) answer.fact("wall_time_s", seconds_so_far());
  const bool refused = options.require_fit && does_not_fit(answer);
  if (!options.html.empty()) write_page(options, options.html, answer);
  if (options.host == nullptr || !options.file.empty()) {
    if (options.format->render == &render_html) answer.origin = origin_of_answer(options);
    write_output(options, options.format->render(answer, text_style(options)));
  }
  if (options.host != nullptr) options.host->on_answer(std::move(answer));
  if (refused) throw CLI::RuntimeError(1);
}

bool makes_page(const OutputOptions& options) {
  return !options.html.empty() || options.format->render == &render_html;
}

void write_page(const OutputOptions& options, const std::string& file, Document document) {
  document.origin = origin_of_answer(options);
  write_output({.file = file}, render_html(document));
}

void write_timeline(const std::string& file, std::string_view trace) {
  if (file.ends_with(".gz")) return write_output({.file = file}, gzipped(trace));
  write_output({.file = file}, trace);
}

void write_output(const OutputOptions& options, std::string_view text) {
  if (!options.file.empty() && options.file != "-") return write_whole(options.file, text);
  if (options.host != nullptr) return options.host->on_text(text);
  std::fwrite(text.data(), 1, text.size(), stdout);  // main looks at its state at the end
}

}  // namespace bandwright
