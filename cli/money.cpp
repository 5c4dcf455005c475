#include "cli/money.h"

#include <fmt/format.h>

#include <cstddef>

namespace bandwright {

std::string format_money(Money money) {
  std::string digits = fmt::format("{:.0f}", money.value());
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return "$" + digits;
}

}  // namespace bandwright
