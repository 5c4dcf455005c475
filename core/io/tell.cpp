#include "core/io/tell.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace bandwright {
namespace {

std::atomic<bool> told = true;

}  // namespace

void tell_no_more() { told = false; }
void tell_again() { told = true; }

void tell_text(std::string_view text) noexcept {
  if (!told) return;
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool tells_a_terminal() { return ::isatty(STDERR_FILENO) == 1; }

// Opened for reading only, standard output refuses what is written as a closed one does.
void guard_standard_streams() {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    static_cast<void>(::open("/dev/null", O_RDONLY));  // takes the lowest that is free: this one
  }
}

}  // namespace bandwright
