#include "network/builder_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/parse_option.h"
#include "core/text.h"

namespace bandwright {
namespace {

bool starts_with_digit(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

}  // namespace

BuilderArguments::BuilderArguments(std::string_view words, const GraphDefaults& defaults)
    : words_(trimmed(words)), defaults_(defaults) {
  const std::string_view text = words_;
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') {
    throw InputError(fmt::format("'{}': expected NAME(SIZE, key value, ...)", printable(text)));
  }
  name_ = trimmed(text.substr(0, open));
  for (const std::string_view part : split(text.substr(open + 1, text.size() - open - 2), ',')) {
    if (part.empty()) throw InputError(fmt::format("'{}': nothing between two commas", printable(text)));
    const bool shorthand = part.find('(') < part.find(' ');
    if ((starts_with_digit(part) || shorthand) && values_.empty() && !extents_) {
      extents_ = part;
      continue;
    }
    const std::size_t end = part.find_first_of(" =:");
    if (end == std::string_view::npos || starts_with_digit(part)) {
      throw InputError(fmt::format("'{}': expected a key and a value, such as 'radix 48'", printable(part)));
    }
    const std::string key(part.substr(0, end));
    const auto twice = [&](const auto& known) { return equal_ignoring_case(known.first, key); };
    if (std::any_of(values_.begin(), values_.end(), twice)) {
      throw InputError(fmt::format("'{}' is given twice", printable(key)));
    }
    values_.emplace_back(key, Value{std::string(trimmed(part.substr(end + 1)))});
  }
}

std::vector<std::int64_t> BuilderArguments::extents(std::size_t least, std::size_t most,
                                                    std::string_view what) {
  std::vector<std::int64_t> result;
  if (extents_) {
    for (const std::string_view each : split(*extents_, 'x')) {
      result.push_back(parse_option(
          name_, each, [](std::string_view word) { return parse_integer(word, 1, std::int64_t{1} << 20); }));
    }
  }
  if (result.size() < least || result.size() > most) {
    throw InputError(fmt::format("{}: expected {}", name_, what));
  }
  return result;
}

const std::string* BuilderArguments::find(std::string_view key) {
  known_.emplace_back(key);
  for (auto& [name, value] : values_) {
    if (!equal_ignoring_case(name, key)) continue;
    value.asked = true;
    return &value.text;
  }
  return nullptr;
}

std::int64_t BuilderArguments::whole(std::string_view key, std::int64_t usual, std::int64_t low,
                                     std::int64_t high) {
  const std::string* text = find(key);
  if (text == nullptr) return usual;
  return parse_option(fmt::format("{}: {}", name_, key), *text,
                      [&](std::string_view word) { return parse_integer(word, low, high); });
}

double BuilderArguments::number(std::string_view key, double usual, double low, double high) {
  const std::string* text = find(key);
  if (text == nullptr) return usual;
  return parse_option(fmt::format("{}: {}", name_, key), *text,
                      [&](std::string_view word) { return parse_number(word, low, high); });
}

bool BuilderArguments::yes(std::string_view key, bool usual) {
  const std::string* text = find(key);
  if (text == nullptr) return usual;
  if (equal_ignoring_case(*text, "yes")) return true;
  if (equal_ignoring_case(*text, "no")) return false;
  throw InputError(fmt::format("{}: {}: '{}', expected yes or no", name_, key, printable(*text)));
}

Bandwidth BuilderArguments::bandwidth() {
  const Bandwidth usual = bandwidth("bandwidth", defaults_.bandwidth.value_or(Bandwidth()));
  if (usual > Bandwidth()) return usual;
  throw InputError(
      fmt::format("{}: no bandwidth is given ('bandwidth 50 GB/s' among its words, or --bandwidth)", name_));
}

Bandwidth BuilderArguments::bandwidth(std::string_view key, Bandwidth usual) {
  const std::string* text = find(key);
  if (text == nullptr) return usual;
  const Bandwidth given = parse_option(fmt::format("{}: {}", name_, key), *text,
                                       [](std::string_view word) { return Bandwidth(parse_gb_per_s(word)); });
  if (given > Bandwidth()) return given;
  throw InputError(fmt::format("{}: {}: a bandwidth of 0", name_, key));
}

Time BuilderArguments::latency(std::string_view key, Time usual) {
  const std::string* text = find(key);
  if (text == nullptr) return usual;
  return parse_option(fmt::format("{}: {}", name_, key), *text, parse_time);
}

void BuilderArguments::finish() const {
  for (const auto& [key, value] : values_) {
    if (value.asked) continue;
    const std::vector<std::string_view> known(known_.begin(), known_.end());
    throw InputError(fmt::format("{}: unknown key '{}'{} (choices: {})", name_, printable(key),
                                 did_you_mean(key, known), fmt::join(known, ", ")));
  }
}

}  // namespace bandwright
