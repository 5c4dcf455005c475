#include "report/layout.h"

#include <algorithm>

#include "core/text.h"

namespace bandwright {
namespace {

constexpr std::size_t between = 2;
constexpr std::size_t narrowest = 14;  // to which a column of texts is broken

using Row = std::vector<std::string>;

std::string padded(std::string_view cell, std::size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(cell)), ' ');
  return left ? std::string(cell) + space : space + std::string(cell);
}

void append_row(const Row& row, const std::vector<std::size_t>& widths, const std::vector<bool>& left,
                std::vector<std::string>& lines) {
  std::vector<Row> cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool fits = width_of(row[i]) <= widths[i];
    cells.push_back(fits ? std::vector<std::string>{printable(row[i])} : wrapped(row[i], widths[i]));
    height = std::max(height, cells.back().size());
  }
  for (std::size_t h = 0; h < height; ++h) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += std::string(between, ' ');
      line += padded(h < cells[i].size() ? cells[i][h] : std::string(), widths[i], left[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
}

std::size_t total(const std::vector<std::size_t>& widths) {
  std::size_t sum = widths.empty() ? 0 : between * (widths.size() - 1);
  for (const std::size_t width : widths) sum += width;
  return sum;
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  for (const std::string_view word : split(text, ' ')) longest = std::max(longest, width_of(word));
  return longest;
}

// To which a column can be narrowed: its cells are broken between words only.
std::size_t least_width(const TextGrid& grid, std::size_t column) {
  std::size_t least = std::max(narrowest, longest_word(grid.headings[column]));
  for (const Row& row : grid.rows) least = std::max(least, longest_word(row[column]));
  return least;
}

// The widest columns of texts are narrowed until the row fits, or none can be.
void narrow(std::vector<std::size_t>& widths, const TextGrid& grid, std::size_t width) {
  std::vector<std::size_t> least;
  for (std::size_t i = 0; i < widths.size(); ++i) least.push_back(least_width(grid, i));
  while (total(widths) > width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool wider = widest == widths.size() || widths[i] > widths[widest];
      if (grid.left[i] && widths[i] > least[i] && wider) widest = i;
    }
    if (widest == widths.size()) return;
    widths[widest] -= std::min(widths[widest] - least[widest], total(widths) - width);
  }
}

TextGrid columns_of(const TextGrid& grid, const std::vector<std::size_t>& chosen) {
  TextGrid part;
  const auto pick = [&](const Row& row) {
    Row cells;
    for (const std::size_t c : chosen) cells.push_back(row[c]);
    return cells;
  };
  part.headings = pick(grid.headings);
  for (const Row& row : grid.rows) part.rows.push_back(pick(row));
  for (const std::size_t c : chosen) part.left.push_back(grid.left[c]);
  return part;
}

std::vector<std::string> block(const TextGrid& grid, const std::vector<std::size_t>& widths) {
  std::vector<std::string> lines;
  append_row(grid.headings, widths, grid.left, lines);
  for (const Row& row : grid.rows) append_row(row, widths, grid.left, lines);
  return lines;
}

// The words of a command line, spaces in quotes left whole, an option with its value.
std::vector<std::string> parts_of_command(std::string_view command) {
  std::vector<std::string> parts;
  char quote = 0;
  bool option = false;  // the last part is one that may have a value
  for (std::size_t at = command.find_first_not_of(' '); at < command.size();
       at = command.find_first_not_of(' ', at)) {
    const std::size_t begin = at;
    for (; at < command.size() && (command[at] != ' ' || quote != 0); ++at) {
      const char c = command[at];
      if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      }
    }
    const std::string word(command.substr(begin, at - begin));
    if (option && !word.starts_with('-')) {
      parts.back() += " " + word;
      option = false;
    } else {
      parts.push_back(word);
      option = word.starts_with("--");
    }
  }
  return parts;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

std::string without_controls(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < text.size() && continues_character(text[length])) ++length;
    const bool plain = length == 1 && text[0] >= ' ' && text[0] <= '~';
    clean += plain ? std::string(1, text[0]) : printable(text.substr(0, length));
    text.remove_prefix(length);
  }
  return clean;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
  std::string line(indent, ' ');
  bool empty = true;
  for (const std::string_view part : split(text, ' ')) {
    if (part.empty()) continue;
    const std::string word = printable(part);
    if (!empty && width_of(line) + 1 + width_of(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> continued(std::string_view command, std::size_t width) {
  constexpr std::string_view more = " \\";
  std::vector<std::string> lines;
  for (const std::string& part : parts_of_command(command)) {
    const std::size_t room = width - std::min(width, more.size());
    if (!lines.empty() && width_of(lines.back()) + 1 + width_of(part) <= room) {
      lines.back() += " " + part;
    } else {
      if (!lines.empty()) lines.back() += more;
      lines.push_back((lines.empty() ? "" : "    ") + part);
    }
  }
  return lines;
}

std::vector<std::vector<std::string>> laid_out(const TextGrid& grid, std::size_t width) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < grid.headings.size(); ++c) {
    widths.push_back(width_of(grid.headings[c]));
    for (const Row& row : grid.rows) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  narrow(widths, grid, width);
  if (total(widths) <= width || widths.size() < 3) return {block(grid, widths)};
  std::vector<std::vector<std::string>> blocks;
  for (std::size_t next = 1; next < widths.size();) {
    std::vector<std::size_t> chosen{0};
    std::vector<std::size_t> part{widths[0]};
    do {
      chosen.push_back(next);
      part.push_back(widths[next++]);
    } while (next < widths.size() && total(part) + between + widths[next] <= width);
    blocks.push_back(block(columns_of(grid, chosen), part));
  }
  return blocks;
}

}  // namespace bandwright
