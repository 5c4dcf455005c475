#include "cli/output.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/option_rules.h"
#include "core/catalogue.h"
#include "core/csv.h"
#include "core/files.h"

namespace bandwright {
namespace {

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

}  // namespace

void add_output_options(CLI::App& command, OutputOptions& options) {
  begin_group(command, output_options);
  command
      .add_option_function<std::string>(
          "--format",
          [&options](const std::string& word) {
            options.format = find_in_catalogue(std::span<const FormatInfo>(formats), word, "format").format;
          },
          "text (default), json or csv")
      ->type_name("FORMAT");
  add_output_file(command, "--output", options.file, "write the answer to a file, all of it or nothing");
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
  append_csv_row(text, table.headings);
  for (const auto& row : table.rows) append_csv_row(text, row);
  return text;
}

void write_output(const OutputOptions& options, std::string_view text) {
  if (!options.file.empty() && options.file != "-") return write_whole(options.file, text);
  std::fwrite(text.data(), 1, text.size(), stdout);  // main looks at its state at the end
}

}  // namespace bandwright
