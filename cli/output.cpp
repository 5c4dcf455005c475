#include "cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "cli/option_rules.h"
#include "core/catalogue.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;

struct FormatInfo {
  OutputFormat format;
  std::string_view name;
  std::string_view help;
};
constexpr std::array formats = {FormatInfo{OutputFormat::Text, "text", "for people"},
                                FormatInfo{OutputFormat::Text, "table", "another name for text"},
                                FormatInfo{OutputFormat::Json, "json", "for programs"},
                                FormatInfo{OutputFormat::Csv, "csv", "for spreadsheets"}};

// In code points: every byte but the continuation bytes of UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_padded(std::string& line, std::string_view cell, std::size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(cell)), ' ');
  line += left ? std::string(cell) + space : space + std::string(cell);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

void write_stream(const fs::path& path, std::string_view text) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream) throw InputError(Place{.file = path.string()}, "cannot be written");
}

// Written beside the file and renamed over it, so that no reader ever sees half of it.
void replace_file(const fs::path& file, std::string_view text) {
  const fs::path unfinished = fmt::format("{}.{}.part", file.string(), ::getpid());
  std::error_code error;
  try {
    write_stream(unfinished, text);
    fs::rename(unfinished, file, error);
  } catch (const InputError&) {
    error = std::make_error_code(std::errc::io_error);
  }
  if (!error) return;
  std::error_code ignored;
  fs::remove(unfinished, ignored);
  throw InputError(Place{.file = file.string()}, "cannot be written");
}

// Since it was first called, which is when the command line is set up.
double seconds_so_far() {
  using Clock = std::chrono::steady_clock;
  static const Clock::time_point start = Clock::now();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of a terminal, or the usual one.
TextStyle text_style(const OutputOptions& options) {
  TextStyle style;
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

}  // namespace

void add_format_options(CLI::App& command, OutputOptions& options) {
  static_cast<void>(seconds_so_far());
  begin_group(command, output_options);
  command
      .add_option_function<std::string>(
          "--format",
          [&options](const std::string& word) {
            options.as = &find_answer_format(word == "table" ? "text" : word);  // "table": as LIBRA calls it
            if (options.as->name == "html") return;
            options.format = find_in_catalogue(std::span<const FormatInfo>(formats), word, "format").format;
          },
          "text (default), json, csv or html")
      ->type_name("FORMAT");
  command.add_flag("--timing", options.timing, "with the wall-clock times that the answer took");
}

void add_output_options(CLI::App& command, OutputOptions& options) {
  add_format_options(command, options);
  command.add_option("--output", options.file, "write the answer to a file, all of it or nothing")
      ->type_name("FILE");
}

std::string aligned(const TextTable& table, std::size_t left_columns) {
  std::vector<std::size_t> widths;
  for (const std::string& heading : table.headings) widths.push_back(width_of(heading));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  const auto append = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      append_padded(line, row[i], widths[i], i < left_columns);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  append(table.headings);
  for (const auto& row : table.rows) append(row);
  return text;
}

std::string as_csv(const TextTable& table) {
  std::string text;
  const auto append = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "," : "") + csv_field(row[i]);
    text += '\n';
  };
  append(table.headings);
  for (const auto& row : table.rows) append(row);
  return text;
}

void write_answer(const OutputOptions& options, Document answer) {
  if (options.timing) answer.fact("wall_time_s", seconds_so_far());
  write_output(options, options.as->render(answer, text_style(options)));
}

void write_output(const OutputOptions& options, std::string_view text) {
  std::error_code ignored;
  if (options.file.empty() || options.file == "-") {
    fmt::print("{}", text);
  } else if (fs::exists(options.file, ignored) && !fs::is_regular_file(options.file, ignored)) {
    write_stream(options.file, text);  // a device or a pipe
  } else {
    replace_file(options.file, text);
  }
}

}  // namespace bandwright
