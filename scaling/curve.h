#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scaling/series.h"
#include "training/machine.h"

namespace bandwright {

// One step of a workload on some workers of a machine.
struct CurveStep {
  std::int64_t batch = 0;  // items that one replica of the model takes into it
  double items = 0.0;      // of all replicas
  double seconds = 0.0;
  double exposed_seconds = 0.0;        // communication that compute waits for
  std::optional<double> memory_bytes;  // of one worker, where it is known
  std::string division;                // "TP 8 PP 4 DP 16": how workers share a replica; empty: they do not
};

// A model as a curve needs it (scaling/curve_workloads.h has those there are).
struct CurveWorkload {
  std::string name;
  std::string item;        // what is counted: "images", "tokens"
  std::string batch_item;  // what a batch counts: "images", "sequences"
  // The fewest workers that can be timed, memory aside: their rate is what others are held against. None:
  // the first point that fits is.
  std::optional<int> fewest_workers;
  std::int64_t usual_batch = 1;  // items a worker brings in weak scaling
  bool batch_is_fixed = false;   // per replica
  // So often the last worker count is doubled to find where efficiency falls under the bound.
  int doublings = 30;
  // A step of `batch` items on `workers` workers together. Throws InputError when it cannot be divided so.
  std::function<CurveStep(int workers, std::int64_t batch)> step;
};

struct CurveOptions {
  std::vector<int> workers;
  ScalingMode mode = ScalingMode::Weak;
  std::int64_t batch = 0;          // of a worker, for weak scaling; 0 is the model's own
  std::int64_t global_batch = 0;   // for strong scaling
  double efficiency = 0.5;         // the bound below which more workers do not pay
  std::map<int, double> measured;  // items per second, by worker count
};

struct CurvePoint {
  int workers = 0;
  CurveStep step;
  std::string refused;  // why there is no such step: memory, or a division; empty: there is one
  bool fits = true;     // into memory
  double items_per_second = 0.0;
  double efficiency = 0.0;         // rate per worker, of that of the baseline
  double exposed_share = 0.0;      // of the step
  std::optional<double> measured;  // items per second

  [[nodiscard]] bool played() const { return refused.empty(); }
  // Of the simulated rate.
  [[nodiscard]] std::optional<double> error() const {
    return measured && played() ? std::optional(items_per_second / *measured - 1.0) : std::nullopt;
  }
};

struct Curve {
  std::vector<CurvePoint> points;
  int baseline = 1;  // workers whose rate has efficiency 1
  // The first worker count, of those asked for or a doubling of the last, whose efficiency is under the
  // bound; none up to `searched_to`.
  std::optional<int> under_bound_at;
  int searched_to = 0;
  std::vector<std::string> warnings;
};

// Throughput against workers from the closed-form step time. A worker count that cannot be (its batch does
// not divide, it does not fill the machine, its memory is too small) is a point with a reason and a warning.
// Throws InputError, the first such reason, when memory is the obstacle nowhere and no point is left; and
// when a fixed amount of work is to be divided.
Curve simulate_curve(const CurveWorkload& workload, const Machine& machine, const CurveOptions& options);

}  // namespace bandwright
