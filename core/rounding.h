#pragma once
#include <fmt/format.h>

#include <charconv>
#include <string>

namespace bandwright {

// The number that so many significant digits show. In every language: a program that holds us as a library
// may have set one whose decimal sign is a comma, which std::stod would then expect.
inline double rounded_to(double value, int digits) {
  const std::string text = fmt::format("{:.{}e}", value, digits - 1);
  double rounded = value;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

}  // namespace bandwright
