#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bandwright {

struct ProcessRequest {
  std::vector<std::string> command;                              // program (searched on PATH) and arguments
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::optional<std::chrono::nanoseconds> timeout;
  std::size_t kept_output = 4096;  // bytes from its end
};

enum class ProcessEnd : std::uint8_t { Succeeded, Exited, Killed, TimedOut, NotStarted };

struct ProcessResult {
  ProcessEnd end = ProcessEnd::NotStarted;
  int code = 0;          // exit status, signal or errno, by `end`
  double seconds = 0.0;  // from fork to the end of the command itself
  // Resident memory of the largest of its processes. The child starts as a copy of this program, so less than
  // this program itself holds (about 10 MB) does not show.
  std::int64_t peak_bytes = 0;
  std::string output;            // the end of standard output and standard error together
  std::string last_output_line;  // of it, not blank

  // "exit status 3: no such data set", "timed out after 10 s" ...
  [[nodiscard]] std::string describe() const;
};

// Runs a command to its end without input, its output kept aside, under a supervisor of its own:
//
//   this program --- supervisor --- command --- whatever it starts
//        '---- life ----'             its orphans become the supervisor's children (subreaper)
//
// When the command ends, at the timeout, and when this program ends in any way (the pipe `life` then closes,
// after kill -9 too), the supervisor kills everything that is left below it: background children, and those
// in sessions of their own. Killing the supervisor itself is out of scope, and so are children with rights of
// other users. REQUIRES a non-empty command. Throws std::system_error when the machine denies a process or a
// file, and Stopped once all is killed when this thread is asked to end (core/stopping.h).
ProcessResult run_process(const ProcessRequest& request);

// A word as a shell takes it for one.
std::string shell_quoted(const std::string& word);

}  // namespace bandwright
