#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <numeric>

#include "core/error.h"
#include "core/io/files.h"
#include "core/io/kept.h"

namespace bandwright {
namespace {

constexpr std::size_t longest_line = 400;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Bytes of the UTF-8 sequence that `text` starts with, or 0 if it starts with none (RFC 3629: no overlong
// forms, no surrogates, at most U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

// Of one character: those that move a cursor (C0, DEL, C1) or turn the direction of what follows.
bool is_control(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(character[i]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  const bool general = character.size() == 3 && byte(0) == 0xE2;
  const bool embeds = general && byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE;    // U+202A to U+202E
  const bool isolates = general && byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;  // U+2066 to U+2069
  return embeds || isolates;
}

// Levenshtein's distance with a rolling row, case ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find(separator, start);
    parts.push_back(trimmed(text.substr(start, end - start)));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty() && clean.size() < longest_line) {
    const std::size_t length = utf8_length(text);
    const bool control = length > 0 && is_control(text.substr(0, length));
    clean += length == 0 || control ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text.empty() ? clean : clean + "...";
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t least = 3;  // two letters are near to any others
  if (word.size() < least) return {};
  word = word.substr(0, 64);
  const auto holds = [&](std::string_view candidate) {
    return std::search(candidate.begin(), candidate.end(), word.begin(), word.end(),
                       [](char x, char y) { return lower(x) == lower(y); }) != candidate.end();
  };
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  // One that only adds to the word is meant rather than one with other letters: dgx-h100 for h100, not h800.
  if (!best.empty() && !holds(best)) {
    for (const std::string_view candidate : candidates) {
      if (holds(candidate) && (!holds(best) || candidate.size() < best.size())) best = candidate;
    }
  }
  if (!best.empty()) return best;
  const auto longer = std::find_if(candidates.begin(), candidates.end(), holds);
  return longer == candidates.end() ? std::string_view() : *longer;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view guess = nearest(word, candidates);
  return guess.empty() ? std::string() : fmt::format("; did you mean '{}'?", guess);
}

std::string choices_text(std::span<const std::string_view> candidates) {
  constexpr std::size_t most = 9;
  if (candidates.size() <= most) return fmt::format("choices: {}", fmt::join(candidates, ", "));
  return fmt::format("choices: {} and {} more; bandwright list shows all",
                     fmt::join(candidates.first(most - 1), ", "), candidates.size() - (most - 1));
}

std::string content_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

std::string read_text_file(const std::filesystem::path& path, std::size_t limit) {
  const Place place{.file = path.string()};
  if (FilesRead::watched()) FilesRead::note(stamp_of(path));
  std::ifstream stream(plain_file(path), std::ios::binary);
  const std::uintmax_t size = std::filesystem::file_size(path);
  if (size > limit) throw InputError(place, fmt::format("has {} bytes; at most {} are read", size, limit));
  std::string text(size, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(size));
  if (!stream) throw InputError(place, "cannot be read");
  if (!is_utf8(text)) throw InputError(place, "is not UTF-8 text");
  text.erase(0, text.size() - without_mark(text).size());
  return text;
}

}  // namespace bandwright
