#pragma once
#include <optional>
#include <string>
#include <type_traits>

#include "core/error.h"

namespace bandwright {

// What came of a question inside a sweep or a search, where a job that cannot be (it does not divide, its
// step is beyond the clock) is one of many: an answer, or the reason why there is none.
template <class Answer>
struct Outcome {
  std::optional<Answer> answer;
  std::string reason;  // "" with an answer
};

template <class Question>
auto outcome_of(Question question) -> Outcome<std::invoke_result_t<Question>> {
  try {
    return {question(), ""};
  } catch (const InputError& error) {
    return {std::nullopt, error.what()};
  }
}

}  // namespace bandwright
