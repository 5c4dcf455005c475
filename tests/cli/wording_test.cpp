// Refusals and answers that once said something beside the point: they name what was typed and what is
// wanted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::array refusals = {
    Line{{"evaluate", "small", "--engine", "foo"}, "bandwright: --engine: unknown engine 'foo'"},
    Line{{"optimize", "dgx-h100", "500", "llama3-8b", "Perf", "--npus", "1"},
         "--npus 1: one NPU has no network to divide"},
    Line{{"simulate", "dgx-h100", "500", "llama3-8b", "--npus", "1"}, "one NPU has no network to divide"},
    Line{{"estimate", "llama3-8b", "--npus", "1", "--bandwidth", "5"}, "--bandwidth: one NPU has no network"},
    Line{{"cost", "Ring(0)", "--bandwidth", "1"}, "NPUs of Ring(0): '0' is not a whole number from 2 to "},
    Line{{"optimize", "4D", "325", "17B,1T", "Perf", "--weights", "1"}, "--weights: 1 weights for 2 models"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--budget", "300"},
         "<BW> is given twice: '300' by an option, and '325'"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--model", "17B"},
         "<Workload> is given twice: '17B' by an option, and '175B'"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "--target", "Perf"}, "<Target> is given twice"},
    Line{{"simulate", "4D", "300", "--bandwidth", "1,2,3,4", "175B"},
         "--bandwidth and the budget '300': one or the other"},
    Line{{"simulate", "dgx-a100", "300", "gpt-1.7b", "--npus", "16", "--bandwidth", "1,2"},
         "--bandwidth and the budget '300': one or the other"},
    Line{{"simulate", "4D", "300", "--budget", "200", "175B"}, "the budget is given twice: '200' and '300'"},
    Line{{"list", "foo"}, "bandwright list shows all)"},
};

TEST(Wording, RefusalsNameWhatWasTyped) { expect_each_refused(refusals); }

// What is an input of another kind is said to be one, and what only adds to a word is what was meant.
const std::array other_kinds = {
    Line{{"plan", "dgx-h100"}, "missing <model>: bandwright plan <model> [<machine>]"},
    Line{{"cost", "dgx-h100", "--bandwidth", "1"}, "is a machine: it needs the number of its NPUs"},
    Line{{"estimate", "llama3-8b", "--machine", "h100-sxm", "--npus", "8"}, "which is an NPU"},
    Line{{"simulate", "dgx-h100", "llama3-70b"},
         "is a machine: bandwright simulate <machine> <model> --npus N"},
    Line{{"simulate", "llama3-70b", "dgx-h100"}, "unknown network 'llama3-70b', which is a transformer"},
    Line{{"optimize", "h100", "325", "175B", "Perf"}, "did you mean the machine 'dgx-h100'?"},
    Line{{"simulate", BANDWRIGHT_MACHINE, "325", "175B"}, "is a machine: it needs the number of its NPUs"},
    Line{{"plan", "resnet-50", "dgx-h100", "--npus", "64"},
         "unknown model 'resnet-50', which is a network on images"},
    Line{{"simulate", "4D", "325", "resnet-50"}, "resnet-50 is a network on images: it needs a machine"},
    Line{{"plot", "pareto", "runs.csv"}, "'pareto' is a figure; the order is bandwright plot <experiment>"},
    Line{{"plot", "fig12", "full"}, "'fig12' is a figure; the order is bandwright plot <experiment>"},
    Line{{"check", "--schema", "machin"}, "did you mean 'machine'"},
};

// What machines and libraries were called.
TEST(Wording, SystemIsAMachineOrALibraryInNoHelp) {
  const ScratchFolder folder;
  for (const char* const command :
       {"estimate", "simulate", "optimize", "plan", "place", "check", "scale simulate", "calibrate"}) {
    Words help = {command, "--help-all"};
    if (std::string(command) == "scale simulate") help = {"scale", "simulate", "--help-all"};
    const Finished run = run_bandwright(help, folder.path());
    EXPECT_EQ(run.status, 0) << command;
    EXPECT_THAT(run.out, Not(HasSubstr("--system"))) << command;
  }
  const Words size = {"--npus", "64", "--tp", "8"};
  for (const Words& line : {Words{"estimate", "llama3-8b"}, Words{"scale", "simulate", "llama3-8b"},
                            Words{"simulate", "--engine", "closed", "--model", "llama3-8b"}}) {
    EXPECT_EQ(json_answer(extended(extended(line, size), {"--system", "dgx-h100"}), folder),
              json_answer(extended(extended(line, size), {"--machine", "dgx-h100"}), folder));
  }
  const Words gradients = {"simulate", "2D", "300", "--collective", "all-reduce", "--size", "1 MB"};
  const nlohmann::json answer = json_answer(extended(gradients, {"--library", "astra1"}), folder);
  EXPECT_EQ(json_answer(extended(gradients, {"--system", "astra1"}), folder), answer);
  EXPECT_NE(json_answer(gradients, folder), answer);
}

TEST(Wording, NamesOfOtherKindsAreSaidToBeTheirs) { expect_each_refused(other_kinds); }

TEST(Wording, AMachinesUnknownConstantsAreRefusedWithTheirLine) {
  const ScratchFolder folder;
  std::ostringstream text;
  text << std::ifstream(BANDWRIGHT_MACHINE).rdbuf();
  for (const auto& [key, where, kind] : {std::array{"constants", "npu.constants", "NPU kind"},
                                         std::array{"fabric", "dimensions[0].fabric", "fabric"}}) {
    std::string changed = text.str();
    const std::size_t value = changed.find(std::string(key) + ": ") + std::string(key).size() + 2;
    changed.insert(value, "x");
    const auto line =
        1 + std::count(changed.begin(), changed.begin() + static_cast<std::ptrdiff_t>(value), '\n');
    folder.write("mine.yaml", changed);
    expect_refused(
        run_bandwright({"estimate", "gpt-1.7b", "--machine", "mine.yaml", "--npus", "8"}, folder.path()),
        "mine.yaml:" + std::to_string(line) + ": " + where + ": no fitted constants of " + kind + " 'x");
  }
}

TEST(Wording, OneNpuHasNoNetwork) {
  const ScratchFolder folder;
  const Finished run = run_bandwright({"simulate", "dgx-h100", "gpt-1.7b", "--npus", "1"}, folder.path());
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("1 NPU without a network\n"));
}

TEST(Wording, ACurveWithoutAPointHasNoEfficiency) {
  const ScratchFolder folder;
  const Finished run = run_bandwright(
      {"scale", "simulate", "llama3-8b", "--machine", "dgx-h100", "--npus", "1"}, folder.path());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out, Not(HasSubstr("efficiency ")));
}

TEST(Wording, WhatIsRequiredHasNoDefault) {
  const ScratchFolder folder;
  for (const char* command : {"simulate", "trials", "measure", "fit"}) {
    std::istringstream help(run_bandwright({"scale", command, "--help"}, folder.path()).out);
    for (std::string line; std::getline(help, line);) {
      if (line.find("REQUIRED") == std::string::npos) continue;
      EXPECT_THAT(line, Not(HasSubstr("=")));
    }
  }
}

// Every command of the program, also those of `scale`.
std::vector<std::vector<std::string>> every_command(const ScratchFolder& folder) {
  std::vector<std::vector<std::string>> commands;
  for (const std::string group : {"", "scale"}) {
    std::vector<std::string> words = {"--help"};
    if (!group.empty()) words.insert(words.begin(), group);
    std::istringstream help(run_bandwright(words, folder.path()).out);
    bool listed = false;
    for (std::string line; std::getline(help, line);) {
      const bool named = listed && line.size() > 2 && line[2] != ' ';
      listed = listed || line == "Subcommands:";
      if (!named) continue;
      const std::string name = line.substr(2, line.find(' ', 2) - 2);
      commands.push_back(group.empty() ? std::vector{name} : std::vector{group, name});
    }
  }
  return commands;
}

// `--help` fits a screen and names what `--help-all` explains.
TEST(Wording, HelpHasTwoLayers) {
  const ScratchFolder folder;
  const auto commands = every_command(folder);
  ASSERT_GE(commands.size(), 20U);
  for (std::vector<std::string> words : commands) {
    SCOPED_TRACE(testing::PrintToString(words));
    words.emplace_back("--help");
    const std::string brief = run_bandwright(words, folder.path()).out;
    words.back() = "--help-all";
    const std::string whole = run_bandwright(words, folder.path()).out;
    EXPECT_LE(std::count(brief.begin(), brief.end(), '\n'), 32);
    EXPECT_THAT(brief, HasSubstr("Usage: bandwright"));
    for (const std::string& text : {brief, whole}) {
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 100U) << line;
        EXPECT_FALSE(std::regex_search(line, std::regex("[a-z]\\?[a-z]"))) << line;  // a line's end, unread
      }
    }
  }
}

// Headings, the main options first.
TEST(Wording, LongHelpIsGrouped) {
  const ScratchFolder folder;
  for (const char* command : {"optimize", "simulate", "estimate"}) {
    const std::string help = run_bandwright({command, "--help-all"}, folder.path()).out;
    const std::size_t main = help.find("\nOptions:");
    EXPECT_LT(main, help.find("\nFiner points of real models:")) << command;
    EXPECT_LT(help.find("\nFiner points of real models:"), help.find("\nOutput:")) << command;
    EXPECT_THAT(help, HasSubstr("\nTwo memories (with --tiers):")) << command;
  }
}

TEST(Wording, CsvOfAnOptimumHasTheAnswerInFrontOfEachDimension) {
  const ScratchFolder folder;
  const std::string csv =
      run_bandwright({"optimize", "2D", "300", "17B,175B", "Perf", "--step", "25", "--format", "csv"},
                     folder.path())
          .out;
  EXPECT_THAT(
      csv.substr(0, csv.find('\n')),
      StartsWith(
          "network,machine,target,loop,library,budget_gb_per_s,step_time_s,equal_step_time_s,speedup,"));
}

}  // namespace
}  // namespace bandwright
