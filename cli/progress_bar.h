#pragma once
#include <chrono>
#include <cstddef>

namespace bandwright {

// What the commands' progress on standard error has in common.
constexpr std::size_t bar_width = 28;
constexpr std::chrono::milliseconds redraw_every(100);  // on a terminal
constexpr std::chrono::seconds line_every(5);           // in a file

}  // namespace bandwright
