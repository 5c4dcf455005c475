#pragma once
#include <string>
#include <vector>

#include "cli/output.h"
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

TextTable validation_rows(const ValidationAnswer& answer);     // every row with its prediction
TextTable validation_summary(const ValidationAnswer& answer);  // one line per set
std::string validation_text(const ValidationAnswer& answer);
std::string validation_json(const ValidationAnswer& answer);
// The page, with a picture drawn from the rows. Throws InputError when no Python can draw it.
std::string validation_html(const ValidationAnswer& answer, const std::string& command);

}  // namespace bandwright
