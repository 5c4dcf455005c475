// Shipped inputs with one thing wrong, through the program: a finite answer, or one line that says what is
// wrong, soon.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "core/io/paths.h"
#include "tests/cli/program.h"
#include "tests/inputs/mutations.h"

namespace bandwright {
namespace {

// A shipped input and a command that takes it; FILE is its name.
struct TakenBy {
  std::string_view folder;
  std::string_view name;
  Words words;
};
const std::vector<TakenBy> takers = {
    {"networks", "2d", {"optimize", "FILE", "300", "17B", "Perf"}},
    {"networks", "dgx", {"cost", "FILE", "--bandwidth", "300,25"}},
    {"models/tables", "17b", {"optimize", "2D", "300", "FILE", "Perf"}},
    {"models/tables", "dlrm", {"simulate", "2D", "300", "FILE"}},
    {"models/transformers",
     "mixtral-8x7b",
     {"estimate", "FILE", "--system", "dgx-h100", "--npus", "32", "--tp", "8"}},
    {"models/images", "vgg19", {"estimate", "FILE", "--system", "dgx-a100", "--npus", "8"}},
    {"machines", "dgx-h200", {"estimate", "llama2-7b", "--system", "FILE", "--npus", "16", "--tp", "8"}},
    {"machines", "edison", {"check", "FILE"}},
    {"npus", "h100-sxm", {"check", "FILE"}},
    {"libraries", "astra1", {"simulate", "2D", "300", "17B", "--system", "FILE"}},
    {"prices", "artifact", {"cost", "4D", "--bandwidth", "1,2,3,4", "--prices", "FILE"}},
    {"tiers", "hbm-ddr", {"check", "FILE"}},
    {"allocations", "published", {"check", "FILE"}}};
constexpr std::size_t mutations_of_each = 24;  // some 300 in all

void expect_answer_or_reason(const Finished& run, const std::string& what) {
  if (run.status == 0) {
    static const std::regex not_finite("(^|[^a-z])-?(nan|inf)([^a-z]|$)");
    EXPECT_FALSE(std::regex_search(run.out, not_finite)) << what << '\n' << run.out;
    return;
  }
  EXPECT_EQ(run.status, 2) << what << '\n' << run.err;
  EXPECT_EQ(run.out, "") << what;
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << what << '\n' << run.err;
}

TEST(MutatedInputs, AreAnsweredOrRefused) {
  const ScratchFolder folder;
  for (const TakenBy& command : takers) {
    const YamlValue root = YamlValue::load(*find_input(command.folder, command.name));
    for_each_mutation(root, mutations_of_each, [&](const Mutation& mutation) {
      Words words = command.words;
      std::replace(words.begin(), words.end(), std::string("FILE"), std::string("./mutated.yaml"));
      folder.write("mutated.yaml", mutation.file);
      // A name may be any word, also one that looks like a number.
      if (mutation.what.find("name -> ") != std::string::npos) return;
      expect_answer_or_reason(run_bandwright(words, folder.path()),
                              std::string(command.name) + ": " + mutation.what);
    });
  }
}

}  // namespace
}  // namespace bandwright
