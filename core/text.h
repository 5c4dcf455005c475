#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bandwright {

std::string_view trimmed(std::string_view text);
// The parts between separators, trimmed; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
// ASCII letters compared without regard to case.
bool equal_ignoring_case(std::string_view a, std::string_view b);
// `text` made safe for one line of a terminal: control characters and bytes that are not UTF-8 become '?',
// and more than 400 bytes are cut.
std::string printable(std::string_view text);
bool is_utf8(std::string_view text);

// The candidate with the smallest edit distance (case ignored), or "" when none is near enough to be meant.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
// "; did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
// "choices: a, b, c", of many the first and how many there are.
std::string choices_text(std::span<const std::string_view> candidates);

// FNV-1a of 64 bits as 16 hexadecimal digits: names content and shows that it has changed; no defence against
// forgery.
std::string content_hash(std::string_view text);

// Without the mark of the byte order that some programs begin a file with.
std::string_view without_mark(std::string_view text);

// The whole of a text file, without that mark. Throws InputError when it cannot be read, is no file (a
// folder, a device, a pipe: it does not wait for one), is larger than `limit`, or is not UTF-8.
std::string read_text_file(const std::filesystem::path& path, std::size_t limit = 64 << 20);

}  // namespace bandwright
