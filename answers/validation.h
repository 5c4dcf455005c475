#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/document.h"
#include "validation/data_set.h"

namespace bandwright {

// A data set with the relative error of each row.
struct ScoredSet {
  const DataSet* set = nullptr;
  std::vector<double> errors;
};

// What the answer to `bandwright validate` is made of.
struct ValidationAnswer {
  std::vector<ScoredSet> scored;
  Calibration calibration;
  std::string constants;  // where they are from, in words: "shipped", "fitted without each row" ...
};

// With which constants rows are predicted: those that come along, or some that are fitted first.
struct Constants {
  std::optional<std::uint64_t> split;  // on a random half of the rows with this seed; the other is predicted
  bool without_each_row = false;       // each row by constants that were fitted without it
  bool on_all_rows = false;
};
// The error of every row; with `split` the sets become the other half.
ValidationAnswer score(const Constants& constants, std::vector<DataSet>& sets);

// A row per set, and the rows that are furthest off.
Document validation_document(const ValidationAnswer& answer);
// Every row with its prediction.
Document validation_rows(const ValidationAnswer& answer);
// The same as dots about the line of no error, a panel for each set.
Chart accuracy_chart(const ValidationAnswer& answer);
// The answer with that chart and the constants.
Document validation_page(const ValidationAnswer& answer);
// The errors of whole steps, for the intervals of estimates (training/interval.h); not of Megatron-LM's own
// tests, which wait for their host, nor of rows that repeat other sets'.
std::string step_errors(const ValidationAnswer& answer);
// The fitted constants, and on what they were fitted.
Table constants_table(const Calibration& calibration);

}  // namespace bandwright
