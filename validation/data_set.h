#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "training/machine.h"

namespace bandwright {

// One measured number and how it is predicted from constants.
struct Measurement {
  std::string label;  // the row in words
  double measured = 0.0;
  std::function<double(const Calibration&)> predict;
  std::vector<std::string> constants;                    // kinds whose constants its prediction uses
  std::string family;                                    // what rows have in common that should err alike
  std::function<std::string(const Calibration&)> parts;  // of the prediction, in words
};

struct DataSet {
  std::string name;    // the file's, without .csv
  std::string metric;  // with its unit
  std::vector<Measurement> rows;
};

// A kind of measurement file, known by its name.
struct DataSetKind {
  std::string_view name;
  std::string_view help;
  std::string_view metric;
  double target_percent;     // mean absolute error wanted; weighs the set in a fit
  std::string_view columns;  // that every file has, separated by commas
  std::vector<Measurement> (*read)(const std::filesystem::path& file);
};
std::span<const DataSetKind> data_set_kinds();

double target_percent(std::string_view name);  // 10 for an unknown set

// A file by its name. REQUIRES a known kind; throws InputError for missing columns and bad contents.
DataSet read_data_set(const DataSetKind& kind, const std::filesystem::path& file);

// (predicted - measured) / measured.
double relative_error(const Measurement& row, const Calibration& calibration);

// Why a row is off, as far as the model can tell: the largest parts of its prediction, and whether the other
// rows of its family are off in the same way (something the model does not have) or not (this row's own).
std::string explain(const DataSet& set, std::span<const double> relative_errors, std::size_t row,
                    const Calibration& calibration);

struct ErrorSummary {
  double mape_percent = 0.0;
  double median_percent = 0.0;
  double worst_percent = 0.0;
};
ErrorSummary summarize(std::span<const double> relative_errors);

}  // namespace bandwright
