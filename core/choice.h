#pragma once
#include <array>
#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>

#include "core/catalogue.h"

namespace bandwright {

// A value of an enumeration, the word that stands for it, and what it means. A constant array of these serves
// the reader (choice_named), the writer (choice_name) and `bandwright list`:
//
//   constexpr std::array precisions = {Choice{Precision::Bf16, "bf16", "16 bits, 8 of them exponent"}, ...};
template <class Value>
struct Choice {
  Value value;
  std::string_view name;
  std::string_view help;
};
template <class Value>
Choice(Value, std::string_view, std::string_view)
    -> Choice<Value>;  // clang 14 deduces no aggregates by itself

// The word for `value`, the first when it has several. REQUIRES that it has one.
template <class Value, std::size_t N>
constexpr std::string_view choice_name(const std::array<Choice<Value>, N>& choices, Value value) {
  for (const Choice<Value>& choice : choices) {
    if (choice.value == value) return choice.name;
  }
  assert(false);
  return {};
}

// The value called `word`, case ignored. Throws InputError naming the choices; `what` is "precision" ...
template <class Value, std::size_t N>
Value choice_named(const std::array<Choice<Value>, N>& choices, std::string_view word,
                   std::string_view what) {
  return find_in_catalogue(std::span<const Choice<Value>>(choices), word, what).value;
}

}  // namespace bandwright
