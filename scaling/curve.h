#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scaling/cluster.h"
#include "scaling/image_model.h"
#include "scaling/series.h"
#include "workload/model.h"
#include "workload/step_graph.h"
#include "workload/training_loop.h"

namespace bandwright {

// A model as a curve needs it: its step on a part of a cluster, and what that does.
struct CurveWorkload {
  std::string name;
  std::string item;              // what is counted: "images", or "replica steps" of a table of fixed work
  int fewest_workers = 1;        // of one replica
  std::int64_t usual_batch = 1;  // items that a replica takes into a step
  bool batch_is_fixed = false;
  std::function<StepGraph(const Network& network, std::int64_t batch)> step;
  std::function<std::optional<double>(std::int64_t batch)> memory_bytes;  // of one worker, where it is known
};

// Every phase computes, then reduces its gradients while nothing else happens, at `flop_per_s` of one worker.
CurveWorkload image_workload(const ImageModel& model, double flop_per_s);
CurveWorkload table_workload(const Model& model, const TrainingLoop& loop);

struct CurveOptions {
  std::vector<int> workers;
  ScalingMode mode = ScalingMode::Weak;
  std::int64_t batch = 0;          // of a replica, for weak scaling; 0 is the model's own
  std::int64_t global_batch = 0;   // for strong scaling
  double efficiency = 0.5;         // the bound below which more workers do not pay
  std::map<int, double> measured;  // items per second, by worker count
};

struct CurvePoint {
  int workers = 0;
  std::int64_t batch = 0;  // of a replica
  std::optional<double> memory_bytes;
  bool fits = true;  // a point that does not fit is not simulated
  double step_seconds = 0.0;
  double items_per_second = 0.0;
  double efficiency = 0.0;         // against the fewest workers, whether their memory suffices or not
  double exposed_share = 0.0;      // of the step: communication that compute waits for
  std::optional<double> measured;  // items per second

  // Of the simulated rate.
  [[nodiscard]] std::optional<double> error() const {
    return measured && fits ? std::optional(items_per_second / *measured - 1.0) : std::nullopt;
  }
};

struct Curve {
  std::vector<CurvePoint> points;
  // The first worker count, of those asked for or a doubling of the last, whose efficiency is under the
  // bound; none up to `searched_to`.
  std::optional<int> under_bound_at;
  int searched_to = 0;
  std::vector<std::string> warnings;
};

// Throughput against workers from the closed-form step time. Throws InputError when a batch does not divide,
// workers do not fill the cluster, or a fixed amount of work is to be divided.
Curve simulate_curve(const CurveWorkload& workload, const Cluster& cluster, const CurveOptions& options);

}  // namespace bandwright
