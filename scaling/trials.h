#pragma once
#include <span>
#include <string_view>

#include "core/units.h"
#include "scaling/trial_set.h"

namespace bandwright {

// Workers that each run one trial at a time, all talking to one head node, whose link they share:
//
//   worker 1 --.
//   worker 2 ---+-- head link B -- head node          a trial moves r bytes per second through the head
//   worker N --'
//
// While A trials run, the head link gives each min(r, B/A): with equal demands that is what max-min fairness
// gives. A trial that gets less than r advances that much slower. So the head saturates at B/r workers, and
// below that J trials of duration tau take startup + ceil(J/N) tau, a staircase in N.
struct TrialCluster {
  int workers = 1;
  TrialTime startup{};  // before the first trial starts
  Bandwidth head_link;  // B, above 0
  Bandwidth rate;       // r
};

// Which trials run on. Both take trials in the order given, the next one when a worker becomes free.
struct TrialScheduler {
  std::string_view name;
  std::string_view help;
  bool stops_early;
};
std::span<const TrialScheduler> trial_schedulers();

// Asynchronous successive halving, the variant that stops trials: when a trial has done grace, grace eta,
// grace eta^2 ... of its max_t iterations it goes on only if it is among the best 1/eta of those that have
// got there so far (the first always goes on). Trials do not wait for each other. Li et al., A System for
// Massively Parallel Hyperparameter Tuning, MLSys 2020; the stopping rule is that of Ray Tune's
// AsyncHyperBand.
struct HalvingOptions {
  int eta = 4;      // at least 2
  int grace = 1;    // iterations, at least 1
  int max_t = 100;  // iterations of a whole trial, at least grace
};

struct TrialsSummary {
  int workers = 0;
  TrialTime makespan{};   // from the start of the cluster to the end of the last trial
  TrialTime busy{};       // summed over workers
  int stopped_early = 0;  // trials
  double head_bytes = 0.0;
  double peak_bytes_per_s = 0.0;  // through the head link, the highest that occurred

  // Of the workers' time, startup included.
  [[nodiscard]] double utilization() const;
};

// Plays the study event by event. REQUIRES a scheduler of the catalogue and at least one trial. Throws
// InputError when the study would take longer than 200 years.
TrialsSummary run_trials(std::span<const Trial> trials, const TrialCluster& cluster,
                         const TrialScheduler& scheduler, const HalvingOptions& halving = {});

// Bytes per second through the head link with every worker busy: N r, capped at B.
double head_traffic(const TrialCluster& cluster);
// The most workers that the head link serves in full, B/r rounded down; infinite for a rate of 0.
double saturating_workers(const TrialCluster& cluster);

}  // namespace bandwright
