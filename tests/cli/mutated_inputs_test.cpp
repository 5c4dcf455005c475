// Shipped inputs with one thing wrong, through the program: a finite answer, or one line that says what is
// wrong, soon.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <regex>

#include "core/io/paths.h"
#include "tests/cli/program.h"
#include "tests/inputs/mutations.h"

namespace bandwright {
namespace {

// A shipped input and a command that takes it; FILE is its name. Tables keep theirs, by which they are known.
struct TakenBy {
  std::string_view input;
  Words words;
};
const std::vector<TakenBy> takers = {
    {"networks/2d.yaml", {"optimize", "FILE", "300", "17B", "Perf"}},
    {"networks/dgx.yaml", {"cost", "FILE", "--bandwidth", "300,25"}},
    {"models/tables/17b.yaml", {"optimize", "2D", "300", "FILE", "Perf"}},
    {"models/tables/dlrm.yaml", {"simulate", "2D", "300", "FILE"}},
    {"models/tables/gpt-3.yaml", {"check", "FILE"}},
    {"models/transformers/mixtral-8x7b.yaml",
     {"estimate", "FILE", "--machine", "dgx-h100", "--npus", "32", "--tp", "8"}},
    {"models/transformers/nemotron-h-8b.yaml", {"estimate", "FILE", "--machine", "dgx-h100", "--npus", "8"}},
    {"models/transformers/llama3-8b.yaml", {"plan", "FILE", "--machine", "dgx-h100", "--npus", "8"}},
    {"models/images/vgg19.yaml", {"estimate", "FILE", "--machine", "dgx-a100", "--npus", "8"}},
    {"machines/dgx-h200.yaml", {"estimate", "llama2-7b", "--machine", "FILE", "--npus", "16", "--tp", "8"}},
    {"machines/edison.yaml", {"scale", "simulate", "cosmogan", "--machine", "FILE", "--nodes", "1..4"}},
    {"npus/h100-sxm.yaml", {"plan", "llama3-8b", "--npu", "FILE", "--npus", "8", "--budget", "$1M"}},
    {"libraries/astra1.yaml", {"simulate", "2D", "300", "17B", "--library", "FILE"}},
    {"prices/artifact.yaml", {"cost", "4D", "--bandwidth", "1,2,3,4", "--prices", "FILE"}},
    {"tiers/hbm-ddr.yaml",
     {"place", "llama3-8b", "--machine", "dgx-h100", "--tp", "8", "--tiers", "FILE", "--policy", "all-slow"}},
    {"allocations/published.yaml", {"check", "FILE"}},
    {"experiments/small.yaml", {"evaluate", "FILE", "--dry-run"}},
    {"experiments/price-lists.yaml", {"check", "FILE"}},
    {"spaces/llama3-70b-on-h100.yaml", {"plan", "FILE", "--npus", "16"}},
    {"hardware/usual.yaml",
     {"plan", "llama3-8b", "--npu", "h100-sxm", "--npus", "8", "--budget", "$1M", "--hardware", "FILE"}},
    {"fabrics/two-leaves.yaml", {"simulate", "FILE", "--collective", "all-reduce", "--size", "1MB"}},
    {"fabrics/dgx-h100-rails.yaml", {"network", "FILE"}},
    {"fabrics/infragraph/clos.yaml", {"network", "FILE"}},
    {"calibration.yaml", {"check", "FILE"}},
    {"measurements/configurations.yaml", {"check", "FILE"}},
    {"measurements/recipes.yaml", {"check", "FILE"}},
    {"link_limits.csv", {"check", "FILE"}},
    {"step_errors.csv", {"check", "FILE"}},
    {"measurements/training_steps.csv", {"validate", "--data", "."}},
    {"measurements/published_runs.csv", {"validate", "--data", "."}}};
constexpr std::size_t mutations_of_each = 14;  // some 400 in all

// Status 1 is an answer, too: that nothing fits.
void expect_answer_or_reason(const Finished& run, const std::string& what) {
  if (run.status != 2) {
    EXPECT_LE(run.status, 1) << what << '\n' << run.err;
    static const std::regex not_finite("(^|[^a-z'])-?(nan|inf)([^a-z']|$)");  // a quoted word is the file's
    const bool told = what.find("missing_blocking") != std::string::npos;  // which is told as it stands there
    EXPECT_TRUE(told || !std::regex_search(run.out, not_finite)) << what << '\n' << run.out;
    return;
  }
  EXPECT_EQ(run.out, "") << what;
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << what << '\n' << run.err;
}

void for_each_mutation_of(const std::filesystem::path& file,
                          const std::function<void(const Mutation&)>& visit) {
  if (file.extension() == ".csv") {
    for_each_csv_mutation(contents(file), mutations_of_each, visit);
  } else {
    for_each_mutation(YamlValue::load(file), mutations_of_each, visit);
  }
}

TEST(MutatedInputs, AreAnsweredOrRefused) {
  for (const TakenBy& command : takers) {
    const std::filesystem::path input = inputs_folder() / command.input;
    const ScratchFolder folder;
    const std::string name = input.extension() == ".csv" ? input.filename().string() : "mutated.yaml";
    Words words = command.words;
    std::replace(words.begin(), words.end(), std::string("FILE"), "./" + name);
    for_each_mutation_of(input, [&](const Mutation& mutation) {
      // A name may be any word, also one that looks like a number.
      if (mutation.what.find("name -> ") != std::string::npos) return;
      folder.write(name, mutation.file);
      const auto start = std::chrono::steady_clock::now();
      expect_answer_or_reason(run_bandwright(words, folder.path()),
                              std::string(command.input) + ": " + mutation.what);
      // 2 s where the program was built to be fast.
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << mutation.what;
    });
  }
}

}  // namespace
}  // namespace bandwright
