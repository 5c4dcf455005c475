#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "training/training_step.h"

namespace bandwright {

// What decides how far an estimate may be off.
struct StepKind {
  std::string npu;  // by its constants
  bool experts = false;
  double parameters = 0.0;
  double npus = 1.0;
  double tokens_per_npu = 1.0;  // of a step
  bool tensor = false;
  bool pipeline = false;
  bool weights_divided = false;  // ZeRO 2 and 3
  Precision precision = Precision::Bf16;
};
StepKind step_kind(const TrainingJob& job);
// Its sizes as logarithms, for who compares it often.
struct StepSizes {
  double parameters = 0.0;
  double npus = 0.0;
  double tokens_per_npu = 0.0;
  bool tpu = false;
};
StepSizes step_sizes(const StepKind& kind);
// 0 for the same, 1 for what differs in one thing that matters, as another NPU or experts.
double unlikeness(const StepKind& a, const StepKind& b);

// A measured step and how far its prediction was off: ln(predicted / measured), with constants fitted without
// its configuration.
struct MeasuredStep {
  std::string run;            // in words
  std::string configuration;  // equal for runs that only software and luck tell apart
  StepKind kind;
  double error = 0.0;
};

// In which nine of ten measured steps lie, and which runs it is mostly from.
struct StepInterval {
  double low_ns = 0.0;
  double high_ns = 0.0;
  std::vector<std::string> runs;
};

// Errors of measured steps, for intervals of others.
//
// With weights w = exp(-2 u) of every measured step, u its unlikeness, the error is expected about
//
//   c = sum w e / (sum w + W)      s = (sum w |e - c| + W S) / (sum w + W)      W = 0.3, S = 0.5
//
// W stands for what was never measured, which is off by S. c and s are of all steps but those of the own
// configuration; the interval is step / exp(c -+ k s), k being what holds nine tenths of the measured steps
// so (conformal prediction: Vovk et al., Algorithmic Learning in a Random World, 2005).
class MeasuredErrors {
 public:
  explicit MeasuredErrors(std::vector<MeasuredStep> steps);
  [[nodiscard]] StepInterval interval(const StepKind& kind, double step_ns) const;
  // Whether a step that took `measured_ns` is inside.
  [[nodiscard]] bool holds(const MeasuredStep& step) const;
  [[nodiscard]] double width(const StepKind& kind) const;  // ln(high / low)
  [[nodiscard]] bool empty() const { return steps_.empty(); }

 private:
  struct Expected {
    double error = 0.0;
    double spread = 0.0;
  };
  // Of every measured step.
  [[nodiscard]] std::vector<double> unlikenesses(const StepKind& kind) const;
  [[nodiscard]] Expected expected(std::span<const double> unlike, const std::string& without) const;

  std::vector<MeasuredStep> steps_;
  std::vector<StepSizes> sizes_;
  double factor_ = 1.0;  // k
};

// Of inputs/step_errors.csv, written by `bandwright validate --step-errors`.
const MeasuredErrors& shipped_errors();
std::vector<MeasuredStep> read_step_errors(const std::string& file);

}  // namespace bandwright
