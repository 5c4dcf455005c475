#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>
// GCC 12 takes what <regex> swaps for uninitialized where a sanitizer is on.
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <regex>
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

namespace bandwright {

// What a program says of its own speed: numbers that it prints, found by a pattern with one group around the
// number, such as 'images/sec: ([0-9.]+)' (ECMAScript, as std::regex has it).
class RatePattern {
 public:
  // Throws InputError when it is no pattern, or has no group or several.
  explicit RatePattern(const std::string& text);
  [[nodiscard]] const std::string& text() const { return text_; }
  // Every rate in an output, in order: of each line all matches. Numbers that are not above 0 are none.
  [[nodiscard]] std::vector<double> rates_in(std::string_view output) const;

 private:
  std::string text_;
  std::regex regex_;
};

// The middle of values and the range that holds the central 68 % of them (from the 16th to the 84th
// percentile, linear between values): what one standard deviation to either side would hold of a bell.
// REQUIRES values.
struct CentralRange {
  double median = 0.0;
  double low = 0.0;
  double high = 0.0;
};
CentralRange central_range(std::vector<double> values);

}  // namespace bandwright
