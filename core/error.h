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

  // Whether it says where in the file it is.
  [[nodiscard]] bool is_in(std::string_view file) const;
};

// What `action` gives; an InputError of it that is not in the place's file yet gets the place.
template <class Action>
decltype(auto) placed(const Place& place, Action action) {
  try {
    return action();
  } catch (const InputError& error) {
    if (error.is_in(place.file)) throw;
    throw InputError(place, error.what());
  }
}

}  // namespace bandwright
