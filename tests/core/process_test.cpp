#include "core/io/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace bandwright {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ProcessResult shell(const std::string& script,
                    std::optional<std::chrono::nanoseconds> timeout = std::nullopt) {
  return run_process({.command = {"sh", "-c", script}, .timeout = timeout});
}

// A sleep that can be told from all others by its argument.
std::string marked_sleep() {
  static int count = 0;
  return "sleep " + std::to_string(100'000 + ::getpid() % 100'000) + "." + std::to_string(++count);
}

bool runs(const std::string& command_line) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::string words;
    std::getline(std::ifstream(entry.path() / "cmdline", std::ios::binary), words);
    for (char& c : words) c = c == '\0' ? ' ' : c;
    if (words == command_line + " ") return true;
  }
  return false;
}

bool is_gone_soon(const std::string& command_line) {
  for (int i = 0; i < 500; ++i) {
    if (!runs(command_line)) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

TEST(Process, ReportsHowItEnded) {
  EXPECT_EQ(shell("exit 0").end, ProcessEnd::Succeeded);
  EXPECT_EQ(shell("echo one; echo 'no such data' >&2; echo; exit 3").describe(),
            "exit status 3: no such data");
  EXPECT_THAT(shell("kill -9 $$").describe(), StartsWith("killed by signal 9"));
  EXPECT_EQ(run_process({.command = {"/no/such/program"}}).describe(),
            "cannot be started: No such file or directory");
  EXPECT_EQ(run_process({.command = {"/"}}).describe(), "cannot be started: Permission denied");
  EXPECT_EQ(run_process({.command = {""}}).end, ProcessEnd::NotStarted);
}

TEST(Process, TimesAndMeasuresMemory) {
  EXPECT_GE(shell("sleep 0.2").seconds, 0.2);
  // dd with a block of 64 MB holds it in memory; 8 MB is more than a shell takes.
  EXPECT_GT(shell("dd if=/dev/zero of=/dev/null bs=64M count=1").peak_bytes, 64'000'000);
}

TEST(Process, EnvironmentIsAddedToOurs) {
  const ProcessResult result = run_process(
      {.command = {"sh", "-c", "echo $A-$B-${PATH:+path}"}, .environment = {{"A", "1"}, {"B", "x y"}}});
  EXPECT_EQ(result.last_output_line, "1-x y-path");
}

TEST(Process, TheLastLineIsSafeForATerminal) {
  EXPECT_EQ(shell("printf 'a\\033[31mb\\n'").last_output_line, "a?[31mb");
}

TEST(Process, AGoodRunLeavesNoBackgroundChildren) {
  const std::string child = marked_sleep();
  const std::string session = marked_sleep();
  EXPECT_EQ(shell(child + " & setsid " + session + " & exit 0").end, ProcessEnd::Succeeded);
  EXPECT_FALSE(runs(child));
  EXPECT_FALSE(runs(session));
}

TEST(Process, TimeoutEndsEverythingInSessionsOfItsOwnToo) {
  const std::string sleeps[] = {marked_sleep(), marked_sleep(), marked_sleep()};
  const auto start = std::chrono::steady_clock::now();
  const ProcessResult result = shell(
      "echo started; setsid sh -c 'setsid " + sleeps[0] + " & " + sleeps[1] + "' & " + sleeps[2], 300ms);
  EXPECT_EQ(result.end, ProcessEnd::TimedOut);
  EXPECT_THAT(result.describe(), AllOf(StartsWith("timed out after 0.3"), HasSubstr("started")));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  for (const std::string& each : sleeps) EXPECT_FALSE(runs(each)) << each;
}

TEST(Process, KillingTheProgramItselfEndsTheRun) {
  const std::string child = marked_sleep();
  const std::string session = marked_sleep();
  for (const int signal : {SIGKILL, SIGINT, SIGTERM}) {
    const pid_t program = ::fork();
    if (program == 0) {
      shell("setsid " + session + " & " + child);
      ::_exit(0);
    }
    while (!runs(child) || !runs(session)) std::this_thread::sleep_for(5ms);
    ::kill(program, signal);
    ::waitpid(program, nullptr, 0);
    EXPECT_TRUE(is_gone_soon(child)) << signal;
    EXPECT_TRUE(is_gone_soon(session)) << signal;
  }
}

}  // namespace
}  // namespace bandwright
