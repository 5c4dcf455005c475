#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "report/document.h"
#include "report/layout.h"

namespace bandwright {

// How text is laid out; the other formats look the same everywhere.
struct TextStyle {
  std::size_t width = 100;  // columns; tables and sentences are broken to fit
  bool ansi = false;        // bold and colours of a terminal
};

// A format of answers: documents in, text out; nothing is printed. A new format is a renderer in a file of
// its own and a row of this catalogue.
struct AnswerFormat {
  std::string_view name;
  std::string_view help;
  std::string (*render)(const Document& document, const TextStyle& style);
};
std::span<const AnswerFormat> answer_formats();
// Throws InputError.
const AnswerFormat& find_answer_format(std::string_view name);

// Names and units of JSON and CSV are those of report/keys.h. Raised when a key changes its name or meaning.
constexpr int schema_version = 2;

// Each throws InputError for a number that is not finite.
std::string render_text(const Document& document, const TextStyle& style);
std::string render_json(const Document& document, const TextStyle& style = {});
std::string render_csv(const Document& document, const TextStyle& style = {});
std::string render_html(const Document& document, const TextStyle& style = {});
std::string render_markdown(const Document& document, const TextStyle& style = {});

// What stands on the page of render_html, without its style, for a page that has its own.
std::string html_fragment(const Document& document);

// For writers of tables of their own: a CSV field or row as RFC 4180 has it, without what moves a cursor.
std::string csv_row(std::span<const std::string> fields);
// `text` without anything that means something to HTML.
std::string escaped_html(std::string_view text);
// A value as JSON and CSV have it: all digits of a number; a list's items with a space between.
std::string plain(const Value& value);
// A value as people read it.
std::string spoken(const Value& value, Unit unit);
// A fact as people read it, if it is one for them; a table, if it has something for them.
bool is_for_people(const Fact& fact);
bool is_for_people(const Table& table);
std::string label_of(const Fact& fact);
std::string words_of(const Fact& fact);
// What people see of a table, with its units in the headings.
TextGrid grid_of(const Table& table);
// "exposed (ms)".
std::string heading_of(const Table::Column& column, const NumberStyle& style);
// The styles of a table's columns: numbers of one unit have one scale.
std::vector<NumberStyle> styles_of(const Table& table);
std::string cell_of(const Value& value, const NumberStyle& style);

}  // namespace bandwright
