#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

// Columns a text takes on a terminal: code points, not bytes.
std::size_t width_of(std::string_view text);

// As printable() (core/text.h), of any length and with all of its spaces.
std::string without_controls(std::string_view text);

// Lines of at most `width` columns, broken between words; a word that is wider stands alone. Without control
// characters.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// A command line in lines of at most `width` columns, to be typed as they stand: broken between its words,
// with a backslash at the end of all lines but the last.
std::vector<std::string> continued(std::string_view command, std::size_t width);

// A table of texts with columns padded to equal width, two spaces between.
struct TextGrid {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
  std::vector<bool> left;  // per column; numbers stand to the right
};
// Lines of at most `width` columns: texts to the left are broken within their cells, and where that is not
// enough the columns are shown in several blocks, each with the first column again. The first line of a block
// is its headings.
std::vector<std::vector<std::string>> laid_out(const TextGrid& grid, std::size_t width);

}  // namespace bandwright
