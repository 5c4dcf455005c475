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

}  // namespace bandwright
