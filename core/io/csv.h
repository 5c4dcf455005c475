#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace bandwright {

// The columns of a CSV file by name, and what all rows of it share.
struct CsvHeader {
  std::string file;
  int line = 1;
  std::vector<std::string> names;  // none of an empty file
  std::map<std::string, std::size_t, std::less<>> index;

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
};

// One row, with as many fields as the header. Failures are InputErrors "file:line: column: problem".
class CsvRow {
 public:
  CsvRow(std::shared_ptr<const CsvHeader> header, int line, std::vector<std::string> fields)
      : header_(std::move(header)), line_(line), fields_(std::move(fields)) {}

  [[nodiscard]] const std::string& text(
      std::string_view column) const;                     // throws when there is no such column
  [[nodiscard]] bool has(std::string_view column) const;  // there is one, and it is not empty
  [[nodiscard]] double number(std::string_view column) const;
  [[nodiscard]] std::int64_t count(std::string_view column) const;  // 1 to 1e9
  [[nodiscard]] std::int64_t count_or(std::string_view column, std::int64_t otherwise) const;
  [[nodiscard]] double number_in(std::string_view column, double low, double high) const;
  [[nodiscard]] bool yes(std::string_view column) const;  // yes, no, true or false; no such column: no

  // The same row with a value in a column that it has, or besides those.
  [[nodiscard]] CsvRow with(std::string_view column, std::string value) const;

  [[nodiscard]] const std::vector<std::string>& fields() const { return fields_; }  // in the file's order
  [[nodiscard]] int line() const { return line_; }  // of its first character, from 1
  [[nodiscard]] Place place(std::string_view column = {}) const;

 private:
  std::shared_ptr<const CsvHeader> header_;  // shared by all rows of a file
  int line_;
  std::vector<std::string> fields_;
};

struct CsvTable {
  std::shared_ptr<const CsvHeader> header;
  std::vector<CsvRow> rows;
};

// Comma-separated values with a header line (RFC 4180):
//
//   n,seconds,"what, and where"        a field in quotes may hold commas, line ends and "" for a quote;
//   1,2.5,"the ""old"" machine"        the blanks around a field without quotes do not belong to it
//
// Lines may end in CR LF, a byte order mark may stand first, empty lines are passed over, and so are lines
// that begin with `comment` when it is given. Linear in the text. Throws InputError with file and line for a
// quote that is not closed or stands inside a field, a column that stands twice, and a row with more or fewer
// fields than the header.
CsvTable parse_csv(std::string_view text, std::string file_name, char comment = '\0');
CsvTable read_csv(const std::filesystem::path& file, char comment = '\0');

// Rows, the header first, as parse_csv reads them back; each line ends in a single newline.
std::string csv_text(std::span<const std::vector<std::string>> rows);
void append_csv_row(std::string& text, std::span<const std::string> fields);

}  // namespace bandwright
