#pragma once
#include <cstdint>
#include <stop_token>

namespace bandwright {

// Thrown out of work that was asked to end before it had anything to show: Ctrl-C. Nobody's error.
struct Stopped {};

// Who may ask this thread to end what it does, for as long as the scope lives:
//
//   const StopScope scope(token);               // by who hears Ctrl-C
//     StopCheck stop;                           // deep inside, by what takes long
//     while (...) stop.look_now_and_then();     // throws Stopped
//
// Scopes nest, and the innermost counts. Threads begin without one: who starts them hands on
// stop_of_thread().
class StopScope {
 public:
  explicit StopScope(std::stop_token token);
  ~StopScope();
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

 private:
  std::stop_token token_;
  const std::stop_token* outer_;
};

// Of the innermost scope of this thread; one that nobody stops where there is none.
std::stop_token stop_of_thread();

// Looks whether this thread has been asked to end. A look costs a nanosecond.
class StopCheck {
 public:
  StopCheck() : token_(stop_of_thread()) {}
  void look() const {
    if (token_.stop_requested()) throw Stopped{};
  }
  // For loops of short turns: looks in one of 256.
  void look_now_and_then() {
    if (++turns_ % 256 == 0) look();
  }

 private:
  std::stop_token token_;
  std::uint32_t turns_ = 0;
};

}  // namespace bandwright
