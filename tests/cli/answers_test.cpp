// What holds of every command's answer: it has every format, names and units from one table, fits the page,
// and the same input gives the same bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "report/keys.h"
#include "report/layout.h"
#include "tests/cli/program.h"

namespace bandwright {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const Words gpt3_division = {"--npus", "512", "--tp", "8", "--pp", "8", "--global-batch", "64"};

// A line for each command, several where its answers differ.
std::vector<Words> lines() {
  return {
      {"optimize", "4D", "325", "175B", "Perf"},
      {"optimize", "3D", "500", "17B,175B", "PerfPerCost", "--normalize", "--step", "25"},
      extended({"optimize", "dgx-a100", "325", "gpt3-175b", "Perf"}, gpt3_division),
      {"simulate", "4D", "325", "175B", "--recompute", "full"},
      {"simulate", "Ring(8)", "--bandwidth", "50", "--collective", "all-reduce", "--size", "64MiB"},
      extended({"simulate", "dgx-a100", "gpt3-175b", "--engine", "closed"}, gpt3_division),
      extended({"estimate", "gpt3-175b", "--machine", "dgx-a100"}, gpt3_division),
      {"estimate", "llama3-8b", "--machine", "dgx-h100", "--npus", "8", "--tiers", "hbm-ddr", "--fast",
       "10 GiB", "--offload", "static"},
      {"estimate", "resnet-50", "--machine", "dgx-a100", "--npus", "64"},
      {"cost", "4D", "--bandwidth", "137.98,120.74,58.91,7.36"},
      {"evaluate", "small", "--dry-run"},
      {"evaluate", "table-vi"},
      {"table", "VI"},
      {"place", "vgg19", "--batch", "1", "--tiers", "dram-pmm", "--ratio", "4:1", "--policy", "first-touch"},
      {"scale", "fit", "t.csv", "--predict", "32"},
      {"scale", "simulate", "cosmogan", "--machine", "edison", "--nodes", "1..8"},
      {"scale", "trials", "--jobs", "16", "--workers", "1,4", "--duration", "42.85s"},
      {"check", "t.yaml"},
      {"import", "t.yaml"},
      {"export", "17B", "--npus", "4", "-o", "traces"},
      {"list"},
      {"list", "models"}};
}

class Answers : public testing::Test {
 protected:
  Answers() {
    folder_.write("t.csv", "n,seconds\n1,100\n2,55\n4,32.5\n8,21.25\n16,15.625\n");
    folder_.write("t.yaml",
                  "topology: [ Ring ]\nnpus_count: [ 8 ]\nbandwidth: [ 50.0 ]\nlatency: [ 500.0 ]\n");
  }
  [[nodiscard]] std::string answer(const Words& line, const char* format) const {
    const Finished run = run_bandwright(extended(line, {"--format", format}), folder_.path());
    EXPECT_EQ(run.status, 0) << testing::PrintToString(line) << run.err;
    return run.out;
  }
  ScratchFolder folder_;
};

// Every key that an object has, at any depth.
void collect(const json& value, std::set<std::string>& names) {
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) {
      names.insert(name);
      collect(inner, names);
    }
  } else if (value.is_array()) {
    for (const json& inner : value) collect(inner, names);
  }
}

bool is_key(const std::string& name) {
  return std::any_of(keys().begin(), keys().end(), [&](const Key& key) { return key.name == name; });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_F(Answers, JsonHasNamesOfTheTableAlone) {
  for (const Words& line : lines()) {
    const json root = json::parse(answer(line, "json"), nullptr, false);
    ASSERT_TRUE(root.is_object()) << testing::PrintToString(line);
    EXPECT_EQ(root.at("schema_version"), 2) << testing::PrintToString(line);
    std::set<std::string> names;
    collect(root, names);
    for (const std::string& name : names) EXPECT_TRUE(is_key(name)) << name << testing::PrintToString(line);
    for (const char* clock : {"wall_time_s", "engine_time_s", "solve_time_s"})
      EXPECT_EQ(names.count(clock), 0U);
  }
}

TEST_F(Answers, CsvHasThemInItsHeader) {
  for (const Words& line : lines()) {
    std::istringstream header(lines_of(answer(line, "csv")).front());
    for (std::string name; std::getline(header, name, ',');) {
      const std::size_t number = name.find_last_not_of("0123456789");
      const bool of_list = number + 1 < name.size() && name[number] == '_' && is_key(name.substr(0, number));
      EXPECT_TRUE(is_key(name) || of_list) << name << testing::PrintToString(line);
    }
  }
}

TEST_F(Answers, TextFitsThePageAndHasNoEscapes) {
  for (const Words& line : lines()) {
    for (const std::string& each : lines_of(answer(line, "text"))) {
      EXPECT_LE(width_of(each), 100U) << each << testing::PrintToString(line);
      EXPECT_EQ(each.find('\x1b'), std::string::npos) << each;
    }
  }
}

TEST_F(Answers, PagesAreWholeAndFetchNothing) {
  for (const Words& line : lines()) {
    const std::string page = answer(line, "html");
    EXPECT_TRUE(page.starts_with("<!DOCTYPE html>")) << testing::PrintToString(line);
    EXPECT_THAT(page, HasSubstr("</html>\n"));
    EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  }
}

TEST_F(Answers, TheSameInputGivesTheSameBytes) {
  for (const Words& line : lines()) {
    if (line.front() == "evaluate" && line.back() == "table-vi") continue;  // says what was there already
    for (const char* format : {"text", "json"}) {
      EXPECT_EQ(answer(line, format), answer(line, format)) << testing::PrintToString(line);
    }
  }
}

// What a command writes is none of the files that it reads, whose hashes stand at the foot of a page.
TEST_F(Answers, APageWrittenOverAnEarlierOneIsTheSame) {
  ::setenv("SOURCE_DATE_EPOCH", "0", 1);
  for (const Words& words :
       {Words{"cost", "4D", "--bandwidth", "5,5,5,5", "--html", "page.html"},
        Words{"cost", "4D", "--bandwidth", "5,5,5,5", "--format=html", "--output=page.html"}}) {
    run_bandwright(words, folder_.path());
    const std::string first = contents(folder_.path() / "page.html");
    run_bandwright(words, folder_.path());
    EXPECT_EQ(contents(folder_.path() / "page.html"), first);
    EXPECT_THAT(first, HasSubstr("made by"));
  }
  ::unsetenv("SOURCE_DATE_EPOCH");
}

TEST_F(Answers, ClocksAreForThoseWhoAsk) {
  const json timed =
      json::parse(answer({"simulate", "4D", "325", "175B", "--timing"}, "json"), nullptr, false);
  EXPECT_GT(timed.at("wall_time_s"), 0.0);
  EXPECT_GT(timed.at("engine_time_s"), 0.0);
}

TEST_F(Answers, TheVerdictIsInLineTwoAndAStatusOnlyWhereItIsRequired) {
  const Words line = extended({"estimate", "gpt3-175b", "--machine", "dgx-a100"}, gpt3_division);
  const Finished run = run_bandwright(line, folder_.path());
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(lines_of(run.out)[1], testing::StartsWith("does NOT fit: "));
  EXPECT_EQ(run_bandwright(extended(line, {"--require-fit"}), folder_.path()).status, 1);
  const Words fitting = {"estimate", "gpt-1.7b", "--npus", "8", "--require-fit"};
  EXPECT_EQ(run_bandwright(fitting, folder_.path()).status, 0);
}

// What README says of every command.
TEST_F(Answers, EveryCommandHasFormatsAndExamples) {
  const std::string help = run_bandwright({"--help"}, folder_.path()).out;
  std::vector<std::string> commands;
  bool listed = false;
  for (const std::string& line : lines_of(help)) {
    if (listed && line.size() > 2 && line[2] != ' ')
      commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    listed = listed || line.starts_with("Subcommands:");
  }
  ASSERT_GE(commands.size(), 15U) << help;
  for (const std::string& command : commands) {
    std::vector<Words> all = {{command}};
    if (command == "scale")
      all = {{"scale", "fit"}, {"scale", "simulate"}, {"scale", "trials"}, {"scale", "measure"}};
    for (const Words& each : all) {
      const std::string text = run_bandwright(extended(each, {"--help"}), folder_.path()).out;
      EXPECT_THAT(text, HasSubstr("--format")) << testing::PrintToString(each);
      EXPECT_THAT(text, HasSubstr("--output")) << testing::PrintToString(each);
      EXPECT_THAT(text, HasSubstr("Example")) << testing::PrintToString(each);
    }
  }
}

TEST_F(Answers, HelpIsACommandToo) {
  for (const Words& words : {Words{}, Words{"estimate"}, Words{"scale", "fit"}}) {
    const Finished asked = run_bandwright(extended({"help"}, words), folder_.path());
    EXPECT_EQ(asked.status, 0) << asked.err;
    EXPECT_EQ(asked.out, run_bandwright(extended(words, {"--help"}), folder_.path()).out);
  }
}

TEST_F(Answers, NamesInPagesAndTextAreText) {
  folder_.write("net.yaml",
                "name: \"<b>bold</b>\\e[31m\"\ndimensions: [{kind: Ring, npus: 8, class: Pod}]\n");
  const Words line = {"cost", "net.yaml", "--bandwidth", "5"};
  const Finished text = run_bandwright(line, folder_.path());
  if (text.status != 0) GTEST_SKIP() << text.err;  // such a name is refused already
  EXPECT_EQ(text.out.find('\x1b'), std::string::npos);
  EXPECT_THAT(answer(line, "html"), Not(HasSubstr("<b>")));
}

}  // namespace
}  // namespace bandwright
