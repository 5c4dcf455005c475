#include "core/io/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
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

#include "core/stopping.h"
#include "core/text.h"

namespace bandwright {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const { return value_; }
  void reset(int value = -1) {
    if (value_ >= 0) close(value_);
    value_ = value;
  }

 private:
  int value_;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
  explicit Pipe(const char* what) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(what);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

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

// What the supervisor tells this program.
struct Told {
  int start_error = 0;  // errno of a command that could not be started
  bool timed_out = false;
  int status = 0;  // as waitpid gives it
  std::int64_t nanoseconds = 0;
  std::int64_t peak_kib = 0;
};

// All that the supervisor needs, made ready before the fork: after it, only calls that are safe there.
struct Order {
  char* const* command;
  char* const* environment;
  int output;
  std::optional<nanoseconds> timeout;
};

// What the command's process does.
[[noreturn]] void become(const Order& order, int error_pipe) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) std::signal(signal, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(order.output, STDOUT_FILENO);
  dup2(order.output, STDERR_FILENO);
  execvpe(order.command[0], order.command, order.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &error, sizeof error);
  _exit(127);
}

// Whether `entry` of /proc is a child of `parent`. Its state's line reads "pid (name) state ppid ...".
bool is_child(const char* entry, pid_t parent) {
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), "/proc/%s/stat", entry);
  const Descriptor file(open(text.data(), O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.get() < 0 ? -1 : read(file.get(), text.data(), text.size() - 1);
  if (size <= 0) return false;
  text[static_cast<std::size_t>(size)] = '\0';
  const char* const name_end = std::strrchr(text.data(), ')');
  return name_end != nullptr && std::strlen(name_end) > 4 && std::atoi(name_end + 4) == parent;
}

void kill_children() {
  DIR* const processes = opendir("/proc");
  if (processes == nullptr) return;
  const pid_t self = getpid();
  while (const dirent* const entry = readdir(processes)) {
    const pid_t candidate = std::atoi(entry->d_name);
    if (candidate > 0 && is_child(entry->d_name, self)) kill(candidate, SIGKILL);
  }
  closedir(processes);
}

// Kills all below until there is none: the children of a killed one become ours and go in the next round.
void end_everything(pid_t command) {
  constexpr int most_rounds = 1000;
  kill(-command, SIGKILL);
  for (int round = 0; round < most_rounds; ++round) {
    kill_children();
    pid_t reaped = 0;
    while ((reaped = waitpid(-1, nullptr, WNOHANG)) > 0) continue;
    if (reaped < 0 && errno == ECHILD) return;
    poll(nullptr, 0, round < 10 ? 1 : 10);
  }
}

// Until the command has ended (true), its time is over, or this program's end of `life` is closed.
bool wait_for(pid_t command, int life, int child_signals, std::optional<Clock::time_point> deadline,
              Told& told, rusage& usage) {
  for (;;) {
    pid_t ended = 0;
    int status = 0;
    while ((ended = wait4(-1, &status, WNOHANG, &usage)) > 0) {  // orphans, too
      if (ended != command) continue;
      told.status = status;
      return true;
    }
    int limit = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<milliseconds>(*deadline - Clock::now());
      if (left.count() <= 0) {
        told.timed_out = true;
        return false;
      }
      limit = static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000));
    }
    std::array<pollfd, 2> events = {pollfd{life, 0, 0}, pollfd{child_signals, POLLIN, 0}};
    poll(events.data(), events.size(), limit);
    if (events[0].revents != 0) return false;
    signalfd_siginfo dropped{};
    while (read(child_signals, &dropped, sizeof dropped) > 0) continue;
  }
}

// The supervisor: a process of its own, in a session of its own so that Ctrl-C does not reach it.
[[noreturn]] void supervise(const Order& order, int life, int answer) {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) std::signal(signal, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_SETMASK, &child_ended, nullptr);
  const int child_signals = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
  std::array<int, 2> errors{};
  Told told;
  if (child_signals < 0 || pipe2(errors.data(), O_CLOEXEC) != 0) _exit(1);
  const Clock::time_point start = Clock::now();
  const pid_t command = fork();
  if (command == 0) become(order, errors[1]);
  if (command < 0) told.start_error = errno;
  close(errors[1]);
  if (command > 0) {
    setpgid(command, command);  // here too, so that it holds whoever comes first
    if (read(errors[0], &told.start_error, sizeof told.start_error) != sizeof told.start_error) {
      told.start_error = 0;
    }
    rusage usage{};
    const auto deadline = order.timeout ? std::optional(start + *order.timeout) : std::nullopt;
    wait_for(command, life, child_signals, deadline, told, usage);
    told.nanoseconds = nanoseconds(Clock::now() - start).count();
    told.peak_kib = usage.ru_maxrss;
    end_everything(command);
  }
  [[maybe_unused]] const ssize_t written = write(answer, &told, sizeof told);
  _exit(0);
}

// The last bytes of a file.
std::string tail_of(std::FILE* file, std::size_t most) {
  std::fseek(file, 0, SEEK_END);
  const auto size = static_cast<std::size_t>(std::max(0L, std::ftell(file)));
  std::string tail(std::min(size, most), '\0');
  std::fseek(file, static_cast<long>(size - tail.size()), SEEK_SET);
  tail.resize(std::fread(tail.data(), 1, tail.size(), file));
  return tail;
}

void set_end(ProcessResult& result, const Told& told) {
  if (told.start_error != 0) {
    result.code = told.start_error;
  } else if (told.timed_out) {
    result.end = ProcessEnd::TimedOut;
  } else if (WIFSIGNALED(told.status)) {
    result.end = ProcessEnd::Killed;
    result.code = WTERMSIG(told.status);
  } else {
    result.code = WEXITSTATUS(told.status);
    result.end = result.code == 0 ? ProcessEnd::Succeeded : ProcessEnd::Exited;
  }
}

}  // namespace

std::string ProcessResult::describe() const {
  const std::string line = last_output_line.empty() ? "" : ": " + last_output_line;
  switch (end) {
    case ProcessEnd::Succeeded:
      return fmt::format("{:.4g} s", seconds);
    case ProcessEnd::Exited:
      return fmt::format("exit status {}{}", code, line);
    case ProcessEnd::Killed:
      return fmt::format("killed by signal {} ({}){}", code, strsignal(code), line);
    case ProcessEnd::TimedOut:
      return fmt::format("timed out after {:.4g} s{}", seconds, line);
    case ProcessEnd::NotStarted:
      return fmt::format("cannot be started: {}", std::generic_category().message(code));
  }
  return {};
}

std::string shell_quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

namespace {

// Throws Stopped when this thread is asked to end meanwhile.
void wait_until_readable(int descriptor, const StopCheck& stop) {
  constexpr int between_looks_ms = 20;
  pollfd event{descriptor, POLLIN, 0};
  while (poll(&event, 1, between_looks_ms) <= 0) stop.look();
}

}  // namespace

ProcessResult run_process(const ProcessRequest& request) {
  std::vector<std::string> command = request.command;
  std::vector<std::string> environment = environment_of(request);
  const std::vector<char*> command_pointers = pointers_to(command);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const File output(std::tmpfile());
  if (!output) fail("no file for the command's output");
  Pipe life("no pipe to the command");
  Pipe answer("no pipe from the command");
  const Order order{.command = command_pointers.data(),
                    .environment = environment_pointers.data(),
                    .output = fileno(output.get()),
                    .timeout = request.timeout};

  const pid_t supervisor = fork();
  if (supervisor < 0) fail("no process for the command");
  if (supervisor == 0) {
    close(life.write_end.get());
    supervise(order, life.read_end.get(), answer.write_end.get());
  }
  answer.write_end.reset();
  const StopCheck stop;
  try {
    wait_until_readable(answer.read_end.get(), stop);
  } catch (...) {
    life.write_end.reset();
    while (waitpid(supervisor, nullptr, 0) < 0 && errno == EINTR) continue;
    throw;
  }
  Told told;
  ssize_t size = 0;
  while ((size = read(answer.read_end.get(), &told, sizeof told)) < 0 && errno == EINTR) continue;
  while (waitpid(supervisor, nullptr, 0) < 0 && errno == EINTR) continue;
  if (size != static_cast<ssize_t>(sizeof told)) {
    throw std::system_error(ECHILD, std::generic_category(), "the command's supervisor was killed");
  }
  ProcessResult result{.seconds = static_cast<double>(told.nanoseconds) / 1e9,
                       .peak_bytes = told.peak_kib * 1024,
                       .output = tail_of(output.get(), request.kept_output)};
  const std::string_view text = trimmed(result.output);
  result.last_output_line = printable(text.substr(text.rfind('\n') + 1));
  set_end(result, told);
  return result;
}

}  // namespace bandwright
