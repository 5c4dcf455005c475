// Whatever is wrong with the command line or a file, the answer is one line on standard error and exit
// status 2, and nothing is written. Rows are added here as commands and inputs appear.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "tests/cli/refusal.h"

namespace bandwright {
namespace {

using testing::IsEmpty;
using testing::StartsWith;

const std::array command_lines = {
    Line{{"optimise"}, "unknown command 'optimise'"},
    Line{{"--verion"}, "did you mean '--version'?"},
    Line{{""}, ""},
    Line{{"\xff\n"}, "unknown"},
    Line{{std::string(100'000, 'x')}, "unknown"},
    Line{{"place"}, "give either a network or --kernels FILE"},
    Line{{"place", "vgg20"}, "did you mean 'vgg19'?"},
    Line{{"place", "vgg19", "--batch", "0"}, "--global-batch: '0' is not a whole number"},
    Line{{"place", "vgg19", "--tiers", "dram"}, "unknown tiers 'dram'"},
    Line{{"place", "vgg19", "--ratio", "8"}, "--ratio: '8' is not a ratio slow:fast such as 8:1"},
    Line{{"place", "vgg19", "--ratio", "0:0"}, "both sides are 0"},
    Line{{"place", "vgg19", "--ratio", "nan:1"}, "--ratio: 'nan' is not a number"},
    Line{{"place", "vgg19", "--ratio", "8:1", "--fast", "1 GB"}, "give one of --ratio, --fast and --sweep"},
    Line{{"place", "vgg19", "--fast", "60"}, "--fast: '60' is not a size"},
    Line{{"place", "vgg19", "--fast", "1 TB"}, "--fast: 1 TB is more than the 192 GB of DRAM"},
    Line{{"place", "vgg19", "--policy", "best"}, "--policy: unknown policy 'best'"},
    Line{{"place", "vgg19", "--gap", "-1"}, "--gap: '-1' is out of range"},
    Line{{"place", "vgg19", "--time-limit", "soon"}, "--time-limit: 'soon' is not a time"},
    Line{{"place", "vgg19", "--schedule", "s.csv"}, "--schedule and --timeline need one --policy"},
    Line{{"place", "--kernels", "no.csv"}, "no.csv"},
    Line{{"place", "llama3-70b", "--tp", "8"}, "a transformer needs --machine"},
    Line{{"place", "llama3-70b", "--machine", "dgx-h100", "--tp", "7"}, "tensor 7 does not divide"},
    Line{{"place", "llama3-70b", "--machine", "dgx-h10", "--tp", "8"}, "did you mean 'dgx-h100'"},
    Line{{"simulate", "4D"}, "missing arguments"},
    Line{{"simulate", "3D", "500", "--collective", "all-reduce"}, "--collective needs --size"},
    Line{{"simulate", "3D", "500", "--collective", "all-reduce", "--size", "0B"}, "a collective of 0 B"},
    Line{{"simulate", "3D", "500", "--collective", "all-reduce", "--size", "4611686018427387904B"},
         "out of range: expected 0 to 1 PiB"},
    Line{{"simulate", "3D", "500", "--collective", "all-reduce", "--size", "1MB", "--chunks", "0"},
         "--chunks: '0' is not a whole number from 1 to 65536"},
    Line{{"simulate", "3D", "500", "--collective", "all-reduce", "--size", "1MB", "--scheduler", "foo"},
         "unknown chunk scheduler 'foo'"},
    Line{{"simulate", "3D", "500", "--collective", "all-reduce", "--size", "1MB", "--library", "nope"},
         "unknown library 'nope'"},
    Line{{"simulate", "Ring(4)", "100", "175B", "NoOverlap"}, "TP group of 16 NPUs"},
    Line{{"cost"}, "missing <network>: bandwright cost <network> [<budget>]"},
    Line{{"scale"}, "A subcommand is required (see bandwright scale --help)"},
    Line{{"scale", "fit"}, "file is required (see bandwright scale fit --help)"},
    Line{{"cost", "4D"}, "missing budget: --budget, or --bandwidth of each dimension"},
    Line{{"plan", "llama3-8b", "dgx-h100", "512"}, "unknown argument '512': the machine is dgx-h100"},
    Line{{"plan", "--npus", "512"}, "missing <model>: bandwright plan <model> [<machine>] --npus N"},
    Line{{"plan", "dgx-h100", "--npus", "512"},
         "missing <model>: bandwright plan <model> [<machine>] --npus N"},
    Line{{"estimate", "dgx-h1000", "llama3-8b", "--npus", "8"}, "unknown machine 'dgx-h1000'; did you mean"},
    Line{{"estimate", "dgx-h100", "llama3-8bb", "--npus", "8"}, "unknown model 'llama3-8bb'; did you mean"},
    Line{{"simulate", "llama3-8b", "dgx-h1000", "--npus", "8"}, "unknown machine 'dgx-h1000'; did you mean"},
    Line{{"estimate", "dgx-h100", "gpt3-175b", "--npus", "8", "--machine", "dgx-a100"},
         "unknown argument 'dgx-h100': the machine is dgx-a100"},
    Line{{"cost", "5D", "--bandwidth", "1"}, "unknown network '5D'"},
    Line{{"network", "FatTre(64)"}, "unknown network 'FatTre'; did you mean 'FatTree'?"},
    Line{{"simulate", "LeafSpin(4x8)", "--bandwidth", "50", "--collective", "all-reduce", "--size", "1MB"},
         "did you mean 'LeafSpine'?"},
    Line{{"simulate", "Rng(8)", "--bandwidth", "50", "--collective", "all-reduce", "--size", "1MB"},
         "unknown dimension kind 'Rng'; did you mean 'Ring'?"},
    Line{{"cost", "2D", "--bandwidth", "1,2,3"}, "3 bandwidths for the 2 dimensions"},
    Line{{"cost", "2D", "--bandwidth", "1,"}, "--bandwidth: '' is not a number"},
    Line{{"cost", "2D", "--bandwidth", "1,nan"}, "--bandwidth: 'nan' is not a number"},
    Line{{"cost", "2D", "--bandwidth", "1,-1"}, "--bandwidth: '-1' is"},
    Line{{"cost", "2D", "--bandwidth", "1,1e308"}, "--bandwidth: '1e308' is"},
    Line{{"cost", "2D", "--bandwidth", "1,one"}, "--bandwidth: 'one' is not a number"},
    Line{{"cost", "2D", "--bandwidth"}, "--bandwidth"},
    Line{{"cost", "2D", "more", "--bandwidth", "1,2"}, "unknown argument 'more'"},
    Line{{"cost", "Ring(1)", "--bandwidth", "1"}, ""},
    Line{{"cost", "Ring(-4)", "--bandwidth", "1"}, ""},
    Line{{"cost", "Ring(99999999999999999999)", "--bandwidth", "1"}, ""},
    Line{{"cost", "Ring(4)_", "--bandwidth", "1"}, ""},
    Line{{"cost", "Rign(4)", "--bandwidth", "1"}, "did you mean 'Ring'?"},
    Line{{"cost", "Ring(4)", "--bandwidth", "1", "--classes", "Tille"}, "no price for: Tille link"},
    Line{{"cost", "2D", "--bandwidth", "1,2", "--prices", "cheap"}, "unknown price list 'cheap'"},
    Line{{"cost", "2D", "--bandwidth", "1,2", "--format", "xml"}, "xml"},
    Line{{"cost", "2D", "--bandwidth", "1,2", "--output", "/no/such/folder/file"}, "/no/such/folder/file"},
    Line{{"cost", "2D", "--bandwidth", "1,2", "--output", "/dev/full"}, "/dev/full"},
    Line{{"cost", "no such.yaml", "--bandwidth", "1"}, "no such.yaml"},
    Line{{"cost", "/", "--bandwidth", "1"}, "/"},
    Line{{"list", "networks", "more"}, ""},
    Line{{"scale"}, ""},
    Line{{"list", "modles"}, "did you mean 'models'?"},
    Line{{"optimize"}, "missing <Network>"},
    Line{{"optimize", "4D"}, "missing <BW>"},
    Line{{"optimize", "4D", "325"}, "missing <Workload>"},
    Line{{"optimize", "4D", "325", "175B"}, "missing <Target>"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "NoOverlap", "more"}, "unknown argument 'more'"},
    Line{{"optimize", "4D", "--budget", "325", "175B", "Perf", "NoOverlap", "more"},
         "unknown argument 'more'"},
    Line{{"optimize", "4D", "325", "175B", "Prf"}, "did you mean 'Perf'?"},
    Line{{"optimize", "4D", "325", "175B", "Perf", "Overlapp"}, "did you mean 'Overlap'?"},
    Line{{"optimize", "4D", "325", "157B", "Perf"}, "unknown model '157B'; did you mean"},
    Line{{"optimize", "4D", "325", "175B,", "Perf"}, "unknown model ''"},
    Line{{"optimize", "Ring(4)_Switch(10)", "325", "175B", "Perf"}, "TP group of 16 NPUs does not divide"},
    Line{{"optimize", "Ring(4)", "325", "175B", "Perf"}, "TP"},
    Line{{"optimize", "4D", "0", "175B", "Perf"}, "budget: '0' is not above 0"},
    Line{{"optimize", "4D", "-5", "175B", "Perf"}, "'-5'"},
    Line{{"optimize", "4D", "nan", "175B", "Perf"}, "budget: 'nan' is not a number"},
    Line{{"optimize", "4D", "1e308", "175B", "Perf"}, "budget: '1e308' is out of range"},
    Line{{"optimize", "4D", "325 GB", "175B", "Perf"}, "budget: '325 GB' is not"},
    Line{{"optimize", "4D", "$0", "175B", "Perf"}, "a budget of $0"},
    Line{{"optimize", "4D", "$-1", "175B", "Perf"}, "budget: '$-1' is out of range"},
    Line{{"optimize", "4D", "$lots", "175B", "Perf"}, "budget: '$lots' is not an amount"},
    Line{{"optimize", "4D", "325", "17B,1T", "Perf", "--weights", "1"}, "1 weights for 2 models"},
    Line{{"optimize", "4D", "325", "17B,1T", "Perf", "--weights", "1,0"}, "a weight of 0"},
    Line{{"optimize", "4D", "325", "17B,1T", "Perf", "--weights", "1,nan"},
         "--weights: 'nan' is not a number"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--constraint", "b1 >= b7"}, "there is no dimension b7"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--constraint", " "}, "a term is missing"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--step", "0"}, "--step: '0' is not above 0"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--step", "1e-300"}, "step"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--solver", "adm"}, "unknown solver 'adm'"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--tables", "merged"}, "unknown tables 'merged'"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--recompute", "ful"}, "did you mean 'full'?"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--compute-scale", "-1"},
         "--compute-scale: '-1' is out of range"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--compute-scale", "nan"}, "--compute-scale: 'nan' is not"},
    Line{{"optimize", "4D", "325", "DLRM", "Perf", "--tables", "fused", "--recompute", "full"}, "DLRM"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--classes", "Tile,Pod"},
         "2 price classes for the 4 dimensions"},
    Line{{"optimize", "Ring(4)_Switch(4)", "9", "17B", "PerfPerCost", "--classes", "Pod,Tile"},
         "Tile switch"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--verbos"}, "unknown option '--verbos'"},
    Line{{"optimize", "4D", "325", "17B", "Perf", "--constrain", "b1 > 3"}, "did you mean '--constraint'?"},
};

TEST(BadInput, EveryCommandLineIsRefusedInOneLine) { expect_each_refused(command_lines); }

// No allocation will do: status 1, and the constraints that contradict each other by name.
TEST(BadInput, InfeasibleConstraintsAreNamed) {
  const ScratchFolder folder;
  const Finished run =
      run_bandwright({"optimize", "2D", "325", "17B", "Perf", "--constraint", "b1 <= 100", "--constraint",
                      "b2 <= 0.1 TB/s", "--constraint", "b1 <= 900", "--output", "answer.txt"},
                     folder.path());
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            "bandwright: no allocation satisfies together: budget of 325 GB/s per NPU; b1 <= 100; b2 <= 0.1 "
            "TB/s\n");
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(BadInput, ARefusedCommandLeavesItsOutputFileAsItWas) {
  const ScratchFolder folder;
  folder.write("bill.csv", "kept");
  expect_refused(run_bandwright({"cost", "2D", "--bandwidth", "1,x", "--output", "bill.csv"}, folder.path()));
  EXPECT_EQ(folder.names(), Words{"bill.csv"});
  EXPECT_EQ(run_bandwright({"cost", "2D", "--bandwidth", "1,2", "--output", "bill.csv"}, folder.path()).out,
            "");
}

TEST(BadInput, WithoutACommandThereIsShortHelp) {
  const ScratchFolder folder;
  const Finished run = run_bandwright({}, folder.path());
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("usage: bandwright"));
  EXPECT_LE(std::count(run.err.begin(), run.err.end(), '\n'), 6);
}

// An input file in which every key of its kind stands, and the command that reads it; FILE is its name.
struct Input {
  std::string_view kind;
  std::string_view text;
  Words words;
};

const std::array inputs = {
    Input{"network",
          "name: mine\n"
          "help: a network\n"
          "dimensions:\n"
          "  - {kind: Ring, npus: 4, class: Tile}\n"
          "  - {kind: Switch, npus: 8, class: Pod}\n",
          {"cost", "FILE", "--bandwidth", "1,1"}},
    Input{
        "price list",
        "name: mine\n"
        "help: prices\n"
        "cables: shared\n"
        "dollars_per_gb_per_s:\n"
        "  Tile: {link: 2.0, switch: 3.0, nic: 1.0}\n"
        "  Package: {link: 4.0, switch: 13.0, nic: 0.5}\n",
        {"cost", "Ring(2)_Switch(4)", "--classes", "Tile,Package", "--bandwidth", "1,1", "--prices", "FILE"}},
    Input{"transformer",
          "name: mine\n"
          "help: a model\n"
          "transformer:\n"
          "  layers: 2\n"
          "  hidden: 1024\n"
          "  tokens_per_replica: 2048\n"
          "  sequence: 512\n"
          "  tensor_parallel: 8\n"
          "  bytes_per_element: 2\n"
          "  gemm_rate: 60 TiFLOP/s\n",
          {"optimize", "2D", "300", "FILE", "Perf"}},
    Input{"layer table",
          "name: mine\n"
          "help: a model\n"
          "tensor_parallel: 8\n"
          "layers:\n"
          "  - name: first\n"
          "    forward: {compute: 3 us, collective: {kind: all-reduce, bytes: 64 MB, group: TP}}\n"
          "    input_gradient: {compute: 2 us}\n"
          "    weight_gradient: {compute: 1 us, collective: {kind: all-reduce, bytes: 9 MB, group: DP}}\n"
          "    checkpoint: true\n",
          {"optimize", "2D", "300", "FILE", "Perf"}},
};

Finished run_on(const Input& input, std::string_view text, const ScratchFolder& folder) {
  Words words = input.words;
  std::replace(words.begin(), words.end(), std::string("FILE"), folder.write("input.yaml", text));
  return run_bandwright(words, folder.path());
}

TEST(BadInput, EveryInputIsGoodAsItStandsHere) {
  const ScratchFolder folder;
  for (const Input& input : inputs) {
    const Finished run = run_on(input, input.text, folder);
    EXPECT_EQ(run.status, 0) << input.kind << ": " << run.err;
  }
}

TEST(BadInput, AFileThatIsNoInputAtAllIsRefused) {
  const ScratchFolder folder;
  for (const Input& input : inputs) {
    for (const std::string_view text :
         {std::string_view(""), std::string_view("# nothing\n"),
          std::string_view("\x7f"
                           "ELF\x02\0\0",
                           7),
          std::string_view("\xff\xfe"), std::string_view("[1, 2]"), std::string_view("text"),
          std::string_view("a: &a [*a]"), std::string_view("{}"), std::string_view("a: {")}) {
      SCOPED_TRACE(std::string(input.kind) + ": " + testing::PrintToString(text));
      expect_refused(run_on(input, text, folder), "input.yaml");
    }
    expect_refused(run_on(input, input.text.substr(0, input.text.size() - 8), folder), "input.yaml");
  }
}

// A key of an input text and the value behind it, if it stands on the same line.
struct Entry {
  std::string_view key;
  std::string_view value;

  [[nodiscard]] bool is_number() const { return !value.empty() && std::isdigit(value.front()) != 0; }
};

std::vector<Entry> entries_of(std::string_view text) {
  std::vector<Entry> entries;
  for (std::size_t colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1)) {
    const std::size_t before = text.find_last_of(" {\n", colon);
    const std::size_t first = before == text.npos ? 0 : before + 1;
    const std::size_t value = std::min(text.find_first_not_of(' ', colon + 1), text.size());
    entries.push_back(
        {text.substr(first, colon - first), text.substr(value, text.find_first_of(",}\n", value) - value)});
  }
  return entries;
}

// `text` with `part`, which lies in it, replaced.
std::string with(std::string_view text, std::string_view part, std::string_view replacement) {
  std::string result(text);
  return result.replace(static_cast<std::size_t>(part.data() - text.data()), part.size(), replacement);
}

TEST(BadInput, EveryMisspeltKeyIsRefusedWithItsLine) {
  const ScratchFolder folder;
  for (const Input& input : inputs) {
    for (const Entry& entry : entries_of(input.text)) {
      SCOPED_TRACE(std::string(input.kind) + ": " + std::string(entry.key));
      const auto line = 1 + std::count(input.text.data(), entry.key.data(), '\n');
      // Capital words are classes of the user's: another one is missed where it is needed.
      const bool is_class = std::isupper(entry.key.front()) != 0;
      expect_refused(run_on(input, with(input.text, entry.key, std::string(entry.key) + "x"), folder),
                     is_class ? std::string(entry.key) : "input.yaml:" + std::to_string(line) + ": ");
    }
  }
}

// Counts and sizes start at 1; prices and compute times at 0.
TEST(BadInput, AZeroIsRefusedWithItsKey) {
  const ScratchFolder folder;
  constexpr std::array<std::string_view, 4> may_be_zero = {"link", "switch", "nic", "compute"};
  for (const Input& input : inputs) {
    for (const Entry& entry : entries_of(input.text)) {
      if (!entry.is_number()) continue;
      if (std::find(may_be_zero.begin(), may_be_zero.end(), entry.key) != may_be_zero.end()) continue;
      const std::size_t digits = entry.value.find_first_not_of("0123456789.");
      SCOPED_TRACE(std::string(input.kind) + ": " + std::string(entry.key));
      expect_refused(run_on(input, with(input.text, entry.value.substr(0, digits), "0"), folder),
                     std::string(entry.key) + ": ");
    }
  }
}

TEST(BadInput, EveryNumberThatIsNoneIsRefusedWithItsKey) {
  const ScratchFolder folder;
  for (const Input& input : inputs) {
    for (const Entry& entry : entries_of(input.text)) {
      if (!entry.is_number()) continue;
      for (const std::string_view bad :
           {"-1", "nan", "inf", "1e308", "1e999", "many", "[]", "{}", "''", "~"}) {
        SCOPED_TRACE(std::string(input.kind) + ": " + std::string(entry.key) + ": " + std::string(bad));
        expect_refused(run_on(input, with(input.text, entry.value, bad), folder),
                       std::string(entry.key) + ": ");
      }
    }
  }
}

}  // namespace
}  // namespace bandwright
