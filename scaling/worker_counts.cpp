#include "scaling/worker_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

constexpr std::size_t most_counts = 10'000;

// How a range goes on: by adding or by multiplying.
struct Advance {
  bool multiplies = true;
  std::int64_t by = 2;
};

Advance take_step(std::string_view& range) {
  const std::size_t at = range.find_first_of("+*");
  if (at == std::string_view::npos) return {};
  const bool multiplies = range[at] == '*';
  const std::int64_t by = parse_integer(range.substr(at + 1), multiplies ? 2 : 1, 1'000'000'000);
  range = range.substr(0, at);
  return {.multiplies = multiplies, .by = by};
}

void add(std::vector<int>& counts, std::int64_t count) {
  counts.push_back(static_cast<int>(count));
  if (counts.size() > most_counts) throw InputError(fmt::format("more than {} worker counts", most_counts));
}

void add_range(std::vector<int>& counts, std::string_view range, int most) {
  const std::size_t dots = range.find("..");
  if (dots == std::string_view::npos) {
    add(counts, parse_integer(range, 1, most));
    return;
  }
  std::string_view upper = range.substr(dots + 2);
  const Advance step = take_step(upper);
  const std::int64_t low = parse_integer(range.substr(0, dots), 1, most);
  const std::int64_t high = parse_integer(upper, low, most);
  for (std::int64_t n = low; n <= high; n = step.multiplies ? n * step.by : n + step.by) add(counts, n);
}

}  // namespace

std::vector<int> parse_worker_counts(std::string_view text, int most) {
  std::vector<int> counts;
  for (const std::string_view part : split(text, ',')) add_range(counts, part, most);
  std::sort(counts.begin(), counts.end());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

}  // namespace bandwright
