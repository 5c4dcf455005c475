// Divisions that experts published, against the best of their spaces.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/io/paths.h"
#include "plan/division_search.h"
#include "training/estimate.h"
#include "training/memory_bill.h"
#include "validation/data_set.h"

namespace bandwright {
namespace {

// The run's model, machine, NPUs, batch, precision and software features; every decision open.
DivisionSpace space_of(const TrainingJob& run) {
  DivisionSpace space{.job = run, .npus = {run.parallelism.npus()}};
  const Parallelism usual;
  Parallelism& p = space.job.parallelism;
  p.tensor = p.context = p.pipeline = p.expert = p.data = 1;
  p.virtual_stages = usual.virtual_stages;
  p.schedule = usual.schedule;
  p.micro_batch = usual.micro_batch;
  p.zero = usual.zero;
  p.recompute = usual.recompute;
  p.sequence_parallel = usual.sequence_parallel;
  return space;
}

// Tables of published runs: those that come with the program, and, where they are, those beside it.
std::vector<std::filesystem::path> tables() {
  std::vector<std::filesystem::path> found;
  for (const std::filesystem::path& folder :
       {inputs_folder() / "measurements", std::filesystem::path("../shared/validation/modern")}) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
      if (each.path().extension() == ".csv" && is_data_set(each.path())) found.push_back(each.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(PublishedRuns, NoneIsFasterThanTheBestOfItsSpace) {
  std::set<std::string> seen;
  int compared = 0;
  for (const std::filesystem::path& file : tables()) {
    for (const DataSet& set : read_data_sets(file)) {
      for (const Measurement& row : set.rows) {
        if (!row.job || row.filled > 1.0 || row.job->parallelism.overlap_tensor) continue;
        if (!seen.insert(row.configuration).second) continue;
        const double step_ns = estimate(*row.job).step_ns;
        const RankedDivisions found = best_divisions(space_of(*row.job), {.best = 1});
        ++compared;
        ASSERT_FALSE(found.best.empty()) << row.label;
        EXPECT_LE(found.best[0].step_ns, step_ns * (1.0 + 1e-9)) << set.name << ": " << row.configuration;
      }
    }
  }
  EXPECT_GE(compared, 40);  // without tables beside the program 45
}

}  // namespace
}  // namespace bandwright
