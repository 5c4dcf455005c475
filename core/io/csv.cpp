#include "core/io/csv.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

// Takes one row after the other off a text.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, const std::string& file, char comment)
      : rest_(without_mark(text)), file_(file), comment_(comment) {}

  // The fields of the next row that is not empty; nothing at the end.
  std::optional<std::vector<std::string>> next() {
    while (!rest_.empty()) {
      const std::string_view line = rest_.substr(0, rest_.find('\n'));
      const bool is_comment = comment_ != '\0' && line.starts_with(comment_);
      if (!is_comment && !trimmed(line).empty()) return row();
      ++next_line_;
      rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    }
    return std::nullopt;
  }
  [[nodiscard]] int line() const { return line_; }  // of the row that next() gave

 private:
  std::vector<std::string> row() {
    line_ = next_line_;
    std::vector<std::string> fields;
    do {
      fields.push_back(field());
    } while (take(','));
    take('\n');
    ++next_line_;
    return fields;
  }

  // Up to the comma, the end of the line or of the text, which stays.
  std::string field() {
    const std::size_t start = rest_.find_first_not_of(" \t");
    if (start != std::string_view::npos && rest_[start] == '"') {
      rest_.remove_prefix(start + 1);
      return quoted();
    }
    const std::string_view plain = take_until_separator();
    if (plain.find('"') != std::string_view::npos) {
      fail("a quote inside a field; write the field in quotes, and \"\" for a quote in it");
    }
    return std::string(trimmed(plain));
  }

  std::string quoted() {
    std::string value;
    for (;;) {
      const std::size_t end = rest_.find('"');
      if (end == std::string_view::npos) fail("a quote that is not closed");
      const std::string_view part = rest_.substr(0, end);
      next_line_ += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
      value += part;
      rest_.remove_prefix(end + 1);
      if (!take('"')) break;
      value += '"';
    }
    if (!trimmed(take_until_separator()).empty()) fail("text after the quote that ends a field");
    return value;
  }

  std::string_view take_until_separator() {
    const std::string_view part = rest_.substr(0, rest_.find_first_of(",\n"));
    rest_.remove_prefix(part.size());
    return part;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw InputError(Place{file_, line_, {}}, problem);
  }

  std::string_view rest_;
  const std::string& file_;
  char comment_;
  int line_ = 1;
  int next_line_ = 1;
};

}  // namespace

std::optional<std::size_t> CsvHeader::find(std::string_view name) const {
  const auto found = index.find(name);
  return found == index.end() ? std::nullopt : std::optional(found->second);
}

Place CsvRow::place(std::string_view column) const { return {header_->file, line_, std::string(column)}; }

const std::string& CsvRow::text(std::string_view column) const {
  const std::optional<std::size_t> index = header_->find(column);
  if (!index) throw InputError(place(column), "no such column");
  return fields_[*index];
}

bool CsvRow::has(std::string_view column) const {
  const std::optional<std::size_t> index = header_->find(column);
  return index && !trimmed(fields_[*index]).empty();
}

CsvRow CsvRow::with(std::string_view column, std::string value) const {
  CsvRow filled = *this;
  if (const auto known = header_->find(column)) {
    filled.fields_[*known] = std::move(value);
    return filled;
  }
  CsvHeader wider = *header_;
  wider.index.emplace(column, wider.names.size());
  wider.names.emplace_back(column);
  filled.header_ = std::make_shared<const CsvHeader>(std::move(wider));
  filled.fields_.push_back(std::move(value));
  return filled;
}

double CsvRow::number(std::string_view column) const { return number_in(column, -1e300, 1e300); }

double CsvRow::number_in(std::string_view column, double low, double high) const {
  const std::string& field = text(column);
  return placed(place(column), [&] { return parse_number(field, low, high); });
}

std::int64_t CsvRow::count(std::string_view column) const {
  const double value = number(column);
  if (value != std::floor(value) || value < 1.0 || value > 1e9) {
    throw InputError(place(column), "expected a whole number of 1 to 1e9");
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t CsvRow::count_or(std::string_view column, std::int64_t otherwise) const {
  return has(column) ? count(column) : otherwise;
}

bool CsvRow::yes(std::string_view column) const {
  if (!has(column)) return false;
  const std::string_view word = trimmed(text(column));
  const auto is = [&](std::string_view other) { return equal_ignoring_case(word, other); };
  if (is("yes") || is("true")) return true;
  if (is("no") || is("false")) return false;
  throw InputError(place(column), fmt::format("'{}', expected yes or no", printable(word)));
}

CsvTable parse_csv(std::string_view text, std::string file_name, char comment) {
  const auto header = std::make_shared<CsvHeader>(CsvHeader{.file = std::move(file_name)});
  CsvTable table{.header = header};
  CsvScanner scanner(text, header->file, comment);
  if (auto names = scanner.next()) {
    header->line = scanner.line();
    header->names = std::move(*names);
    for (std::size_t i = 0; i < header->names.size(); ++i) {
      const std::string& name = header->names[i];
      if (!header->index.try_emplace(name, i).second && !name.empty()) {
        throw InputError(Place{header->file, header->line, name}, "this column stands twice");
      }
    }
  }
  while (auto fields = scanner.next()) {
    if (fields->size() != header->names.size()) {
      throw InputError(
          Place{header->file, scanner.line(), {}},
          fmt::format("{} fields, expected the {} of the header", fields->size(), header->names.size()));
    }
    table.rows.emplace_back(header, scanner.line(), std::move(*fields));
  }
  return table;
}

CsvTable read_csv(const std::filesystem::path& file, char comment) {
  return parse_csv(read_text_file(file), file.string(), comment);
}

void append_csv_row(std::string& text, std::span<const std::string> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& field = fields[i];
    const bool only_blank = fields.size() == 1 && field.empty();  // would read as no row at all
    const bool plain = field.find_first_of(",\"\n\r") == std::string::npos && trimmed(field) == field;
    if (i > 0) text += ',';
    if (plain && !only_blank) {
      text += field;
      continue;
    }
    text += '"';
    for (const char c : field) text.append(c == '"' ? 2 : 1, c);
    text += '"';
  }
  text += '\n';
}

std::string csv_text(std::span<const std::vector<std::string>> rows) {
  std::string text;
  for (const std::vector<std::string>& row : rows) append_csv_row(text, row);
  return text;
}

}  // namespace bandwright
