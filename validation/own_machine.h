#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "validation/data_set.h"

namespace bandwright {

// What somebody measured on a machine of theirs, by what it tells of it:
//
//   gemms        matrix multiplications in bf16: `gemm_efficiency`, `memory_efficiency`,
//   `kernel_overhead_us`,
//                `slice_ns` of its NPU
//   collectives  `efficiency`, `latency_us`, `step_us` of its innermost links, or of those that most rows of
//                more NPUs cross
//   steps        `sustained` of its NPU: one number, however many steps
struct OwnMeasurements {
  DataSet gemms;
  DataSet collectives;
  DataSet steps;
};

// A table with the columns m, n, k and latency_us or latency_ms: C (m x n) = A (m x k) B (k x n).
DataSet read_own_gemms(const std::filesystem::path& file, const Machine& machine);

// What one of the NCCL tests prints (github.com/NVIDIA/nccl-tests, and RCCL's), of sizes above 1 MiB, out of
// place. The collective and the NPUs are read from its heading ("all_reduce_perf", one line per rank); where
// the heading was cut off, `collective` and `npus` (0: not given) say them. Throws InputError.
DataSet read_nccl_tests(const std::filesystem::path& file, const Machine& machine,
                        std::string_view collective, int npus);

// One constant as it was and as it is.
struct FittedNumber {
  std::string kind;  // of NPU, or of links
  std::string field;
  double before = 0.0;
  double after = 0.0;
};
struct OwnMachine {
  Machine machine;  // with constants of its own
  std::vector<FittedNumber> constants;
  std::vector<double> before;  // relative errors of all measurements, in the order of OwnMeasurements
  std::vector<double> after;
};

// Fits the constants that there are measurements of; the others stay. With fewer rows than constants only the
// first of them is fitted. Throws InputError without any measurement.
OwnMachine fit_own_machine(Machine machine, const OwnMeasurements& measured);

}  // namespace bandwright
