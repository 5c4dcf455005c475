// Any bytes, read as a YAML input and walked to the end with every reader, yield values or an InputError.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "core/yaml.h"

namespace {

using bandwright::YamlValue;

template <class Read>
void attempt(Read read) {
  try {
    static_cast<void>(read());
  } catch (const bandwright::InputError& error) {
    // The message is one line.
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
  }
}

void walk(const YamlValue& value) {
  attempt([&] { return value.as_string(); });
  attempt([&] { return value.as_bool(); });
  attempt([&] { return value.as_integer(-5, 1'000'000); });
  attempt([&] { return value.as_number(-1e308, 1e308); });
  attempt([&] { return value.as_time(); });
  attempt([&] { return value.as_bytes(); });
  attempt([&] { return value.as_bandwidth(); });
  attempt([&] { return value.as_flop_rate(); });
  attempt([&] {
    value.require_keys({"name", "dimensions", "bandwidth"});
    return value.at("name");
  });
  attempt([&] {
    for (const auto& [key, entry] : value.entries()) walk(entry);
    return 0;
  });
  attempt([&] {
    for (const YamlValue& item : value.items()) walk(item);
    return 0;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attempt([&] {
    walk(YamlValue::parse({reinterpret_cast<const char*>(data), size}, "input.yaml"));
    return 0;
  });
  return 0;
}
