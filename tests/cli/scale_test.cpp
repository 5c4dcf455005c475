// The scale commands as a user meets them: what they print, their exit status, and one line for bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Scale : public testing::Test {
 protected:
  Finished run(Words words) {
    words.insert(words.begin(), "scale");
    return run_bandwright(words, folder_.path());
  }
  nlohmann::json answer(Words words) {
    words.insert(words.end(), {"--format", "json"});
    const Finished finished = run(words);
    EXPECT_EQ(finished.status, 0) << finished.err;
    return nlohmann::json::parse(finished.out);
  }
  // Amdahl with T1 100 s and a serial part of 0.1.
  std::string amdahl_csv() const {
    return folder_.write("t.csv", "n,seconds\n1,100\n2,55\n4,32.5\n8,21.25\n16,15.625\n");
  }

  ScratchFolder folder_;
};

TEST_F(Scale, FitAnswersInJson) {
  const nlohmann::json fit = answer({"fit", amdahl_csv(), "--predict", "32"});
  EXPECT_EQ(fit["curves"][0]["law"], "amdahl");
  EXPECT_EQ(fit["laws"].size(), 2U);
  EXPECT_NEAR(fit["laws"][0]["sigma"], 0.1, 1e-9);
  for (const nlohmann::json& point : fit["points"]) {
    if (point["kind"] != "predicted") continue;
    EXPECT_NEAR(point["run_time_s"], 100 * (0.1 + 0.9 / 32), 1e-9);
  }
  EXPECT_EQ(fit["curves"][0]["pays_until"], 11);
  EXPECT_TRUE(fit["warnings"].empty());
}

TEST_F(Scale, SeveralSeriesAreAList) {
  const std::string file = folder_.write("t.csv", "series,n,seconds\na,1,4\na,2,2\nb,1,6\nb,2,4\n");
  EXPECT_EQ(answer({"fit", file})["curves"].size(), 2U);
  EXPECT_EQ(answer({"fit", file, "--series", "b"})["curves"][0]["series"], "b");
}

TEST_F(Scale, WarningsAloneExitWithZero) {
  const std::string file = folder_.write("t.csv", "nodes,images_per_sec\n1,1\n2,2\n4,4\n8,16\n");
  const Finished finished = run({"fit", file});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.out, HasSubstr("- change of regime at 8"));
}

TEST_F(Scale, NoLawExitsWithOne) {
  EXPECT_EQ(run({"fit", folder_.write("t.csv", "n,seconds\n1,10\n2,1\n")}).status, 1);
}

// The table beside each picture is there even where nothing can draw, which is quicker.
TEST_F(Scale, FilesThatAreCalledTheSameHavePicturesOfTheirOwn) {
  const std::string text = contents(amdahl_csv());
  for (const char* folder : {"a", "b", "a b"}) std::filesystem::create_directory(folder_.path() / folder);
  std::vector<std::string> files = {"runs.csv",    "a/runs.csv",    "b/runs.csv",  "a b/runs.csv",
                                    "a__runs.csv", "a-b__runs.csv", "runs.csv.csv"};
  ::setenv("BANDWRIGHT_PYTHON", "/bin/false", 1);
  for (const std::string& file : files) {
    folder_.write(file, text);
    run({"fit", file, "--plot", "--plot-folder", "pictures"});
  }
  ::unsetenv("BANDWRIGHT_PYTHON");
  std::vector<std::string> tables;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "pictures")) {
    if (entry.path().extension() == ".csv") tables.push_back(entry.path().filename().string());
  }
  EXPECT_EQ(tables.size(), files.size()) << testing::PrintToString(tables);
  EXPECT_THAT(tables, testing::Contains("scaling-fit-runs.csv"));
  EXPECT_THAT(tables, testing::Contains("scaling-fit-a__runs.csv"));
  EXPECT_THAT(tables, testing::Contains("scaling-fit-b__runs.csv"));
}

TEST_F(Scale, TrialsCountTheHeadTraffic) {
  const nlohmann::json trials =
      answer({"trials", "--jobs", "700", "--workers", "624..626+1", "--duration", "1 s"});
  EXPECT_EQ(trials["saturates_at_workers"], 625);
  EXPECT_EQ(trials["points"][0]["head_gb_per_s"], 0.1248);
  EXPECT_EQ(trials["points"][2]["head_gb_per_s"], 0.125);
  EXPECT_EQ(trials["points"][1]["makespan_s"], 2.0);
}

TEST_F(Scale, MeasureWritesWhatFitReads) {
  const std::string file = (folder_.path() / "m.csv").string();
  const Finished measured = run({"measure", "--workers", "1,2", "--repeat", "1", "--warmup", "0", "--format",
                                 "csv", "--output", file, "--", "sleep", "0.0{n}"});
  EXPECT_EQ(measured.status, 0) << measured.err;
  EXPECT_THAT(measured.err, HasSubstr("[2/2] 2 workers, run 1: "));
  EXPECT_EQ(run({"fit", file}).status, 0);
}

TEST_F(Scale, MeasureReadsTheRateThatAProgramPrints) {
  const std::string file = (folder_.path() / "r.csv").string();
  const Finished measured = run({"measure", "--workers", "1,2,4", "--repeat", "2", "--warmup", "0", "--rate",
                                 "images/sec: ([0-9.]+)", "--format", "csv", "--output", file, "--", "sh",
                                 "-c", "echo images/sec: {n}00"});
  EXPECT_EQ(measured.status, 0) << measured.err;
  const Finished fitted = run({"fit", file, "--rate", "--format", "json"});
  EXPECT_EQ(fitted.status, 0) << fitted.err;
  EXPECT_THAT(fitted.out, HasSubstr("\"value_name\": \"items_per_s\""));
}

TEST_F(Scale, MeasureNamesWhatFailed) {
  const Finished finished = run(
      {"measure", "--workers", "1,2", "--repeat", "1", "--", "sh", "-c", "echo bad luck; exit $(({n}-1))"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("bandwright: 2 workers not measured: 'sh' exit status 1: bad luck\n"));
}

TEST_F(Scale, SimulateRefusesWhatDoesNotFit) {
  const Finished finished = run(
      {"simulate", "cosmogan", "--machine", "edison", "--nodes", "1", "--strong", "--global-batch", "16384"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err,
              HasSubstr("refused by the memory check: 1 workers: a batch of 16384 needs 386.8 GB"));
}

TEST_F(Scale, SimulateSaysWhatIsOutsideTheModel) {
  const nlohmann::json curve =
      answer({"simulate", "cosmogan", "--machine", "edison", "--nodes", "1..128", "--weak", "--batch", "64"});
  EXPECT_EQ(curve["parameters"], 16408322);
  EXPECT_EQ(curve["gradient_bytes"], 65633288);
  EXPECT_THAT(curve["warnings"][0], HasSubstr("outside the model: measured 1.89x, 1.92x the one-node rate"));
}

TEST_F(Scale, SimulateDividesTransformers) {
  const nlohmann::json curve = answer({"simulate", "gpt3-175b", "--machine", "dgx-a100", "--npus", "32..512",
                                       "--strong", "--global-batch", "1536"});
  EXPECT_EQ(curve["points"].size(), 5U);
  EXPECT_EQ(curve["points"][0]["fits"], false);
  EXPECT_EQ(curve["baseline_workers"], 64);
  EXPECT_GT(curve["points"][4]["items_per_s"], curve["points"][3]["items_per_s"]);
  EXPECT_THAT(curve["points"][4]["divided_into"], HasSubstr("TP "));
}

TEST_F(Scale, BadInputGetsOneLine) {
  const std::string good = amdahl_csv();
  struct BadInput {
    Words words;
    std::string message;
  };
  const std::array lines = {
      BadInput{{"fit"}, "required"},
      BadInput{{"fit", "nowhere.csv"}, "nowhere.csv: no such file"},
      BadInput{{"fit", folder_.write("column.csv", "n,time\n1,2\n")}, "column.csv:1: no column 'seconds'"},
      BadInput{{"fit", folder_.write("negative.csv", "n,seconds\n1,-2\n")},
               "negative.csv:2: seconds: '-2' must be above 0"},
      BadInput{{"fit", folder_.write("one.csv", "n,seconds\n1,2\n")}, "one.csv: 1 point"},
      BadInput{{"fit", folder_.write("twice.csv", "n,seconds\n1,2\n1,3\n")},
               "twice.csv:3: n: 1 stands twice"},
      BadInput{{"fit", folder_.write("text.csv", "n,seconds\n1,fast\n2,1\n")},
               "text.csv:2: seconds: 'fast' is not a number"},
      BadInput{{"fit", good, "--holdout", "4"}, "holdout 4 of 5"},
      BadInput{{"fit", good, "--holdout", "-1"}, "holdout -1"},
      BadInput{{"fit", good, "--predict", "0"}, "--predict: '0'"},
      BadInput{{"fit", good, "--efficiency", "nan"}, "--efficiency"},
      BadInput{{"fit", good, "--series", "x"}, "--series: no 'x'"},
      BadInput{{"trials", "--jobs", "0", "--workers", "1", "--duration", "1 s"}, "--jobs"},
      BadInput{{"trials", "--jobs", "3", "--workers", "1", "--duration", "5"},
               "--duration: '5' is not a time"},
      BadInput{{"trials", "--jobs", "3", "--workers", "1", "--duration", "1 s", "--scheduler", "sjf"},
               "unknown scheduler 'sjf'"},
      BadInput{{"trials", "--jobs", "3", "--workers", "1", "--duration", "1 s", "--head-link", "0 GB/s"},
               "--head-link"},
      BadInput{{"trials", "--jobs", "3", "--workers", "1", "--duration", "1 s", "--grace", "200"}, "--grace"},
      BadInput{{"measure", "--workers", "1"}, "command is required"},
      BadInput{{"measure", "--workers", "none", "--", "true"}, "--workers: 'none'"},
      BadInput{{"measure", "--workers", "1", "--timeout", "0 s", "--", "true"}, "--timeout"},
      BadInput{{"measure", "--workers", "1", "--rate", "[0-9]+", "--", "true"},
               "--rate: '[0-9]+' has 0 groups"},
      BadInput{{"measure", "--workers", "1", "--threads", "many", "--", "true"}, "--threads"},
      BadInput{{"simulate", "gpt3-175b", "--machine", "dgx-a10", "--npus", "64"}, "did you mean 'dgx-a100'"},
      BadInput{{"simulate", "gpt3-175", "--machine", "edison", "--npus", "64"}, "did you mean 'gpt3-175b'"},
      BadInput{{"simulate", "gpt3-175b", "--machine", "edison", "--npus", "64"}, "no bf16 matrix units"},
      BadInput{{"simulate", "gpt3-175b", "--machine", "dgx-a100", "--npus", "64", "--tp", "7"},
               "7 does not divide 64"},
      BadInput{{"simulate", "dlrm", "--machine", "dgx-a100", "--npus", "64", "--tp", "8"},
               "--tp is for transformers"},
      BadInput{{"simulate", "cosmogan", "--machine", "edison", "--nodes", "2", "--strong"},
               "--strong needs --global-batch"},
      BadInput{
          {"simulate", "cosmogan", "--machine", "edison", "--nodes", "3", "--strong", "--global-batch", "64"},
          "does not divide by 3"},
  };
  for (const BadInput& line : lines) {
    const Finished finished = run(line.words);
    const std::string words = testing::PrintToString(line.words);
    EXPECT_EQ(finished.status, 2) << words;
    EXPECT_EQ(finished.out, "") << words;
    EXPECT_THAT(finished.err, StartsWith("bandwright: ")) << words;
    EXPECT_THAT(finished.err, HasSubstr(line.message)) << words;
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << words << finished.err;
  }
}

}  // namespace
}  // namespace bandwright
