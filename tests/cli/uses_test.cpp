// Who takes a kind of file, as `check`, refusals and the input reference say it: every command that is named
// takes a shipped one, and every command with an option for it is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/input_kinds.h"
#include "core/io/paths.h"
#include "tests/cli/program.h"

namespace bandwright {
namespace {

using testing::HasSubstr;

// A shipped file of the kind and a command that takes it; FILE stands for the file.
struct NamedUse {
  std::string_view kind;
  std::string_view file;
  Words line;
};

Words sweep_of(const Words& keys) { return extended({std::string(experiments_as_user)}, keys); }

const Words division = {"--npus", "16", "--tp", "8"};
const Words on_machine = extended({"dgx-h100"}, division);
const Words closed = {"--engine", "closed"};
const Words divided = extended(extended({"llama3-8b"}, on_machine), closed);

const std::vector<NamedUse> named_uses = {
    {"network", "networks/2d.yaml", {"simulate", "FILE", "300", "17B"}},
    {"network", "networks/2d.yaml", {"optimize", "FILE", "300", "17B", "Perf"}},
    {"network", "networks/2d.yaml", {"cost", "FILE", "--bandwidth", "250,50"}},
    {"network", "fabrics/two-leaves.yaml", {"network", "FILE"}},
    {"network",
     "fabrics/two-leaves.yaml",
     {"share", "FILE", "--job", "name: a; at: npu[0:2]; collective: all-reduce; size: 1 MiB"}},
    {"network", "networks/2d.yaml", sweep_of({"networks: FILE", "models: 17B", "budgets: 300 GB/s"})},
    {"layer-table", "models/tables/17b.yaml", {"simulate", "2D", "300", "FILE"}},
    {"layer-table", "models/tables/17b.yaml", {"optimize", "2D", "300", "FILE", "Perf"}},
    {"layer-table", "models/tables/dlrm.yaml", {"estimate", "FILE", "dgx-a100", "--npus", "64"}},
    {"layer-table",
     "models/tables/dlrm.yaml",
     {"scale", "simulate", "FILE", "--machine", "dgx-a100", "--npus", "64"}},
    {"layer-table", "models/tables/17b.yaml", {"export", "FILE", "--npus", "8", "-o", "traces"}},
    {"layer-table", "models/tables/17b.yaml",
     sweep_of({"networks: 2D", "models: FILE", "budgets: 300 GB/s"})},
    {"transformer", "models/transformers/llama3-8b.yaml", extended({"estimate", "FILE"}, on_machine)},
    {"transformer", "models/transformers/llama3-8b.yaml", {"plan", "FILE", "dgx-h100", "--npus", "8"}},
    {"transformer", "models/transformers/llama3-8b.yaml",
     extended(extended({"simulate", "FILE"}, on_machine), closed)},
    {"transformer", "models/transformers/llama3-8b.yaml",
     extended({"optimize", "dgx-h100", "300", "FILE", "Perf"}, division)},
    {"transformer",
     "models/transformers/llama3-8b.yaml",
     {"place", "FILE", "--machine", "dgx-h100", "--tp", "4", "--tiers", "hbm-ddr", "--fast", "20 GiB",
      "--policy", "static"}},
    {"transformer",
     "models/transformers/llama3-8b.yaml",
     {"scale", "simulate", "FILE", "--machine", "dgx-h100", "--npus", "8", "--tp", "8"}},
    {"transformer",
     "models/transformers/llama3-8b.yaml",
     {"calibrate", "dgx-h100", "--model", "FILE", "--npus", "8", "--tp", "8", "--step", "1", "-o",
      "new.yaml"}},
    {"transformer", "models/transformers/llama3-8b.yaml",
     sweep_of({"machines: dgx-h100", "models: FILE", "npus: 16", "tp: 8"})},
    {"image-network", "models/images/resnet-50.yaml", {"estimate", "FILE", "dgx-a100", "--npus", "8"}},
    {"image-network", "models/images/resnet-50.yaml",
     extended({"simulate", "dgx-a100", "FILE", "--npus", "8"}, closed)},
    {"image-network",
     "models/images/resnet-50.yaml",
     {"optimize", "dgx-a100", "300", "FILE", "Perf", "--npus", "16"}},
    {"image-network", "models/images/vgg19.yaml", {"place", "FILE", "--policy", "all-slow"}},
    {"image-network",
     "models/images/resnet-50.yaml",
     {"scale", "simulate", "FILE", "--machine", "dgx-a100", "--npus", "8"}},
    {"image-network", "models/images/resnet-50.yaml",
     sweep_of({"machines: dgx-a100", "models: FILE", "npus: 16"})},
    {"machine", "machines/dgx-h100.yaml", extended({"estimate", "FILE", "llama3-8b"}, division)},
    {"machine", "machines/dgx-h100.yaml", {"plan", "llama3-8b", "FILE", "--npus", "8"}},
    {"machine", "machines/dgx-h100.yaml",
     extended(extended({"simulate", "FILE", "llama3-8b"}, division), closed)},
    {"machine", "machines/dgx-h100.yaml",
     extended({"optimize", "FILE", "300", "llama3-8b", "Perf"}, division)},
    {"machine",
     "machines/dgx-h100.yaml",
     {"place", "llama3-8b", "FILE", "--tp", "4", "--tiers", "hbm-ddr", "--fast", "20 GiB", "--policy",
      "static"}},
    {"machine",
     "machines/dgx-h100.yaml",
     {"scale", "simulate", "llama3-8b", "FILE", "--npus", "8", "--tp", "8"}},
    {"machine", "machines/dgx-h100.yaml", {"cost", "FILE", "--npus", "16"}},
    {"machine",
     "machines/dgx-h100.yaml",
     {"calibrate", "FILE", "--model", "llama3-8b", "--npus", "8", "--tp", "8", "--step", "1", "-o",
      "new.yaml"}},
    {"machine", "machines/dgx-h100.yaml",
     sweep_of({"machines: FILE", "models: llama3-8b", "npus: 16", "tp: 8"})},
    {"npu", "npus/h100-sxm.yaml", {"plan", "llama3-8b", "--npu", "FILE", "--npus", "8", "--budget", "500"}},
    {"npu",
     "npus/h100-sxm.yaml",
     {"simulate", "LeafSpine(2x8, bandwidth 50)", "llama3-8b", "--npu", "FILE", "--npus", "16", "--tp", "8"}},
    {"npu",
     "npus/h100-sxm.yaml",
     {"optimize", "LeafSpine(2x8, bandwidth 50)", "50", "llama3-8b", "Perf", "--npu", "FILE", "--npus", "16",
      "--tp", "8"}},
    {"library", "libraries/astra1.yaml", {"simulate", "2D", "300", "17B", "--library", "FILE"}},
    {"library",
     "libraries/astra1.yaml",
     {"optimize", "2D", "300", "Perf", "--collective", "all-reduce", "--size", "1 GiB", "--library", "FILE"}},
    {"library", "libraries/astra1.yaml",
     sweep_of({"networks: 2D", "models: 17B", "budgets: 300 GB/s", "libraries: FILE"})},
    {"prices", "prices/ispass.yaml", {"cost", "2D", "--bandwidth", "250,50", "--prices", "FILE"}},
    {"prices", "prices/ispass.yaml", {"network", "LeafSpine(2x8, bandwidth 50)", "--prices", "FILE"}},
    {"prices", "prices/ispass.yaml", {"simulate", "2D", "300", "17B", "--prices", "FILE"}},
    {"prices", "prices/ispass.yaml", {"optimize", "2D", "300", "17B", "PerfPerCost", "--prices", "FILE"}},
    {"prices",
     "prices/ispass.yaml",
     {"plan", "llama3-8b", "--npu", "h100-sxm", "--npus", "8", "--budget", "$1M", "--prices", "FILE"}},
    {"prices", "prices/ispass.yaml",
     sweep_of({"networks: 2D", "models: 17B", "budgets: 300 GB/s", "prices: FILE"})},
    {"tiers", "tiers/hbm-ddr.yaml", {"place", "vgg19", "--policy", "all-slow", "--tiers", "FILE"}},
    {"tiers", "tiers/hbm-ddr.yaml", extended({"estimate", "llama3-8b", "--tiers", "FILE"}, on_machine)},
    {"tiers", "tiers/hbm-ddr.yaml", extended({"simulate", "--tiers", "FILE"}, divided)},
    {"tiers", "tiers/hbm-ddr.yaml",
     extended({"optimize", "dgx-h100", "300", "llama3-8b", "Perf", "--tiers", "FILE"}, division)},
    {"tiers", "tiers/hbm-ddr.yaml",
     sweep_of({"machines: dgx-h100", "models: llama3-8b", "npus: 16", "tp: 8", "tiers: FILE"})},
    {"experiment", "experiments/small.yaml", {"evaluate", "FILE"}},
    {"experiment", "experiments/small.yaml", {"report", "FILE"}},
    {"experiment", "experiments/small.yaml", {"plot", "FILE", "fig12"}},
    {"space", "spaces/llama3-70b-on-h100.yaml", {"plan", "FILE"}},
    {"hardware",
     "hardware/usual.yaml",
     {"plan", "llama3-8b", "--npu", "h100-sxm", "--npus", "8", "--budget", "$1M", "--hardware", "FILE"}},
    {"shares", "allocations/published.yaml",
     sweep_of(
         {"networks: 2D", "models: 17B", "budgets: 300 GB/s", "allocations: PerfOptBW", "sources: FILE"})},
};

// "scale simulate", whose two words are one command.
std::string command_of(const Words& line) { return line[0] == "scale" ? line[0] + " " + line[1] : line[0]; }

std::string with_file(std::string word, const std::string& file) {
  const std::size_t at = word.find("FILE");
  return at == std::string::npos ? word : word.replace(at, 4, file);
}

Finished run_use(const NamedUse& use, const ScratchFolder& folder) {
  const std::string file = inputs_folder() / use.file;
  Words words;
  for (const std::string& word : use.line) words.push_back(with_file(word, file));
  if (words[0] != experiments_as_user) return run_bandwright(words, folder.path());
  std::string text = "name: sweep\n";
  for (std::size_t i = 1; i < words.size(); ++i) text += words[i] + "\n";
  return run_bandwright({"evaluate", folder.write("sweep.yaml", text)}, folder.path());
}

// Figures need a Python that draws; that they are asked for is all.
bool took(const Finished& run, const NamedUse& use) {
  return run.status == 0 || (use.line[0] == "plot" && run.status == 3);
}

TEST(Uses, EveryCommandThatIsNamedTakesAShippedFile) {
  const ScratchFolder folder;
  for (const NamedUse& use : named_uses) {
    const Finished run = run_use(use, folder);
    EXPECT_TRUE(took(run, use)) << use.kind << ": " << testing::PrintToString(use.line) << '\n' << run.err;
  }
}

TEST(Uses, AreTheOnesThatAreNamed) {
  std::map<std::string_view, std::set<std::string>> played;
  for (const NamedUse& use : named_uses) played[use.kind].insert(command_of(use.line));
  for (const InputKind& kind : input_kinds()) {
    std::set<std::string> named;
    for (const InputUse& use : kind.uses) {
      if (use.command == machine_files_as_user) continue;  // every shipped machine names an NPU
      EXPECT_TRUE(named.emplace(use.command).second) << kind.name << ": " << use.command;
      const auto line = std::find_if(named_uses.begin(), named_uses.end(), [&](const NamedUse& each) {
        return each.kind == kind.name && command_of(each.line) == use.command;
      });
      ASSERT_NE(line, named_uses.end()) << kind.name << ": " << use.command;
      // The file stands where the words say.
      const auto at = std::find_if(line->line.begin(), line->line.end(), [](const std::string& word) {
        return word.find("FILE") != std::string::npos;
      });
      ASSERT_NE(at, line->line.end());
      if (use.how.starts_with("with --") && use.how != "with --npus") {
        EXPECT_EQ(use.how.substr(5), *std::prev(at)) << kind.name << ": " << use.command;
      }
      if (use.command == experiments_as_user) {
        EXPECT_EQ(use.how, "in `" + at->substr(0, at->find(':')) + "`");
      }
    }
    EXPECT_EQ(named, played[kind.name]) << kind.name;
    EXPECT_FALSE(use_text(kind).empty()) << kind.name;
  }
}

// What --help-all explains as "--tiers TIERS" takes a file of tiers.
TEST(Uses, CommandsWithAnOptionForAKindAreNamed) {
  const std::map<std::string, std::string_view> options = {{"--machine MACHINE", "machine"},
                                                           {"--library LIBRARY", "library"},
                                                           {"--prices PRICES", "prices"},
                                                           {"--tiers TIERS", "tiers"},
                                                           {"--npu NPU", "npu"},
                                                           {"--hardware HARDWARE", "hardware"}};
  const ScratchFolder folder;
  for (const Words& command : {Words{"estimate"},
                               {"plan"},
                               {"simulate"},
                               {"optimize"},
                               {"place"},
                               {"cost"},
                               {"network"},
                               {"share"},
                               {"scale", "simulate"},
                               {"calibrate"},
                               {"export"},
                               {"evaluate"},
                               {"validate"}}) {
    const Finished help = run_bandwright(extended(command, {"--help-all"}), folder.path());
    ASSERT_EQ(help.status, 0);
    for (const auto& [option, kind] : options) {
      if (help.out.find("  " + option) == std::string::npos) continue;
      const auto uses = input_kind(kind).uses;
      EXPECT_TRUE(std::any_of(uses.begin(), uses.end(),
                              [&](const InputUse& use) { return use.command == command_of(command); }))
          << option << " of " << command_of(command);
    }
  }
}

TEST(Uses, AreWhatCheckSays) {
  const ScratchFolder folder;
  const auto use_of = [&](const std::string& file) {
    return json_answer({"check", (inputs_folder() / file).string()}, folder).at("use").get<std::string>();
  };
  EXPECT_EQ(use_of("libraries/astra1.yaml"),
            "`simulate` and `optimize` take it with --library, experiments in `libraries`");
  EXPECT_EQ(use_of("hardware/usual.yaml"), "`plan` takes it with --hardware");
  EXPECT_EQ(use_of("allocations/published.yaml"), "experiments take it in `sources`");
  EXPECT_THAT(use_of("link_limits.csv"), HasSubstr("figures"));
  EXPECT_THAT(use_of("step_errors.csv"), HasSubstr("`validate --step-errors` writes it"));
  EXPECT_THAT(use_of("measurements/training_steps.csv"), HasSubstr("`validate --data FOLDER`"));
}

}  // namespace
}  // namespace bandwright
