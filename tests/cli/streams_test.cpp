#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A quick run of every command that answers, in a folder that begin() has made ready.
struct QuickRun {
  Words words;
  int status = 0;
};

class StreamsTest : public ::testing::Test {
 protected:
  StreamsTest() {
    folder_.write("times.csv", "n,seconds\n1,100\n2,52\n4,28\n8,16\n16,10\n");
    folder_.write("one.yaml",
                  "name: one\nmodels: 175B\nnetworks: 2D\nbudgets: 325 GB/s\nallocations: EqualBW\n");
  }
  [[nodiscard]] std::vector<QuickRun> runs() const {
    return {{{"optimize", "4D", "325", "175B", "Perf", "NoOverlap"}},
            {{"optimize", "4D", "325", "175B", "Perf", "NoOverlap", "--trace"}},
            {{"simulate", "4D", "325", "175B", "NoOverlap"}},
            {{"estimate", "resnet-50", "--machine", "dgx-a100", "--npus", "64"}},
            {{"cost", "4D", "--bandwidth", "137.98,120.74,58.91,7.36"}},
            {{"evaluate", "one.yaml"}},
            {{"table", "VI"}},
            {{"place", "vgg19", "--policy", "all-slow"}},
            {{"scale", "fit", "times.csv"}},
            {{"scale", "measure", "--workers", "1", "--repeat", "1", "--warmup", "0", "--", "true"}},
            {{"scale", "measure", "--workers", "1", "--repeat", "1", "--warmup", "0", "--", "false"}, 1},
            {{"check", "one.yaml"}},
            {{"export", "175B", "--format", "astra-sim-1", "-o", "out"}},
            {{"list"}},
            {{"--help"}},
            {{"--version"}},
            {{"simulate", "no-such-network", "325", "175B"}, 2},
            {{}, 2}};
  }
  ScratchFolder folder_;
};

std::string told(const QuickRun& run) {
  std::string text;
  for (const std::string& word : run.words) text += word + ' ';
  return text;
}

TEST_F(StreamsTest, MessagesThatCannotBeWrittenDecideNothing) {
  for (const QuickRun& run : runs()) {
    const Finished usual = run_bandwright(run.words, folder_.path());
    for (const Stream err : {Stream::Full, Stream::Closed}) {
      const Finished finished = run_bandwright(run.words, folder_.path(), {.err = err});
      EXPECT_EQ(finished.status, usual.status) << told(run);
    }
  }
}

TEST_F(StreamsTest, AnAnswerThatCannotBeWrittenIsOneLineAndStatusTwo) {
  for (const QuickRun& run : runs()) {
    const Finished usual = run_bandwright(run.words, folder_.path());
    for (const Stream out : {Stream::Full, Stream::Closed}) {
      const Finished finished = run_bandwright(run.words, folder_.path(), {.out = out});
      if (usual.out.empty()) {
        EXPECT_EQ(finished.status, usual.status) << told(run);
        continue;
      }
      EXPECT_EQ(finished.status, 2) << told(run);
      const std::size_t line = finished.err.find("bandwright: cannot write to standard output");
      EXPECT_NE(line, std::string::npos) << told(run) << finished.err;
      const Finished silent = run_bandwright(run.words, folder_.path(), {.out = out, .err = Stream::Full});
      EXPECT_EQ(silent.status, 2) << told(run);
    }
  }
}

TEST_F(StreamsTest, AnOutputThatCannotBeWrittenIsToldBeforeTheWork) {
  const std::string answer = (folder_.path() / "none" / "answer").string();
  const std::vector<Words> commands = {
      {"place", "vgg19", "--output", answer},
      {"place", "vgg19", "--schedule", answer},
      {"validate", "--leave-one-out", "--html", answer},
      {"simulate", "4D", "325", "175B", "--timeline", answer},
      {"scale", "measure", "--workers", "1", "--output", answer, "--", "sleep", "1000"}};
  for (const Words& words : commands) {
    const Finished finished = run_bandwright(words, folder_.path());
    EXPECT_EQ(finished.status, 2);
    EXPECT_THAT(finished.err, StartsWith("bandwright: " + answer + ": cannot be written"));
  }
  // Nobody reads this pipe: to open it would wait for ever.
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe").c_str(), 0600), 0);
  for (Words words : commands) {
    std::replace(words.begin(), words.end(), answer, std::string("pipe"));
    const Finished finished = run_bandwright(words, folder_.path());
    EXPECT_EQ(finished.status, 2);
    EXPECT_THAT(finished.err, StartsWith("bandwright: pipe: is a pipe, expected a file"));
  }
}

TEST_F(StreamsTest, AnOutputThatIsTheInputIsRefusedAndLeftAlone) {
  const std::string text = contents(folder_.path() / "times.csv");
  const Finished finished =
      run_bandwright({"scale", "fit", "times.csv", "--output", "./times.csv"}, folder_.path());
  EXPECT_EQ(finished.status, 2);
  EXPECT_THAT(finished.err, HasSubstr("./times.csv: is the input"));
  EXPECT_EQ(contents(folder_.path() / "times.csv"), text);
  EXPECT_THAT(run_bandwright({"place", "vgg19", "--schedule", "a", "--timeline", "a"}, folder_.path()).err,
              HasSubstr("would both write a"));
}

TEST_F(StreamsTest, PipesAndFoldersAsInputsDoNotBlock) {
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe.yaml").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_.path() / "folder.yaml");
  for (const std::string input : {"./pipe.yaml", "./folder.yaml"}) {
    for (const Words& words :
         {Words{"simulate", input, "325", "175B"}, Words{"scale", "fit", input}, Words{"evaluate", input},
          Words{"cost", input, "--bandwidth", "1"}, Words{"place", input}}) {
      const Finished finished = run_bandwright(words, folder_.path());
      EXPECT_EQ(finished.status, 2) << input;
      EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
      EXPECT_THAT(finished.err, HasSubstr(input)) << words[0];
    }
  }
}

TEST_F(StreamsTest, WhatIsMeasuredIsNamedSafelyAndPartitionsAreNames) {
  const Finished measured =
      run_bandwright({"scale", "measure", "--workers", "1", "--", "no\x1b[31m\nsuch"}, folder_.path());
  EXPECT_EQ(measured.status, 1);
  EXPECT_EQ((measured.out + measured.err).find('\x1b'), std::string::npos);
  EXPECT_THAT(measured.err, HasSubstr("no?[31m?such"));
  const Finished script = run_bandwright(
      {"scale", "measure", "--workers", "1", "--slurm", "--partition", "gpu\n#SBATCH --uid=0", "--", "a"},
      folder_.path());
  EXPECT_EQ(script.status, 2);
  EXPECT_EQ(script.out, "");
}

}  // namespace
}  // namespace bandwright
