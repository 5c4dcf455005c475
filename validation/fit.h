#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

// One number of a calibration that a fit may change, between bounds.
struct FittedConstant {
  std::string kind;   // "a100", "nvlink-3"
  std::string field;  // "sustained", "latency_us"
  double low = 0.0;
  double high = 0.0;
};
double& constant(Calibration& calibration, const FittedConstant& which);  // throws InputError

// A group of constants fitted together on the rows that depend on them. The stages are fitted in order:
// matrix multiplications, then collectives, then training steps, each with the earlier constants fixed.
struct FitStage {
  std::string name;
  std::vector<std::string> sets;  // data sets whose rows take part
  std::vector<FittedConstant> constants;
};
std::vector<FitStage> fit_stages();

// Minimises sum over sets of sqrt(rows) x mean |relative error| / target over the stage's rows, by Subplex
// (Rowan 1990) on the logarithms of the constants. A set counts by the square root of its rows: a table of
// five does not outvote 400, nor the other way round.
struct ConstantFit {
  Calibration calibration;
  double objective = 0.0;
  int evaluations = 0;
};
ConstantFit fit_stage(const FitStage& stage, const std::vector<DataSet>& sets, const Calibration& start,
                      int evaluations);

// Fits all stages.
Calibration fit(const std::vector<DataSet>& sets, const Calibration& start, int evaluations);

// The check that constants generalise: they are fitted on a random half of each set's rows, from the defaults
// of their types, which know no measurement, and the other half is held back.
struct Halves {
  Calibration calibration;
  std::vector<DataSet> held;
};
Halves fit_half(const std::vector<DataSet>& sets, const Calibration& shipped, std::uint64_t seed,
                int evaluations);

// Relative error of each row of `which` when its stage's constants are fitted without its configuration: the
// rows of the same model on as many of the same NPUs, divided in the same way, in any set. In sets of more
// than 60 configurations a twentieth of them is left out at a time. The refit moves along the linearisation
// of the logarithms of all predictions at the full fit; the row itself is then predicted exactly.
std::vector<double> leave_one_out(const std::vector<DataSet>& sets, std::size_t which,
                                  const Calibration& fitted);

}  // namespace bandwright
