#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plan/proof.h"
#include "study/job/job.h"
#include "study/watch.h"
#include "training/estimate.h"

namespace bandwright {

// How should a transformer be divided over the NPUs of a machine? Of a job, each of --tp --cp --pp --ep
// --virtual-stages --micro-batch --zero --recompute may be one value, a list or left out, which is any;
// --npus may be a list.
struct PlanQuestion {
  Job job;
  DivisionSearch search;
  std::string explain;  // "tp 8 pp 8": why is that not the best? "": nothing is asked
  bool prove = false;   // keep why each subtree of the space is closed
  bool pareto = false;  // the best of each NPU count that no other beats in step time and in the objective
};

// A division with all that is known of it.
struct PlannedDivision {
  RankedDivision ranked;
  TrainingEstimate estimate;
  std::optional<double> network_usd;  // where prices are asked for
};

struct PlanAnswer {
  DivisionSpace space;
  PlanObjective objective = PlanObjective::StepTime;
  std::vector<PlannedDivision> best;  // the best first; of a Pareto front, the fastest first
  DivisionCounts counts;
  std::optional<RankedDivision> smallest;  // bill of all that do not fit, where nothing does
  double memory_limit = 0.0;               // bytes
  // The fastest of all, where nothing is as fast as --max-step demands.
  std::optional<RankedDivision> fastest;
  std::vector<std::string> obstacles;  // NPU counts the machine cannot have, with the reason
  bool interrupted = false;
  bool pareto = false;
  std::vector<ClosedSubtree> proof;  // where it was asked for
  // Of a front that is proved: the best of each NPU count, on it or not.
  std::vector<RankedDivision> of_counts;

  struct Explained {
    std::string asked;
    std::optional<PlannedDivision> best;  // of those that agree with it; nothing where none fits
    std::optional<RankedDivision> smallest;
  };
  std::optional<Explained> explained;
};

// The space that is asked about, each NPU count with its weight in the objective; prices where it needs them.
struct WeighedSpace {
  DivisionSpace space;
  std::vector<std::optional<double>> network_usd;  // of each NPU count
};
WeighedSpace weighed_space(const Job& job, PlanObjective objective);  // throws InputError

// Throws InputError for words that cannot be read, and where the machine cannot have any of the NPU counts.
PlanAnswer plan(const PlanQuestion& question, const Watch& watch = {});

}  // namespace bandwright
