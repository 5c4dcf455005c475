#pragma once
#include <cstddef>
#include <utility>

namespace bandwright {
namespace counting {

struct Anything {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): stands for a member of any type
};

template <class T, std::size_t... I>
consteval std::size_t count(std::index_sequence<I...>) {
  if constexpr (requires { T{(static_cast<void>(I), Anything{})..., Anything{}}; }) {
    return count<T>(std::make_index_sequence<sizeof...(I) + 1>());
  } else {
    return sizeof...(I);
  }
}

}  // namespace counting

// How many members a struct without constructors and base classes has: the longest list it can be made of.
template <class T>
constexpr std::size_t member_count = counting::count<T>(std::index_sequence<>());

}  // namespace bandwright
