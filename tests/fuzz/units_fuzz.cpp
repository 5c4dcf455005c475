// Any bytes, read as a quantity, yield one in its range or an InputError; what is printed reads back.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

template <class Check>
void attempt(Check check) {
  try {
    check();
  } catch (const bandwright::InputError& error) {
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bandwright;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  attempt([&] { require(parse_time(format_time(parse_time(text))) >= Time(0)); });
  attempt([&] { require(parse_bytes(text) >= Bytes(0)); });
  attempt([&] { require(parse_bandwidth(text) >= Bandwidth(0)); });
  attempt([&] { require(parse_flop_rate(text) > FlopRate(0)); });
  attempt([&] { require(std::isfinite(parse_number(text, -1e308, 1e308))); });
  attempt([&] { require(std::abs(parse_integer(text, -9, 9)) <= 9); });
  require(is_utf8(printable(text)));
  return 0;
}
