#include "core/io/interrupt.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace bandwright {
namespace {

sigset_t interrupt_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

// sigwait would hear it all the same.
bool is_ignored() {
  struct sigaction now {};
  return sigaction(SIGINT, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

extern "C" void leave_interrupted(int /*signal*/) { std::_Exit(interrupted_status); }

}  // namespace

void end_on_interrupt() {
  if (std::signal(SIGINT, leave_interrupted) == SIG_IGN) std::signal(SIGINT, SIG_IGN);
}

InterruptWatch::InterruptWatch(std::optional<std::stop_token> asked)
    : asked_(std::move(asked)), scope_(token()) {
  if (asked_ || is_ignored()) return;
  const sigset_t set = interrupt_signal();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this] { wait(); });
}

// The waiter is woken by the very signal it waits for.
InterruptWatch::~InterruptWatch() {
  if (!waiter_.joinable()) return;
  over_ = true;
  pthread_kill(waiter_.native_handle(), SIGINT);
  waiter_.join();
  const sigset_t set = interrupt_signal();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void InterruptWatch::wait() {
  const sigset_t set = interrupt_signal();
  for (;;) {
    int signal = 0;
    sigwait(&set, &signal);
    if (over_) return;
    if (!stop_.request_stop()) std::_Exit(interrupted_status);
  }
}

}  // namespace bandwright
