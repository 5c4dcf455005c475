// Estimates of jobs drawn at random over models, machines and options, as they were when somebody last looked
// at them: tests/data/estimates.csv. No formula is derived here (the other tests of this folder do that);
// what this one is for is that no change of one goes unseen. Where answers are meant to change, the file that
// a failure writes takes its place, and its diff shows what changed for whom.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/io/csv.h"
#include "core/text.h"
#include "study/estimate.h"
#include "study/job/job_options.h"

namespace bandwright {
namespace {

// "MODEL MACHINE --tp 8 --whole-graphs": an option without a value is a flag.
Job job_of(std::string_view words) {
  const std::vector<std::string_view> typed = split(words, ' ');
  Job job{.model = std::string(typed.at(0)), .machine = std::string(typed.at(1))};
  for (std::size_t i = 2; i < typed.size(); ++i) {
    std::string key(typed[i].substr(2));
    std::ranges::replace(key, '-', '_');
    const JobOption* option = find_job_option(key);
    if (option == nullptr) throw std::invalid_argument(key);
    job.*option->word = option->type.empty() ? "true" : std::string(typed.at(++i));
  }
  return job;
}

const std::vector<std::string> columns = {"job",         "step_us",    "exposed_us",   "hidden_us",
                                          "at_least_us", "at_most_us", "memory_bytes", "offloaded_bytes",
                                          "mfu",         "hfu",        "fits_with"};

std::vector<std::string> row_of(const std::string& words) {
  const EstimateAnswer answer = estimate(job_of(words));
  const auto& [job, result, interval, offload, notes] = std::get<TransformerEstimate>(answer);
  double hidden_ns = 0.0;
  for (const BreakdownLine& line : result.breakdown) hidden_ns += line.hidden_ns;
  std::vector<std::string> row = {words};
  for (const double number : {1e-3 * result.step_ns, 1e-3 * result.exposed_communication_ns(),
                              1e-3 * hidden_ns, 1e-3 * interval.low_ns, 1e-3 * interval.high_ns,
                              result.memory.total(), result.memory.offloaded, result.mfu, result.hfu}) {
    row.push_back(fmt::format("{:.9g}", number));
  }
  row.push_back(result.remedy);
  return row;
}

// Sums in another order may differ in their last digits.
bool alike(std::size_t column, const std::string& before, const std::string& now) {
  if (before == now || before.empty() || column + 1 == columns.size()) return before == now;
  return std::abs(std::stod(before) - std::stod(now)) <= 1e-7 * std::abs(std::stod(before));
}

constexpr std::string_view heading =
    "# Estimates of jobs drawn at random over models, machines and options: "
    "tests/training/estimates_test.cpp\n";

TEST(Estimates, AreWhatTheyWere) {
  const CsvTable table = read_csv("tests/data/estimates.csv", '#');
  ASSERT_GE(table.rows.size(), 400U);
  std::vector<std::vector<std::string>> now = {columns};
  int changed = 0;
  constexpr int most_said = 20;
  for (const CsvRow& before : table.rows) {
    now.push_back(row_of(before.text("job")));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& was = before.text(columns[i]);
      if (alike(i, was, now.back()[i])) continue;
      EXPECT_GT(++changed, most_said)
          << before.text("job") << ": " << columns[i] << " was " << was << ", is " << now.back()[i];
    }
  }
  if (changed == 0) return;
  const auto file = std::filesystem::temp_directory_path() / "bandwright-estimates.csv";
  std::ofstream(file) << heading << csv_text(now);
  ADD_FAILURE() << changed << " numbers changed; all of them: " << file;
}

}  // namespace
}  // namespace bandwright
