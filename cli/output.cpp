#include "cli/output.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

namespace bandwright {
namespace {

std::size_t width_of(std::string_view text) {
  // Code points: every byte but the continuation bytes of UTF-8.
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

}  // namespace

void add_output_options(CLI::App& command, OutputOptions& options) {
  const std::map<std::string, OutputFormat> names = {
      {"table", OutputFormat::table}, {"csv", OutputFormat::csv}, {"json", OutputFormat::json}};
  command.add_option("--format", options.format, "table, csv or json")
      ->transform(CLI::CheckedTransformer(names, CLI::ignore_case).description(""))
      ->type_name("FORMAT");
  command.add_option("--output", options.file, "write the answer to a file")->type_name("FILE");
}

std::string aligned(const TextTable& table) {
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
      append_padded(line, row[i], widths[i], i == 0);
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

void write_output(const OutputOptions& options, std::string_view text) {
  if (options.file.empty()) {
    fmt::print("{}", text);
    return;
  }
  const std::string unfinished = options.file + ".part";
  std::ofstream stream(unfinished, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(unfinished, options.file, error);
  if (!stream || error) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    throw InputError(Place{.file = options.file}, "cannot be written");
  }
}

}  // namespace bandwright
