#include "scaling/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "core/text.h"

namespace bandwright {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const { return value_; }
  void reset() {
    if (value_ >= 0) close(value_);
    value_ = -1;
  }

 private:
  int value_;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// While it lives, the signals that end a wait are held back for sigtimedwait.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&held_, signal);
    sigprocmask(SIG_BLOCK, &held_, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { release(); }
  void release() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

  // The next of them, or 0 when `limit` passes first.
  [[nodiscard]] int wait(nanoseconds limit) const {
    const timespec time{.tv_sec = limit.count() / 1'000'000'000, .tv_nsec = limit.count() % 1'000'000'000};
    return std::max(0, sigtimedwait(&held_, nullptr, &time));
  }

 private:
  sigset_t held_{};
  sigset_t before_{};
};

// NAME=value texts: ours, with those of the request in their place.
std::vector<std::string> environment_of(const ProcessRequest& request) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(request.environment.begin(), request.environment.end(),
                                      [&](const auto& added) { return added.first == name; });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : request.environment) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the new process does; only calls that are safe after fork.
[[noreturn]] void become(char* const* command, char* const* environment, int output, int error_pipe,
                         const HeldSignals& signals) {
  setpgid(0, 0);
  signals.release();
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execvpe(command[0], command, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &error, sizeof error);
  _exit(127);
}

// The last line of a file that is not blank.
std::string last_line(std::FILE* file) {
  constexpr long window = 4096;
  std::fseek(file, 0, SEEK_END);
  const long size = std::ftell(file);
  std::fseek(file, std::max(0L, size - window), SEEK_SET);
  std::array<char, window> buffer{};
  const std::size_t read = std::fread(buffer.data(), 1, buffer.size(), file);
  const std::string_view text = trimmed(std::string_view(buffer.data(), read));
  return printable(text.substr(text.rfind('\n') + 1));
}

bool has_ended(pid_t child) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

struct Wait {
  bool timed_out = false;
  int told_to_end = 0;  // the signal, 0 for none
};

// Until the child has ended, which is not reaped yet: its number stays its own while its group is killed.
Wait wait_for(pid_t child, const HeldSignals& signals, std::optional<Clock::time_point> deadline) {
  constexpr nanoseconds look_again = std::chrono::milliseconds(50);  // should a signal go astray
  Wait wait;
  while (!has_ended(child)) {
    nanoseconds limit = look_again;
    if (deadline && !wait.timed_out)
      limit = std::clamp<nanoseconds>(*deadline - Clock::now(), nanoseconds(0), limit);
    const int signal = signals.wait(limit);
    const bool late = deadline && Clock::now() >= *deadline;
    if (signal != 0 && signal != SIGCHLD) wait.told_to_end = signal;
    if (late && !wait.timed_out && wait.told_to_end == 0 && !has_ended(child)) wait.timed_out = true;
    if (wait.timed_out || wait.told_to_end != 0) kill(-child, SIGKILL);
  }
  if (wait.timed_out || wait.told_to_end != 0) kill(-child, SIGKILL);
  return wait;
}

void set_end(ProcessResult& result, int status, const Wait& wait) {
  if (wait.timed_out) {
    result.end = ProcessEnd::TimedOut;
  } else if (WIFSIGNALED(status)) {
    result.end = ProcessEnd::Killed;
    result.code = WTERMSIG(status);
  } else {
    result.code = WEXITSTATUS(status);
    result.end = result.code == 0 ? ProcessEnd::Succeeded : ProcessEnd::Exited;
  }
}

}  // namespace

std::string ProcessResult::describe() const {
  const std::string output = last_output_line.empty() ? "" : ": " + last_output_line;
  switch (end) {
    case ProcessEnd::Succeeded:
      return fmt::format("{:.4g} s", seconds);
    case ProcessEnd::Exited:
      return fmt::format("exit status {}{}", code, output);
    case ProcessEnd::Killed:
      return fmt::format("killed by signal {} ({}){}", code, strsignal(code), output);
    case ProcessEnd::TimedOut:
      return fmt::format("timed out after {:.4g} s{}", seconds, output);
    case ProcessEnd::NotStarted:
      return fmt::format("cannot be started: {}", std::generic_category().message(code));
  }
  return {};
}

ProcessResult run_process(const ProcessRequest& request) {
  std::vector<std::string> command = request.command;
  std::vector<std::string> environment = environment_of(request);
  const std::vector<char*> command_pointers = pointers_to(command);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const File output(std::tmpfile());
  if (!output) fail("no file for the command's output");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe to the command");
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);

  const HeldSignals signals;
  const Clock::time_point start = Clock::now();
  const pid_t child = fork();
  if (child < 0) fail("no process for the command");
  if (child == 0) {
    become(command_pointers.data(), environment_pointers.data(), fileno(output.get()), write_end.get(),
           signals);
  }
  setpgid(child, child);  // here too, so that it holds whoever comes first
  write_end.reset();
  ProcessResult result;
  int error = 0;
  const bool started = read(read_end.get(), &error, sizeof error) != static_cast<ssize_t>(sizeof error);
  const Wait wait =
      wait_for(child, signals, request.timeout ? std::optional(start + *request.timeout) : std::nullopt);
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (wait.told_to_end != 0) {
    signals.release();
    raise(wait.told_to_end);
  }
  result.peak_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
  if (!started) {
    result.code = error;
    return result;
  }
  set_end(result, status, wait);
  result.last_output_line = last_line(output.get());
  return result;
}

}  // namespace bandwright
