#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace bandwright {

// Where a value was read: printed as "file:line: key: " with the parts that are known.
struct Place {
  std::string file;
  int line = 0;     // from 1; 0 when unknown
  std::string key;  // dotted path of keys, such as "transformer.hidden"
};

// Input the user can mend: a file, a value or a word on the command line. what() is one line without a
// newline. Thrown by every reader and builder; caught only by the command line, which exits with 2.
class InputError : public std::runtime_error {
 public:
  explicit InputError(const std::string& problem);
  InputError(const Place& place, std::string_view problem);
};

// What `parse` makes of an option's text; its InputError names the option.
template <class Parse>
decltype(auto) parse_option(std::string_view option, std::string_view text, Parse parse) {
  try {
    return parse(text);
  } catch (const InputError& error) {
    throw InputError(std::string(option) + ": " + error.what());
  }
}

}  // namespace bandwright
