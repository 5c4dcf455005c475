#pragma once
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace bandwright {

// Values as bytes, for another rank of the same program.
template <class T>
void put(std::string& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void put(std::string& bytes, std::string_view text) {
  put(bytes, text.size());
  bytes.append(text);
}

// Takes them off the front, in their order.
template <class T>
T take(std::string_view& bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() < sizeof(T)) throw InputError("ranks: a message is shorter than it should be");
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}
inline std::string_view take_text(std::string_view& bytes) {
  const auto size = take<std::size_t>(bytes);
  if (bytes.size() < size) throw InputError("ranks: a message is shorter than it should be");
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return text;
}

}  // namespace bandwright
