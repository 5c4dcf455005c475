#pragma once
#include <array>
#include <string>
#include <string_view>

#include "core/io/csv.h"
#include "training/training_step.h"
#include "validation/data_set.h"

namespace bandwright {

// How a measured number follows from the step time.
struct Metric {
  double scale = 1e-6;   // of the step's nanoseconds
  bool inverse = false;  // scale / ns
};

// A measured step in words: its row, and what rows have in common that should err alike.
struct Words {
  std::string label;
  std::string family;
};

// A measured training step. Throws InputError for a job that cannot be run.
Measurement training_row(TrainingJob job, Words words, double measured, Metric metric);

// The model, the machine and the division: equal for runs that only software and luck tell apart.
std::string configuration(const TrainingJob& job);

// The columns of TP, PP and DP; `micro_batch` and `global_batch`.
void set_tp_pp_dp(Parallelism& p, const CsvRow& row, const std::array<std::string_view, 3>& columns);
constexpr std::array<std::string_view, 3> tp_pp_dp = {"tp", "pp", "dp"};
void set_batch(Parallelism& p, const CsvRow& row);

void interleave(Parallelism& p, std::int64_t virtual_stages);

}  // namespace bandwright
