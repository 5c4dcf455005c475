#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/timeline.h"
#include "training/memory_bill.h"
#include "training/training_step.h"

namespace bandwright {

// Where a step's time goes. The exposed times of all lines add up to the step time, as the compute stream of
// the slowest pipeline stage sees it (simulator/closed_form/waiting.h). Hidden time passes beside compute.
struct BreakdownLine {
  std::string name;
  double exposed_ns = 0.0;
  double hidden_ns = 0.0;
  bool communication = false;
};
// Adds to the line of that name, or a line.
void add_to_breakdown(std::vector<BreakdownLine>& lines, const std::string& name, bool communication,
                      double exposed_ns, double hidden_ns);
void sort_breakdown(std::vector<BreakdownLine>& lines);  // the longest exposed first

// What a step time comes to.
struct TrainingRate {
  double tokens_per_s = 0.0;
  // Model FLOP/s, and with recomputation hardware FLOP/s, of the peak of all NPUs. Source: Chowdhery et al.,
  // PaLM (2022), appendix B.
  double mfu = 0.0;
  double hfu = 0.0;
  double tflop_per_s_per_npu = 0.0;     // of the model's FLOP
  double usd_per_million_tokens = 0.0;  // at the machine's price per NPU and hour; 0 without one
};
TrainingRate training_rate(const TrainingJob& job, double step_ns);

// Whether a job fits into the memory of its NPUs.
struct MemoryFit {
  MemoryBill memory;
  double memory_capacity = 0.0;  // bytes, slow memory included:
  double slow_memory = 0.0;
  std::string remedy;  // what would make it fit; empty when it fits or nothing does

  [[nodiscard]] bool fits() const { return memory.total() <= memory_capacity; }
};
MemoryFit memory_fit(const TrainingJob& job);

struct TrainingEstimate : TrainingRate, MemoryFit {
  double step_ns = 0.0;
  std::vector<BreakdownLine> breakdown;

  [[nodiscard]] double exposed_communication_ns() const;  // of the breakdown
};

// `gb_per_s` of each dimension of the job's network; the machine's own where empty.
TrainingEstimate estimate(const TrainingJob& job, const std::vector<double>& gb_per_s = {});

// One step, execution by execution: each as soon as what it depends on has ended. Throws InputError when
// there are more than a million.
Timeline play(const Step& step, std::span<const double> durations_ns);
// The same of a job at the bandwidths of estimate().
struct StepTimeline {
  Step step;
  Timeline timeline;
};
StepTimeline step_timeline(const TrainingJob& job, const std::vector<double>& gb_per_s = {});

}  // namespace bandwright
