#pragma once
#include <string>
#include <string_view>

#include "core/error.h"

namespace bandwright {

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
