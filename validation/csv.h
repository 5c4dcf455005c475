#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

// One row of a CSV file with a header line (RFC 4180), by column name.
class CsvRow {
 public:
  CsvRow(std::string file, int line, std::map<std::string, std::string, std::less<>> values);

  [[nodiscard]] const std::string& text(std::string_view column) const;  // throws when missing
  [[nodiscard]] bool has(std::string_view column) const;                 // and not empty
  [[nodiscard]] double number(std::string_view column) const;
  [[nodiscard]] std::int64_t count(std::string_view column) const;  // 1 to 1e9
  [[nodiscard]] std::int64_t count_or(std::string_view column, std::int64_t otherwise) const;
  [[nodiscard]] int line() const { return line_; }

 private:
  std::string file_;
  int line_;
  std::map<std::string, std::string, std::less<>> values_;
};

struct CsvHeader {
  int line = 1;
  std::vector<std::string> columns;  // none of an empty file
};
CsvHeader read_csv_header(const std::filesystem::path& file);

// Throws InputError for a file that cannot be read, or a row with
// more or fewer fields than the header.
std::vector<CsvRow> read_csv(const std::filesystem::path& file);

}  // namespace bandwright
