#pragma once
#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/parse_option.h"

namespace bandwright {

enum class OutputFormat : std::uint8_t { Text, Json, Csv };

// --format text|json|csv and --output FILE, the same for every command.
struct OutputOptions {
  OutputFormat format = OutputFormat::Text;
  std::string file;  // "" is standard output
};
void add_output_options(CLI::App& command, OutputOptions& options);

// Rows of text under headings; the same cells serve people and CSV.
struct TextTable {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};
// Columns padded to equal width, the first `left_columns` to the left and the others to the right.
std::string aligned(const TextTable& table, std::size_t left_columns = 1);
// RFC 4180, lines ending in a single newline.
std::string as_csv(const TextTable& table);

// To standard output, or to a file that either gets all of the text or is left as it was.
void write_output(const OutputOptions& options, std::string_view text);

}  // namespace bandwright
