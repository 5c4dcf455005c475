#include "scaling/measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/io/process.h"
#include "scaling/sbatch.h"

namespace bandwright {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A folder of its own for each test, gone afterwards.
class Measure : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  // Runs the plan and keeps what was told.
  std::vector<MeasuredPoint> run(const MeasurePlan& plan) {
    RunStore store(path("runs.sqlite"));
    events_.clear();
    return measure(plan, store, [&](const MeasureEvent& event) { events_.push_back(event); });
  }

  // A command that appends a line to `log`; it shows how often it ran.
  [[nodiscard]] std::vector<std::string> logging(const std::string& script) const {
    return {"sh", "-c", "echo $BANDWRIGHT_WORKERS >> " + path("log").string() + "; " + script};
  }
  [[nodiscard]] int lines_of_log() const {
    std::ifstream stream(path("log"));
    int lines = 0;
    for (std::string line; std::getline(stream, line);) ++lines;
    return lines;
  }

  std::vector<MeasureEvent> events_;

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("bandwright_measure_test_" + std::to_string(getpid()));
};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(MeasurePlanned, FillsInTheWorkerCount) {
  const MeasurePlan plan{.command = {"run_{n}", "--np={n}", "{m}"}, .workers = {8}};
  EXPECT_THAT(command_for(plan, 8), ElementsAre("run_8", "--np=8", "{m}"));
}

TEST(MeasurePlanned, ThreadsFollowWhatAWorkerIs) {
  const auto threads = [](MeasurePlan plan) { return environment_for(plan, 6); };
  EXPECT_THAT(threads({.command = {"a"}}), Contains(Pair("OMP_NUM_THREADS", "6")));
  EXPECT_THAT(threads({.command = {"a", "{n}"}}), Contains(Pair("OPENBLAS_NUM_THREADS", "1")));
  EXPECT_THAT(threads({.command = {"a", "{n}"}, .threads = 3}), Contains(Pair("MKL_NUM_THREADS", "3")));
  EXPECT_THAT(threads({.command = {"a"}, .inherit_threads = true}),
              ElementsAre(Pair("BANDWRIGHT_WORKERS", "6")));
  EXPECT_THAT(threads({.command = {"a"}, .pin = true}), Contains(Pair("OMP_PROC_BIND", "close")));
}

TEST(MeasuredPointTest, MedianAndSpread) {
  EXPECT_DOUBLE_EQ((MeasuredPoint{.seconds = {3, 1, 10}}.median()), 3);
  EXPECT_DOUBLE_EQ((MeasuredPoint{.seconds = {3, 1, 10, 4}}.median()), 3.5);
  EXPECT_DOUBLE_EQ((MeasuredPoint{.seconds = {3, 1, 10}}.spread()), 3);
}

TEST_F(Measure, WarmsUpAndRepeats) {
  const auto points = run({.command = logging("true"), .workers = {1, 2}, .repeats = 3, .warmups = 2});
  EXPECT_EQ(lines_of_log(), 2 * (2 + 3));
  ASSERT_THAT(points, SizeIs(2));
  EXPECT_THAT(points[0].seconds, SizeIs(3));
  ASSERT_THAT(events_, SizeIs(10));
  EXPECT_EQ(events_[0].number, 0);
  EXPECT_EQ(events_[9].number, 3);
  EXPECT_EQ(events_[9].done, 10);
  EXPECT_EQ(events_[9].total, 10);
}

TEST_F(Measure, SurvivesWhatFailsAndSaysWhich) {
  const auto points =
      run({.command = logging("case $BANDWRIGHT_WORKERS in 2) echo broken; exit 4;; 3) sleep 60;; esac"),
           .workers = {1, 2, 3, 4},
           .repeats = 2,
           .warmups = 0,
           .timeout = 2s});
  EXPECT_EQ(points[0].failure, "");
  EXPECT_EQ(points[1].failure, "'sh' exit status 4: broken");
  EXPECT_THAT(points[2].failure, StartsWith("'sh' timed out after 2"));
  EXPECT_EQ(points[3].failure, "");
  EXPECT_EQ(lines_of_log(), 2 + 1 + 1 + 2);  // no second try of what failed
}

// Two runs at each count print 10 n and 12 n; what the store has of them comes back as it was.
TEST_F(Measure, RatesThatArePrintedAreKept) {
  MeasurePlan plan{
      .command =
          {"sh", "-c",
           "echo images/sec: $((10 * BANDWRIGHT_WORKERS)); echo images/sec: $((12 * BANDWRIGHT_WORKERS))"},
      .workers = {1, 4},
      .repeats = 2,
      .warmups = 1,
      .rate = RatePattern("images/sec: ([0-9.]+)")};
  for (const bool again : {false, true}) {
    const auto points = run(plan);
    EXPECT_THAT(points[0].rates, ElementsAre(10, 12, 10, 12)) << again;
    EXPECT_THAT(points[1].rates, ElementsAre(40, 48, 40, 48)) << again;
    EXPECT_EQ(points[1].gpu_bytes, 0);
    EXPECT_EQ(events_.back().remembered, again);
  }
  plan.rate = RatePattern("tokens/sec: ([0-9.]+)");
  const auto points = run(plan);
  EXPECT_EQ(points[0].failure,
            "it printed nothing like 'tokens/sec: ([0-9.]+)'; its last line: images/sec: 12");
  EXPECT_THAT(points[1].rates, SizeIs(0));
}

// A program of that name in PATH stands for the driver's: 1 GiB on the fuller of two GPUs.
TEST_F(Measure, MemoryOfGpusIsWhatNvidiaSmiSays) {
  const std::string tool = path("nvidia-smi").string();
  std::ofstream(tool) << "#!/bin/sh\necho 512\necho 1024\n";
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  const std::string before = getenv("PATH");
  setenv("PATH", (path("").string() + ":" + before).c_str(), 1);
  const auto points = run({.command = {"sleep", "0.1"}, .workers = {1}, .repeats = 2, .warmups = 0});
  setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(points[0].gpu_bytes, std::int64_t{1} << 30);
  const auto without = run({.command = {"true"}, .workers = {1}, .repeats = 1, .warmups = 0});
  EXPECT_EQ(without[0].gpu_bytes, 0);
}

TEST_F(Measure, MissingCommandIsNamed) {
  const auto points = run({.command = {"./no_such_{n}"}, .workers = {1, 2}});
  EXPECT_EQ(points[1].failure, "'./no_such_2' cannot be started: No such file or directory");
}

TEST_F(Measure, ResumesWhereItStopped) {
  MeasurePlan plan{.command = logging("test ! -e " + path("stop").string()),
                   .workers = {1, 2},
                   .repeats = 2,
                   .warmups = 0};
  const auto first = run(plan);
  EXPECT_EQ(lines_of_log(), 4);
  plan.workers = {1, 2, 4};
  const auto second = run(plan);
  EXPECT_EQ(lines_of_log(), 6);  // the runs at 4 alone
  EXPECT_EQ(second[0].seconds, first[0].seconds);
  EXPECT_TRUE(events_[0].remembered);
  // A failed run is not remembered: it is tried again.
  std::ofstream(path("stop")) << "x";
  plan.workers = {8};
  EXPECT_NE(run(plan)[0].failure, "");
  std::filesystem::remove(path("stop"));
  EXPECT_EQ(run(plan)[0].failure, "");
}

TEST_F(Measure, OtherCommandsAreOtherStudies) {
  run({.command = logging("true"), .workers = {1}, .repeats = 1, .warmups = 0});
  run({.command = logging("true"), .workers = {1}, .repeats = 1, .warmups = 0, .threads = 2});
  run({.command = logging(": "), .workers = {1}, .repeats = 1, .warmups = 0});
  EXPECT_EQ(lines_of_log(), 3);
  EXPECT_NE(study_of({.command = {"a b"}}), study_of({.command = {"a", "b"}}));
}

TEST_F(Measure, StoreThatIsNoneOfOursIsRefusedAndLeftAlone) {
  const auto problem = [&](const std::filesystem::path& file) -> std::string {
    try {
      RunStore store(file);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  std::ofstream(path("text")) << std::string(5000, 'x');
  EXPECT_THAT(problem(path("text")),
              HasSubstr("text: is no SQLite database; choose another file with --store"));
  const DatabaseKind foreign{.what = "a diary", .create_tables = [](Database& diary) {
                               diary.run("CREATE TABLE entries (day TEXT)");
                             }};
  { const Database diary(path("diary"), foreign, Database::Access::Write); }
  const std::string before = bytes_of(path("diary"));
  EXPECT_THAT(problem(path("diary")), HasSubstr("diary: is not a store of measured runs"));
  EXPECT_EQ(bytes_of(path("diary")), before);
  EXPECT_NE(problem("/proc/no/such/folder/runs.sqlite"), "");
}

TEST_F(Measure, AFlippedBitIsARunThatIsMadeAgain) {
  const RunRecord run{.seconds = 12.5, .peak_bytes = 4096};
  {
    RunStore store(path("runs.sqlite"));
    store.save("study", 2, 1, run);
    ASSERT_TRUE(store.find("study", 2, 1));
  }
  const DatabaseKind ours{.what = "a store of measured runs", .application = 0x42575255, .version = 1};
  for (const char* const damage : {"seconds = 12.75", "peak_bytes = 4097", "seconds = 'fast'"}) {
    {
      Database(path("runs.sqlite"), ours, Database::Access::Write)
          .run(std::string("UPDATE scaling_runs SET ") + damage);
    }
    RunStore store(path("runs.sqlite"));
    EXPECT_FALSE(store.find("study", 2, 1)) << damage;
    store.save("study", 2, 1, run);
    EXPECT_TRUE(store.find("study", 2, 1)) << damage;
  }
}

TEST(Sbatch, AsksForTheMostWorkersAndRunsSteps) {
  const MeasurePlan plan{.command = {"./train.sh", "it's {n}"}, .workers = {1, 2, 16}, .timeout = 300s};
  const std::string script = sbatch_script(plan, {.partition = "gpu", .measure_options = {"--repeat", "3"}});
  // 3 counts x (3 runs + 1 warm-up) x 5 minutes, and one more minute.
  EXPECT_EQ(
      script,
      "#!/bin/bash\n#SBATCH --job-name=scaling\n#SBATCH --output=scaling-%j.log\n#SBATCH --requeue\n"
      "#SBATCH --ntasks=16\n#SBATCH --time=61\n#SBATCH --partition=gpu\n\n"
      "exec bandwright scale measure --resume --workers 1,2,16 --repeat 3 -- srun '--ntasks={n}' ./train.sh "
      "'it'\\''s {n}'\n");
}

TEST(Sbatch, ShapesFollowWhatAWorkerIs) {
  const MeasurePlan plan{.command = {"a"}, .workers = {2, 8}};
  EXPECT_THAT(sbatch_script(plan, {.worker = SlurmWorker::Node}),
              AllOf(HasSubstr("#SBATCH --nodes=8\n"), HasSubstr("srun '--nodes={n}' '--ntasks={n}' a")));
  EXPECT_THAT(
      sbatch_script(plan, {.worker = SlurmWorker::Cpu}),
      AllOf(HasSubstr("#SBATCH --cpus-per-task=8\n"), HasSubstr("srun --ntasks=1 '--cpus-per-task={n}' a")));
  const MeasurePlan own{.command = {"srun", "-n", "{n}", "a"}, .workers = {2}};
  EXPECT_THAT(sbatch_script(own, {}), HasSubstr("-- srun -n '{n}' a\n"));
}

TEST(Sbatch, QuotedWordsReachTheShellUnchanged) {
  for (const std::string word : {"plain", "two words", "it's", "$HOME `x` \"q\" \\", "*", "", "a\nb;c"}) {
    const ProcessResult result = run_process(
        {.command = {"sh", "-c", "test " + shell_quoted(word) + " = \"$WORD\" || test -z \"$WORD\""},
         .environment = {{"WORD", word}}});
    EXPECT_EQ(result.end, ProcessEnd::Succeeded) << word << ": " << result.describe();
  }
}

}  // namespace
}  // namespace bandwright
