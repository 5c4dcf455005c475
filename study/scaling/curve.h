#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scaling/curve.h"
#include "study/job/job.h"
#include "workload/image_model.h"

namespace bandwright {

// How throughput grows with the number of NPUs: of a job but for its --npus. Of a transformer, what the job
// leaves open of its division is at each point what makes the step the fastest of all that fit
// (plan/division_search.h).
struct CurveQuestion {
  Job job;
  std::vector<int> workers;
  ScalingMode mode = ScalingMode::Weak;
  std::int64_t batch = 0;                         // of a worker, for weak scaling; 0 is the model's own
  double efficiency = 0.5;                        // the bound below which more workers do not pay
  double one_worker_rate = 0.0;                   // items per second; 0 takes the machine's
  std::optional<std::map<int, double>> measured;  // items per second; nothing: what the machine knows
};

// A curve with what it was made of.
struct SimulatedCurve {
  CurveWorkload workload;
  Machine machine;
  std::optional<ImageModel> image_model;
  std::string remark;  // a sentence: how compute was calibrated, or what was chosen; "" where there is none
  CurveOptions options;
  Curve curve;
};

// Throws InputError. A worker count that cannot be is a point with its reason.
SimulatedCurve curve(const CurveQuestion& question);

}  // namespace bandwright
