#pragma once
#include <stdexcept>

namespace bandwright {

constexpr int no_answer_status = 1;

// A question that was understood and has no answer, such as constraints that exclude each other. what() says
// why in one line.
class NoAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace bandwright
