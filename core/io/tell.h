#pragma once
#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace bandwright {

// Messages to people, on standard error. They never decide what happens: one that cannot be written (closed,
// a full disk, a reader that has gone) is dropped, and nothing is thrown.
void tell_text(std::string_view text) noexcept;

template <class... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  tell_text(fmt::format(format, std::forward<Arguments>(arguments)...));
}

// Nothing more is told, and told again: by a process that is not the one to speak.
void tell_no_more();
void tell_again();

// Standard error is a terminal: lines may be drawn over.
bool tells_a_terminal();

// At the start of a program: descriptors 0 to 2 that are closed get something harmless, so that no file that
// is opened later becomes standard error by accident; a reader that goes away is an error of writing, no
// signal.
void guard_standard_streams();

}  // namespace bandwright
