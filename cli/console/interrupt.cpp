#include "cli/console/interrupt.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>

namespace bandwright {
namespace {

sigset_t interrupt_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

InterruptWatch::InterruptWatch(const Host* host) : host_(host), scope_(token()) {
  if (host_ != nullptr) return;
  const sigset_t set = interrupt_signal();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this] { wait(); });
}

// The waiter is woken by the very signal it waits for.
InterruptWatch::~InterruptWatch() {
  if (host_ != nullptr) return;
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
