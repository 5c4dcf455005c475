// What goes wrong around a long evaluation: kills, a second run at the same time, disks and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string grid =
    "name: grid\nlibraries: astra1\nwiring: switches\nrecompute: full\nnetworks: [2D, 4D]\nmodels: [17B, "
    "1T]\n"
    "targets: [17B, 1T]\nbudgets: {from: 100 GB/s, to: 1000 GB/s, step: 50 GB/s}\nsources: [optimized, "
    "published]\n";

Finished evaluate(const ScratchFolder& folder, const std::string& output = "output") {
  return run_bandwright({"evaluate", "./grid.yaml", "--output", output}, folder.path());
}

// Starts an evaluation and kills it with SIGKILL after a while.
void evaluate_and_kill(const ScratchFolder& folder, std::chrono::microseconds after) {
  const std::string file = (folder.path() / "grid.yaml").string();
  const std::string output = (folder.path() / "output").string();
  std::vector<std::string> words = {BANDWRIGHT_EXECUTABLE, "evaluate", file, "--output", output};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
  posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", 1, 0);
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, argv[0], &quiet, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&quiet);
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

class Evaluate : public ::testing::Test {
 protected:
  Evaluate() { folder_.write("grid.yaml", grid); }
  [[nodiscard]] fs::path csv() const { return folder_.path() / "output/grid/results.csv"; }
  [[nodiscard]] fs::path store() const { return folder_.path() / "output/grid/results.sqlite"; }
  ScratchFolder folder_;
};

TEST_F(Evaluate, KilledAtTwentyMomentsItContinuesToTheSameBytes) {
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(evaluate(folder_, "whole").status, 0);
  const auto whole = std::chrono::steady_clock::now() - start;
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same moments every time
  std::uniform_real_distribution<double> share(0.0, 1.0);
  for (int kill = 0; kill < 20; ++kill) {
    // Results accumulate: to be caught at work, some begin anew.
    if (kill % 4 == 0) fs::remove_all(folder_.path() / "output");
    evaluate_and_kill(folder_, std::chrono::duration_cast<std::chrono::microseconds>(whole * share(random)));
  }
  const Finished last = evaluate(folder_);
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(contents(csv()), contents(folder_.path() / "whole/grid/results.csv"));
  EXPECT_EQ(contents(folder_.path() / "output/grid/convergence.csv"),
            contents(folder_.path() / "whole/grid/convergence.csv"));
}

TEST_F(Evaluate, TwoAtOnceShareAStore) {
  ASSERT_EQ(evaluate(folder_, "whole").status, 0);
  Finished first;
  Finished second;
  {
    const std::jthread one([&] { first = evaluate(folder_); });
    const std::jthread two([&] { second = evaluate(folder_); });
  }
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(contents(csv()), contents(folder_.path() / "whole/grid/results.csv"));
}

TEST_F(Evaluate, ASecondRunComputesNothing) {
  ASSERT_EQ(evaluate(folder_).status, 0);
  const std::string before = contents(csv());
  const Finished again = evaluate(folder_);
  EXPECT_THAT(again.out, HasSubstr("were there already"));
  EXPECT_EQ(contents(csv()), before);
}

TEST_F(Evaluate, WhyPointsHaveNoAnswerFitsThePage) {
  folder_.write("jobs.yaml", "name: jobs\nmachines: dgx-h100\nmodels: llama3-70b\nnpus: 8\ntp: [3, 5, 8]\n");
  const Finished run = run_bandwright({"evaluate", "jobs.yaml"}, folder_.path());
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, HasSubstr("tensor 3 does not divide"));
  std::istringstream lines(run.err);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST_F(Evaluate, DryRunPrintsThePointsAndWritesNothing) {
  const Finished dry = run_bandwright({"evaluate", "./grid.yaml", "--dry-run"}, folder_.path());
  EXPECT_EQ(dry.status, 0);
  EXPECT_THAT(dry.out, HasSubstr("points\n"));
  EXPECT_EQ(folder_.names(), std::vector<std::string>{"grid.yaml"});
}

TEST_F(Evaluate, AFolderThatCannotBeWrittenIsNamed) {
  folder_.write("file", "");
  const Finished on_file = evaluate(folder_, "file");
  EXPECT_EQ(on_file.status, 2);
  EXPECT_THAT(on_file.err, HasSubstr("file/grid: this folder cannot be made: Not a directory"));

  const fs::path locked = folder_.path() / "locked";
  fs::create_directories(locked / "grid");
  fs::permissions(locked / "grid", fs::perms::owner_read | fs::perms::owner_exec);
  if (::access((locked / "grid").c_str(), W_OK) != 0) {  // root may write everywhere
    const Finished on_locked = evaluate(folder_, "locked");
    EXPECT_EQ(on_locked.status, 2);
    EXPECT_THAT(on_locked.err, HasSubstr("cannot be opened"));
  }
  fs::permissions(locked / "grid", fs::perms::owner_all);
}

// A file system of its own, for as long as it lives.
class SmallDisk {
 public:
  SmallDisk(fs::path folder, const char* options, unsigned long flags = 0) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", flags, options) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

TEST_F(Evaluate, AFullDiskIsAClearError) {
  const SmallDisk disk(folder_.path() / "output", "size=128k");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  const Finished run = evaluate(folder_);
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("no space is left on the disk"));
}

TEST_F(Evaluate, AReadOnlyDiskIsAClearError) {
  const SmallDisk disk(folder_.path() / "output", "size=128k", MS_RDONLY);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  const Finished run = evaluate(folder_);
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("output/grid: this folder cannot be made: Read-only file system"));
}

TEST_F(Evaluate, ADamagedStoreIsAClearError) {
  ASSERT_EQ(evaluate(folder_).status, 0);
  std::ofstream(store(), std::ios::binary) << "not a database, not even nearly: " << std::string(4096, '#');
  const Finished run = evaluate(folder_);
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err,
              HasSubstr("results.sqlite: is no SQLite database; remove it to compute the results again"));
}

TEST_F(Evaluate, FiguresRefuseACsvThatWasChangedByHand) {
  ASSERT_EQ(evaluate(folder_).status, 0);
  std::string text = contents(csv());
  text.replace(text.find("EqualBW"), 7, "EqualBX");
  std::ofstream(csv(), std::ios::binary) << text;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"plot", "grid", "fig12"}, {"report", "grid"}}) {
    const Finished run = run_bandwright(words, folder_.path());
    EXPECT_EQ(run.status, 2);
    EXPECT_THAT(run.err, HasSubstr("results.csv: differs from results.sqlite"));
    EXPECT_THAT(run.err, HasSubstr("bandwright evaluate grid"));
  }
  ASSERT_EQ(evaluate(folder_).status, 0);
  EXPECT_THAT(contents(csv()), ::testing::Not(HasSubstr("EqualBX")));
}

TEST_F(Evaluate, FiguresOfNothingSayWhatToRun) {
  const Finished run = run_bandwright({"plot", "grid", "fig12"}, folder_.path());
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run_bandwright({"plot", "smal"}, folder_.path()).err, HasSubstr("did you mean 'small'?"));
  EXPECT_THAT(run.err, HasSubstr("no results yet; run: bandwright evaluate with its file"));
}

TEST_F(Evaluate, TableSixHasTheOptimaOfThePaper) {
  const Finished run = run_bandwright({"table", "VI"}, folder_.path());
  ASSERT_EQ(run.status, 0) << run.err;
  // 4D, 325 GB/s, closed form: known optima of both models and loops, with EqualBW's time.
  EXPECT_THAT(run.out, HasSubstr("137.99  120.74  58.91  7.36"));
  EXPECT_THAT(run.out, HasSubstr("125.22  109.57  80.19  10.02"));
  EXPECT_THAT(run.out, HasSubstr("140.46  122.90  15.36  46.27"));
  EXPECT_THAT(run.out, HasSubstr("139.76  122.29  15.29  47.66"));
  for (const std::string time :
       {"750.4296", "720.0585", "230.1607", "207.8844", "783.408", "734.111", "264.077", "234.066"}) {
    EXPECT_THAT(run.out, HasSubstr(time));
  }
}

}  // namespace
}  // namespace bandwright
