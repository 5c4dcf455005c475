// Whatever is wrong with the command line or a file, the answer is one line on standard error and exit
// status 2, and nothing is written. Rows are added here as commands and inputs appear.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "tests/cli/program.h"

namespace bandwright {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Words = std::vector<std::string>;

void expect_refused(const Finished& run, const std::string& message = "") {
  EXPECT_EQ(run.status, 2) << run.out << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("bandwright: "));
  EXPECT_THAT(run.err, HasSubstr(message));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
}

struct Line {
  Words words;
  std::string message;  // a part of the line on standard error
};

const std::array command_lines = {
    Line{{"optimise"}, "unknown command 'optimise'"},
    Line{{"--verion"}, "did you mean '--version'?"},
    Line{{""}, ""},
    Line{{"\xff\n"}, "unknown"},
    Line{{std::string(100'000, 'x')}, "unknown"},
    Line{{"cost"}, "network is required"},
    Line{{"cost", "4D"}, "--bandwidth is required"},
    Line{{"cost", "5D", "--bandwidth", "1"}, "unknown network '5D'"},
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
};

TEST(BadInput, EveryCommandLineIsRefusedInOneLine) {
  const ScratchFolder folder;
  for (const Line& line : command_lines) {
    SCOPED_TRACE(testing::PrintToString(line.words).substr(0, 200));
    expect_refused(run_bandwright(line.words, folder.path()), line.message);
  }
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
