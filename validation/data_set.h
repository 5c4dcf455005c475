#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "training/interval.h"
#include "training/machine.h"

namespace bandwright {

struct TrainingJob;

// One measured number and how it is predicted from constants.
struct Measurement {
  std::string label;  // the row in words
  double measured = 0.0;
  std::function<double(const Calibration&)> predict;
  std::vector<std::string> constants;                    // kinds whose constants its prediction uses
  std::string family;                                    // what rows have in common that should err alike
  std::function<std::string(const Calibration&)> parts;  // of the prediction, in words
  // What was run, in words that are the same for rows that differ in their software's age or in luck only;
  // empty: nothing else is alike.
  std::string configuration = {};
  std::optional<StepKind> kind = {};            // of a whole step
  std::shared_ptr<const TrainingJob> job = {};  // of a whole step
  double filled = 0.0;                          // share of an NPU's memory that its bill takes
  bool memory_unstated = false;                 // its source leaves out what was kept in memory
};

// A row that says nothing to compare with, and why: what the run had that no job can say, what its source
// leaves out, or what is wrong with it.
struct NotRun {
  std::string row;  // "file.csv:12"
  std::string reason;
};

// What a file's rows came to.
struct RowsRead {
  std::vector<Measurement> rows;
  std::vector<NotRun> not_run;
};

enum class Measured : std::uint8_t { StepTime, Memory };
std::string_view measured_name(Measured what);

struct DataSet {
  std::string name;    // the file's, without .csv
  std::string metric;  // with its unit
  std::vector<Measurement> rows;
  std::vector<NotRun> not_run;
  double target_percent = 10.0;
  Measured what = Measured::StepTime;
};

// A kind of measurement file, known by its name.
struct DataSetKind {
  std::string_view name;
  std::string_view help;
  std::string_view metric;
  double target_percent;     // mean absolute error wanted; weighs the set in a fit
  std::string_view columns;  // that every file has, separated by commas
  RowsRead (*read)(const std::filesystem::path& file);
  Measured what = Measured::StepTime;
};
std::span<const DataSetKind> data_set_kinds();

double target_percent(std::string_view name);  // 10 for an unknown set

// A file of that kind. Throws InputError for missing columns, and for a file that is no table.
DataSet read_data_set(const DataSetKind& kind, const std::filesystem::path& file);

// The sets of a file: of its kind by its name, or of a table of runs by its columns
// (validation/runs/run_table.h); none of any other file.
std::vector<DataSet> read_data_sets(const std::filesystem::path& file);
bool is_data_set(const std::filesystem::path& file);  // whether it is one of those, with rows or without

// The sets of all tables in folders, in the order of their files, and why other tables were skipped, a line
// each. Throws InputError where there are none.
struct FolderSets {
  std::vector<DataSet> sets;
  std::vector<std::string> skipped;
};
FolderSets read_folders(const std::vector<std::string>& folders);

// (predicted - measured) / measured.
double relative_error(const Measurement& row, const Calibration& calibration);

// Why a row is off, as far as the model can tell: the largest parts of its prediction, and whether the other
// rows of its family are off in the same way (something the model does not have) or not (this row's own).
std::string explain(const DataSet& set, std::span<const double> relative_errors, std::size_t row,
                    const Calibration& calibration);

struct ErrorSummary {
  double mape_percent = 0.0;
  double bias_percent = 0.0;  // mean with its sign: above 0 where the model says more than was measured
  double median_percent = 0.0;
  double worst_percent = 0.0;
};
ErrorSummary summarize(std::span<const double> relative_errors);

}  // namespace bandwright
