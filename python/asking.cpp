#include "python/asking.h"

#include <pybind11/pybind11.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "cli/program/run.h"
#include "core/error.h"

namespace bandwright {
namespace {

namespace py = pybind11;

constexpr std::chrono::milliseconds between_looks(20);  // at signals

// A command line and who hears its answers.
struct Asker {
  Host host;
  std::unique_ptr<CommandLine> line;
};

// Command lines that nobody is using, by their command: to make one takes longer than many an answer. Nothing
// of a question stays in them.
class IdleAskers {
 public:
  std::unique_ptr<Asker> take(const std::string& command) {
    const std::lock_guard lock(mutex_);
    const auto idle = idle_.find(command);
    if (idle == idle_.end() || idle->second.empty()) return nullptr;
    std::unique_ptr<Asker> asker = std::move(idle->second.back());
    idle->second.pop_back();
    return asker;
  }
  void give_back(const std::string& command, std::unique_ptr<Asker> asker) {
    if (!asker->line->starts_fresh()) return;
    const std::lock_guard lock(mutex_);
    idle_[command].push_back(std::move(asker));
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<std::unique_ptr<Asker>>> idle_;
};

// One of them, or a new one, for as long as it lives.
class Borrowed {
 public:
  explicit Borrowed(const std::string& command) : command_(command), asker_(idle().take(command)) {
    if (asker_ != nullptr) return;
    asker_ = std::make_unique<Asker>();
    asker_->line = command_line_for(command, &asker_->host);
  }
  ~Borrowed() {
    asker_->host = {};
    idle().give_back(command_, std::move(asker_));
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Asker* operator->() { return asker_.get(); }

 private:
  static IdleAskers& idle() {
    static IdleAskers askers;
    return askers;
  }
  std::string command_;
  std::unique_ptr<Asker> asker_;
};

Asked answered(const std::vector<std::string>& words, std::stop_token stop) {
  Asked asked;
  Borrowed asker(words.empty() ? "" : words.front());
  asker->host = {.on_answer = [&](Document answer) { asked.answer = std::move(answer); },
                 .on_text = [&](std::string_view text) { asked.text.append(text); },
                 .stop = std::move(stop)};
  try {
    asked.status = run_command(*asker->line, words);
  } catch (const std::system_error& error) {
    throw InputError(error.what());
  }
  return asked;
}

// Work in a thread of its own, which may be asked to stop.
class Aside {
 public:
  explicit Aside(const std::vector<std::string>& words)
      : thread_([this, &words](const std::stop_token& stop) { work(words, stop); }) {}

  bool is_done_within(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return over_.wait_for(lock, time, [this] { return done_; });
  }
  void request_stop() { thread_.request_stop(); }
  // REQUIRES that it is done.
  Asked take() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(asked_);
  }

 private:
  void work(const std::vector<std::string>& words, const std::stop_token& stop) {
    try {
      asked_ = answered(words, stop);
    } catch (...) {
      failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    done_ = true;
    over_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false;
  Asked asked_;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses all of the above
};

// Ctrl-C's handler, Python's: a solver's library that puts its own in its place would keep Ctrl-C from
// Python.
class OwnHandler {
 public:
  OwnHandler() { sigaction(SIGINT, nullptr, &own_); }
  void put_back() const {
    struct sigaction now {};
    sigaction(SIGINT, nullptr, &now);
    if (now.sa_handler != own_.sa_handler) sigaction(SIGINT, &own_, nullptr);
  }

 private:
  struct sigaction own_ {};
};

// What Python's signal handlers have raised since the last look, if anything.
std::optional<py::error_already_set> raised() {
  if (PyErr_CheckSignals() == 0) return std::nullopt;
  return py::error_already_set();
}

Asked ask_aside(const std::vector<std::string>& words) {
  const OwnHandler handler;
  Aside work(words);
  std::optional<py::error_already_set> signal;
  for (;;) {
    {
      const py::gil_scoped_release unlocked;
      if (work.is_done_within(between_looks)) break;
    }
    handler.put_back();
    if (std::optional<py::error_already_set> now = raised()) {
      if (!signal) signal.emplace(*now);
      work.request_stop();
    }
  }
  if (signal && !signal->matches(PyExc_KeyboardInterrupt)) throw py::error_already_set(*signal);
  Asked asked = work.take();
  asked.interrupted = signal.has_value();
  return asked;
}

}  // namespace

Asked ask(const std::vector<std::string>& words, Where where) {
  if (where == Where::Aside) return ask_aside(words);
  const py::gil_scoped_release unlocked;
  return answered(words, {});
}

}  // namespace bandwright
