#pragma once
#include <string>

#include "core/error.h"

namespace bandwright {

// What the InputError of an action says; "" where there is none.
template <class Action>
std::string refused(Action action) {
  try {
    static_cast<void>(action());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace bandwright
