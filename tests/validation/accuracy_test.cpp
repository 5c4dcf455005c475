#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/fields.h"
#include "core/io/files.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "tests/support/temporary_folder.h"
#include "validation/data_set.h"

namespace bandwright {
namespace {

// A data set of tests/data/measured, published numbers with their source in lines that begin with '#'.
DataSet measured(const DataSetKind& kind, const std::filesystem::path& file) {
  std::string text = read_text_file(file);
  while (text.starts_with('#')) text.erase(0, text.find('\n') + 1);
  const TemporaryFolder folder;
  write_whole(folder / file.filename().string(), text);
  return read_data_set(kind, folder / file.filename().string());
}

double mean_error_percent(const DataSet& set) {
  const Calibration constants = shipped_calibration();
  std::vector<double> errors;
  for (const Measurement& row : set.rows) errors.push_back(relative_error(row, constants));
  return summarize(errors).mape_percent;
}

void expect_within_target(const DataSet& set) {
  EXPECT_FALSE(set.rows.empty()) << set.name;
  EXPECT_LE(mean_error_percent(set), set.target_percent) << set.name;
}

// The errors that each set is allowed (its kind's target_percent), with the shipped constants. Of large sets
// tests/data has every so many-th row; whole ones are read where they lie beside the project.
TEST(Accuracy, StaysWithinTheTargets) {
  int sets = 0;
  for (const DataSetKind& kind : data_set_kinds()) {
    const std::string name = std::string(kind.name) + ".csv";
    const std::filesystem::path extract = std::filesystem::path("tests/data/measured") / name;
    const std::filesystem::path whole = std::filesystem::path("../shared/validation") / name;
    if (std::filesystem::exists(extract)) {
      expect_within_target(measured(kind, extract));
      ++sets;
    }
    if (std::filesystem::exists(whole)) expect_within_target(read_data_set(kind, whole));
  }
  EXPECT_EQ(sets, 7);
}

TEST(Accuracy, TargetsAreThoseAskedFor) {
  EXPECT_EQ(target_percent("vtrain_ground_truth_multi"), 8.0);
  EXPECT_EQ(target_percent("vtrain_ground_truth_single"), 8.0);
  EXPECT_EQ(target_percent("megatron_sc21_table1_a100"), 6.0);
  EXPECT_EQ(target_percent("korthikanti_table5_iteration_time"), 4.0);
  EXPECT_EQ(target_percent("mlperf_llm_step_times"), 10.0);
  EXPECT_EQ(target_percent("mpt_fsdp_a100_h100"), 12.0);
  EXPECT_EQ(target_percent("gemm_bf16_sample"), 10.0);
  for (const char* name :
       {"nccl_collectives_sample", "nccl_allreduce_a100_v100", "nccl_busbw_ml_engineering"}) {
    EXPECT_EQ(target_percent(name), 10.0);
  }
}

// What comes with the program is read and predicted without any other file.
TEST(ShippedMeasurements, AreKnownAndPredicted) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(inputs_folder() / "measurements")) {
    if (entry.path().extension() != ".csv") continue;
    ++files;
    for (const DataSetKind& kind : data_set_kinds()) {
      if (kind.name != entry.path().stem().string()) continue;
      const DataSet set = read_data_set(kind, entry.path());
      EXPECT_GE(set.rows.size(), 20U);
      EXPECT_LE(mean_error_percent(set), kind.target_percent) << kind.name;
      EXPECT_FALSE(set.rows[0].parts(shipped_calibration()).empty());
    }
  }
  EXPECT_GE(files, 1);
}

// Of 270 steps of 12 tables, which take part in the fit of constants as rows of other files.
TEST(ShippedMeasurements, PublishedRunsArePredicted) {
  const auto sets = read_data_sets(inputs_folder() / "measurements" / "published_runs.csv");
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_EQ(sets[0].what, Measured::StepTime);
  EXPECT_GE(sets[0].rows.size(), 270U);
  EXPECT_TRUE(sets[0].not_run.empty()) << sets[0].not_run.front().reason;
  EXPECT_LE(mean_error_percent(sets[0]), 9.0);
  EXPECT_EQ(sets[1].what, Measured::Memory);
}

// Six constants per kind of NPU and three per kind of links, and where each is from.
TEST(ShippedConstants, NameWhatTheyWereFittedOn) {
  const Calibration constants = shipped_calibration();
  for (const auto& [kind, npu] : constants.npus) EXPECT_FALSE(npu.source.empty()) << kind;
  for (const auto& [kind, fabric] : constants.fabrics) EXPECT_FALSE(fabric.source.empty()) << kind;
  EXPECT_EQ(member_count<NpuConstants>, 6U + 1U);
  EXPECT_EQ(member_count<FabricConstants>, 3U + 1U);
}

}  // namespace
}  // namespace bandwright
