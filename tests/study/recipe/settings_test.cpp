// Settings of a shell's words and of TOML, as far as recipes need them.
#include "study/recipe/settings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/job/job_options.h"
#include "tests/support/refused.h"

namespace bandwright {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Words = std::vector<std::string>;

// What one setting of a text comes to.
struct WordsCase {
  const char* text;
  const char* name;
  Words values;
};

class ShellSettings : public testing::TestWithParam<WordsCase> {};

TEST_P(ShellSettings, AreWhatAShellWouldPass) {
  const WordsCase& each = GetParam();
  Settings set = read_command_line(each.text, "run.sh");
  EXPECT_TRUE(set.has(each.name));
  EXPECT_EQ(set.list(each.name), each.values) << each.text;
}

INSTANTIATE_TEST_SUITE_P(Quotes, ShellSettings,
                         testing::Values(WordsCase{"run --a 'x  y'", "a", {"x  y"}},
                                         WordsCase{"run --a x\\ y", "a", {"x y"}},
                                         WordsCase{"run --a \"it's\"", "a", {"it's"}},
                                         WordsCase{"run --a 'it'\\''s'", "a", {"it's"}},
                                         WordsCase{"run --a x'y'\"z\"", "a", {"xyz"}},
                                         WordsCase{"run --a b#c", "a", {"b#c"}},
                                         WordsCase{"run --a 'cut off", "a", {"cut off"}},
                                         WordsCase{"run --a \"cut off", "a", {"cut off"}}));

INSTANTIATE_TEST_SUITE_P(
    Values, ShellSettings,
    testing::Values(WordsCase{"--a=1", "a", {"1"}}, WordsCase{"--a=x=y", "a", {"x=y"}},
                    WordsCase{"--a= --b 2", "a", {""}}, WordsCase{"--a 1 2 3 --b", "a", {"1", "2", "3"}},
                    WordsCase{"--a 1 --a 2", "a", {"2"}}, WordsCase{"--a -1", "a", {"-1"}},
                    WordsCase{"--a -x 5", "a", {"-x", "5"}}, WordsCase{"--a --b", "a", {}},
                    WordsCase{"--tensor_model_parallel_size 4", "tensor-model-parallel-size", {"4"}},
                    WordsCase{"--training.seq_len 4096", "training.seq_len", {"4096"}},
                    WordsCase{"torchrun --standalone train.py --a 1", "standalone", {}},
                    WordsCase{"run --a 1 train.py x --b 2", "a", {"1"}},
                    WordsCase{"run --a 1 train.py --b 2", "b", {"2"}}));

INSTANTIATE_TEST_SUITE_P(Lines, ShellSettings,
                         testing::Values(WordsCase{"run --a\n1\n", "a", {}},
                                         WordsCase{"run --a \\\n  1\n", "a", {"1"}},
                                         WordsCase{"run --a \\\r\n  1\r\n", "a", {"1"}},
                                         WordsCase{"A=(\n --a 1\n --b 2\n)", "a", {"1"}},
                                         WordsCase{"A=(\n --a 1\n --b 2\n)", "b", {"2"}},
                                         WordsCase{"#SBATCH --nodes=4\n", "nodes", {"4"}},
                                         WordsCase{"--a 1 # --a 2\n", "a", {"1"}}));

INSTANTIATE_TEST_SUITE_P(
    Variables, ShellSettings,
    testing::Values(WordsCase{"N=3\nrun --a $N", "a", {"3"}}, WordsCase{"N=3\nrun --a ${N}x", "a", {"3x"}},
                    WordsCase{"N=3\nM=$N\nrun --a $M", "a", {"3"}},
                    WordsCase{"N=3\nN=4\nrun --a $N", "a", {"4"}}, WordsCase{"run --a $N\nN=3", "a", {"$N"}},
                    WordsCase{"export N=3\nrun --a $N", "a", {"3"}}, WordsCase{"run --a ${N:-7}", "a", {"7"}},
                    WordsCase{"run --a ${N:=7}", "a", {"7"}}, WordsCase{"N=3\nrun --a ${N:-7}", "a", {"3"}},
                    WordsCase{"N=3\nrun --a '$N'", "a", {"$N"}},
                    WordsCase{"N=3\nrun --a \"$N $N\"", "a", {"3 3"}},
                    WordsCase{"O=\"--a 1 --b 2\"\nrun $O --c 3", "b", {"2"}},
                    WordsCase{"O=(--a 1)\nrun \"${O[@]}\" --c 3", "a", {"1"}},
                    WordsCase{"O=(--a 1)\nrun \"${O[@]}\" --c 3", "c", {"3"}},
                    WordsCase{"run --a ${N", "a", {"${N"}}));

TEST(ShellSettings, WhatIsNotAsked) {
  Settings set = read_command_line("run --a 1 # --b 2\n#--c 3\n# SBATCH --d 4\necho -- - --9\n", "run.sh");
  for (const char* name : {"b", "c", "d", "9", ""}) {
    EXPECT_FALSE(set.has(name)) << name;
    EXPECT_FALSE(set.text(name)) << name;
    EXPECT_FALSE(set.count(name)) << name;
    EXPECT_FALSE(set.flag(name)) << name;
    EXPECT_THAT(set.list(name), IsEmpty()) << name;
  }
}

TEST(ShellSettings, AFlagIsSetUnlessItSaysNo) {
  Settings set = read_command_line("--a --b false --c False --d 0 --e 1 --f true --g no", "run.sh");
  for (const char* yes : {"a", "e", "f", "g"}) EXPECT_TRUE(set.flag(yes)) << yes;
  for (const char* no : {"b", "c", "d"}) EXPECT_FALSE(set.flag(no)) << no;
}

// What is asked for is used, whichever way; the rest is left in the order it was first set in.
TEST(ShellSettings, AskingMarksAsUsed) {
  Settings set = read_command_line("--f --e --d --c 1 --b 1 --a 1 --e 2", "run.sh");
  EXPECT_EQ(set.unused().size(), 6U);
  static_cast<void>(set.flag("f"));
  static_cast<void>(set.text("a"));
  static_cast<void>(set.count("b"));
  static_cast<void>(set.list("c"));
  EXPECT_TRUE(set.has("d"));  // only looks
  std::vector<std::string> left;
  for (const Setting* each : set.unused()) left.push_back(each->name);
  EXPECT_THAT(left, ElementsAre("e", "d"));
}

// A setting that is set again is where it was set last.
TEST(ShellSettings, AProblemIsWhereTheLastWordStands) {
  Settings set = read_command_line("a\n--n 1\n--n x\n--m 1 2\n", "dir/run.sh");
  EXPECT_EQ(refused([&] { return set.count("n"); }).find("dir/run.sh:3: n: "), 0U);
  EXPECT_EQ(refused([&] { return set.text("m"); }), "dir/run.sh:4: m: 2 values, expected one");
  Settings none = read_command_line("--k\n--l $NOWHERE\n", "run.sh");
  EXPECT_EQ(refused([&] { return none.text("k"); }), "run.sh:1: k: 0 values, expected one");
  EXPECT_EQ(refused([&] { return none.count("l"); }), "run.sh:2: l: $NOWHERE is set nowhere in it");
  // What is not there has no line.
  EXPECT_EQ(refused([&]() -> bool { none.fail("z", "is missing"); }), "run.sh: z: is missing");
}

TEST(ShellSettings, CountsAreWholeFromMinusOne) {
  const auto counted = [](const std::string& word) {
    Settings set = read_command_line("--n " + word, "f");
    return set.count("n");
  };
  EXPECT_EQ(counted("-1"), -1);
  EXPECT_EQ(counted("0"), 0);
  EXPECT_EQ(counted(std::to_string(most_setting)), most_setting);
  for (const std::string& bad : {std::string("-2"), std::string("1.5"), std::string("x"), std::string("1x"),
                                 std::to_string(most_setting + 1), std::string("99999999999999999999999")}) {
    const std::string said = refused([&] { return counted(bad); });
    EXPECT_EQ(said.find("f:1: n: "), 0U) << bad << ": " << said;
    EXPECT_NE(said.find(bad), std::string::npos) << said;
  }
}

// No product of what can be set is more than a number can hold, nor negative.
TEST(ShellSettings, ProductsAreCapped) {
  EXPECT_EQ(capped_product({}), 1);
  EXPECT_EQ(capped_product({3, 4, 5}), 60);
  EXPECT_EQ(capped_product({0, most_setting}), 0);
  EXPECT_EQ(capped_product({most_setting, 1, 1}), most_setting);
  EXPECT_EQ(capped_product({most_setting, 2}), most_setting);
  EXPECT_EQ(capped_product({2, most_setting}), most_setting);
  EXPECT_EQ(capped_product({most_setting, most_setting, most_setting, most_setting}), most_setting);
  EXPECT_EQ(capped_product({most_setting / 2, 2}), most_setting);
  EXPECT_EQ(capped_product({1 << 20, 1 << 19}), std::int64_t{1} << 39);
}

class TomlSettings : public testing::TestWithParam<WordsCase> {};

TEST_P(TomlSettings, AreSectionsAndValues) {
  const WordsCase& each = GetParam();
  Settings set = read_toml(each.text, "f.toml");
  EXPECT_TRUE(set.has(each.name));
  EXPECT_EQ(set.list(each.name), each.values) << each.text;
}

INSTANTIATE_TEST_SUITE_P(
    All, TomlSettings,
    testing::Values(WordsCase{"x = 1", "x", {"1"}}, WordsCase{"[a]\nx = 1", "a.x", {"1"}},
                    WordsCase{"[a]\n[b]\nx = 1", "b.x", {"1"}},
                    WordsCase{"[ a.b ]\r\nx=1\r\n", "a.b.x", {"1"}},
                    WordsCase{"[a]\nx = 'y z'  # no\n", "a.x", {"y z"}},
                    WordsCase{"[a]\nx = \"y # z\" # no\n", "a.x", {"y # z"}},
                    WordsCase{"[a]\nx = \"it's # z\" # no\n", "a.x", {"it's # z"}},
                    WordsCase{"[a]\nx = \"\"", "a.x", {""}}, WordsCase{"[a]\nx = []", "a.x", {}},
                    WordsCase{"[a]\nx = [ \"p\", 'q', 3 ]", "a.x", {"p", "q", "3"}},
                    WordsCase{"[a]\nx = [\"p\",]", "a.x", {"p"}},
                    WordsCase{"[a]\nx = 1\nx = 2", "a.x", {"2"}}, WordsCase{"[a]\nx_y = 1", "a.x_y", {"1"}},
                    WordsCase{"[a]\nx = p=q", "a.x", {"p=q"}},
                    WordsCase{"\n\n# c\n[a]\n\nx = 1.5e-4\n", "a.x", {"1.5e-4"}}));

TEST(TomlSettings, ALineThatIsNeitherIsNamed) {
  EXPECT_EQ(refused([] { return read_toml("[a]\n\nx = 1\nwhat\n", "f.toml"), 0; }),
            "f.toml:4: 'what', expected [SECTION] or NAME = VALUE");
  Settings set = read_toml("[a]\n# c\nx = true\ny = FALSE\nn = two\n", "f.toml");
  EXPECT_TRUE(set.flag("a.x"));
  EXPECT_FALSE(set.flag("a.y"));
  EXPECT_EQ(refused([&] { return set.count("a.n"); }).find("f.toml:5: a.n: "), 0U);
}

// What nobody asked for: known with a note, known to weigh nothing, or not known.
TEST(UnusedSettings, AreNotesOrWeightlessOrUnknown) {
  constexpr KnownSetting known[] = {{"lr", ""}, {"data-*", ""}, {"dropout", "no time of its own"}};
  Settings set = read_command_line("--lr 1 --used 3 --data-path a b --dropout 0.1 --odd x y --data 5", "f");
  static_cast<void>(set.count("used"));
  Recipe recipe;
  recipe.notes = {"before"};
  sort_unused(recipe, set, known, "--");
  EXPECT_THAT(recipe.weightless, ElementsAre("--lr", "--data-path"));
  EXPECT_THAT(recipe.notes,
              ElementsAre("before", "--dropout 0.1: no time of its own",
                          "--odd x y: not known here; whether it changes a layer is not either",
                          "--data 5: not known here; whether it changes a layer is not either"));
}

// A command for the shell is read back as what it was made of, whatever the words hold.
TEST(EstimateCommand, IsReadBackWordByWord) {
  for (const std::string part :
       {"", " two", "'s", "\"q\"", " $HOME ${X:-1} `ls`", "\\", " # no", "; rm", "*?"}) {
    Job job;
    for (const JobOption& option : job_options()) {
      job.*option.word = option.type.empty() ? "true" : std::string(option.name) + part;
    }
    Settings set = read_command_line(estimate_command(job), "f");
    for (const JobOption& option : job_options()) {
      if (option.word == &Job::model) continue;
      const std::string name = typed_name(option).substr(2);
      if (option.type.empty()) {
        EXPECT_TRUE(set.flag(name)) << name;
      } else {
        EXPECT_EQ(set.text(name), job.*option.word) << estimate_command(job);
      }
    }
    EXPECT_THAT(set.unused(), IsEmpty());
  }
}

TEST(EstimateCommand, SaysWhatIsStillToBeGiven) {
  EXPECT_EQ(estimate_command({}), "bandwright estimate MODEL --machine MACHINE --npus COUNT");
  EXPECT_EQ(estimate_command({.model = "m", .npus = "8", .sequence_parallel = "TRUE"}),
            "bandwright estimate m --machine MACHINE --npus 8 --sequence-parallel");
  // A flag that says no is not given.
  EXPECT_EQ(estimate_command({.model = "m", .machine = "x", .npus = "8", .sequence_parallel = "false"}),
            "bandwright estimate m --machine x --npus 8");
}

}  // namespace
}  // namespace bandwright
