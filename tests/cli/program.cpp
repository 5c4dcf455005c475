#include "tests/cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bandwright {
namespace {

namespace fs = std::filesystem;

void set_stream(posix_spawn_file_actions_t& actions, int descriptor, Stream stream, const fs::path& kept) {
  if (stream == Stream::Closed) {
    posix_spawn_file_actions_addclose(&actions, descriptor);
    return;
  }
  const std::string file = stream == Stream::Full ? "/dev/full" : kept.string();
  posix_spawn_file_actions_addopen(&actions, descriptor, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

// Starts the program in `folder` with its output in two files. It hears Ctrl-C even where we do not.
pid_t spawn(const std::vector<std::string>& arguments, const fs::path& folder, const fs::path& out,
            const fs::path& err, const Streams& streams) {
  const char* stand_in = std::getenv("BANDWRIGHT_STAND_IN");  // a program that must refuse the same
  std::vector<std::string> words{stand_in == nullptr ? BANDWRIGHT_EXECUTABLE : stand_in};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  set_stream(actions, STDOUT_FILENO, streams.out, out);
  set_stream(actions, STDERR_FILENO, streams.err, err);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &interrupt);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), argv[0]);
  return child;
}

int wait_status(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

Finished finished(int status, const ScratchFolder& output) {
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(output.path() / "out"),
          contents(output.path() / "err")};
}

}  // namespace

std::string contents(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

ScratchFolder::ScratchFolder() {
  std::string name = (fs::temp_directory_path() / "bandwright-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a scratch folder: " + name);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string ScratchFolder::write(const std::string& name, std::string_view text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}

std::vector<std::string> ScratchFolder::names() const {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_)) {
    found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Words extended(Words first, const Words& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

Finished run_bandwright(const Words& arguments, const fs::path& folder, const Streams& streams) {
  const ScratchFolder output;
  const pid_t child = spawn(arguments, folder, output.path() / "out", output.path() / "err", streams);
  return finished(wait_status(child), output);
}

Finished interrupt_bandwright(const Words& arguments, const fs::path& folder,
                              std::chrono::milliseconds after) {
  const ScratchFolder output;
  const pid_t child = spawn(arguments, folder, output.path() / "out", output.path() / "err", {});
  std::this_thread::sleep_for(after);
  ::kill(child, SIGINT);
  return finished(wait_status(child), output);
}

nlohmann::json json_answer(const Words& arguments, const ScratchFolder& folder) {
  const Finished run = run_bandwright(extended(arguments, {"--format", "json"}), folder.path());
  EXPECT_EQ(run.status, 0) << run.err;
  return nlohmann::json::parse(run.out, nullptr, false);
}

}  // namespace bandwright
