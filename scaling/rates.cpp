#include "scaling/rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

// Of a line: std::regex needs stack for each character.
constexpr std::size_t longest_line = 4096;

std::regex compiled(const std::string& text) {
  try {
    return std::regex(text, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error&) {
    throw InputError(fmt::format("--rate: '{}' is no pattern (ECMAScript)", printable(text)));
  }
}

double at_share(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

// Lines, and what a progress bar draws over each other on one.
std::vector<std::string_view> lines_of(std::string_view output) {
  std::vector<std::string_view> lines;
  for (const std::string_view line : split(output, '\n')) {
    for (const std::string_view drawn : split(line, '\r')) lines.push_back(drawn);
  }
  return lines;
}

}  // namespace

RatePattern::RatePattern(const std::string& text) : text_(text), regex_(compiled(text)) {
  if (regex_.mark_count() != 1) {
    throw InputError(
        fmt::format("--rate: '{}' has {} groups; expected one, around the number: 'images/sec: ([0-9.]+)'",
                    printable(text), regex_.mark_count()));
  }
}

std::vector<double> RatePattern::rates_in(std::string_view output) const {
  constexpr double highest = 1e15;
  std::vector<double> rates;
  for (const std::string_view whole : lines_of(output)) {
    const std::string line(whole.substr(0, longest_line));
    for (auto match = std::sregex_iterator(line.begin(), line.end(), regex_); match != std::sregex_iterator();
         ++match) {
      try {
        const double rate = parse_number((*match)[1].str(), -highest, highest);
        if (rate > 0.0) rates.push_back(rate);
      } catch (const InputError&) {  // matched, but is no number
      }
    }
  }
  return rates;
}

CentralRange central_range(std::vector<double> values) {
  constexpr double outside = 0.16;
  std::sort(values.begin(), values.end());
  return {at_share(values, 0.5), at_share(values, outside), at_share(values, 1.0 - outside)};
}

}  // namespace bandwright
