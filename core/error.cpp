#include "core/error.h"

#include "core/text.h"

namespace bandwright {
namespace {

std::string describe(const Place& place, std::string_view problem) {
  std::string text = place.file;
  if (place.line > 0) text += ':' + std::to_string(place.line);
  if (!text.empty()) text += ": ";
  if (!place.key.empty()) text += place.key + ": ";
  return text.append(problem);
}

}  // namespace

InputError::InputError(const std::string& problem) : std::runtime_error(printable(problem)) {}

InputError::InputError(const Place& place, std::string_view problem)
    : std::runtime_error(printable(describe(place, problem))) {}

bool InputError::is_in(std::string_view file) const {
  return !file.empty() && std::string_view(what()).starts_with(printable(std::string(file) + ':'));
}

}  // namespace bandwright
