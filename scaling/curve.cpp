#include "scaling/curve.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "scaling/laws/regimes.h"

namespace bandwright {
namespace {

// Plays the step at each worker count.
class CurveSimulation {
 public:
  CurveSimulation(const CurveWorkload& workload, const Machine& machine, const CurveOptions& options)
      : workload_(workload), machine_(machine), options_(options) {
    if (workload.fewest_workers) set_baseline(*workload.fewest_workers, play(*workload.fewest_workers));
  }

  [[nodiscard]] CurvePoint point(int workers) {
    CurvePoint point{.workers = workers};
    const auto known = options_.measured.find(workers);
    if (known != options_.measured.end()) point.measured = known->second;
    try {
      point.step = play(workers);
    } catch (const InputError& error) {
      point.refused = error.what();
      return point;
    }
    point.fits = !point.step.memory_bytes || *point.step.memory_bytes <= machine_.npu.memory_bytes;
    if (!point.fits) {
      point.refused =
          fmt::format("a batch of {} needs {:.1f} GB on a worker of {} that has {:.1f} GB", point.step.batch,
                      *point.step.memory_bytes * 1e-9, machine_.name, machine_.npu.memory_bytes * 1e-9);
      return point;
    }
    if (rate_per_worker_ == 0.0) set_baseline(workers, point.step);
    point.items_per_second = point.step.items / point.step.seconds;
    point.exposed_share = point.step.exposed_seconds / point.step.seconds;
    point.efficiency = point.items_per_second / workers / rate_per_worker_;
    return point;
  }

  [[nodiscard]] int baseline() const { return baseline_; }

 private:
  [[nodiscard]] CurveStep play(int workers) const {
    if (options_.mode == ScalingMode::Strong) return workload_.step(workers, options_.global_batch);
    const std::int64_t each = options_.batch > 0 ? options_.batch : workload_.usual_batch;
    return workload_.step(workers, each * workers);
  }

  void set_baseline(int workers, const CurveStep& step) {
    baseline_ = workers;
    rate_per_worker_ = step.items / step.seconds / workers;
  }

  const CurveWorkload& workload_;
  const Machine& machine_;
  const CurveOptions& options_;
  int baseline_ = 1;
  double rate_per_worker_ = 0.0;  // of the baseline; 0 before there is one
};

// Nothing of a curve of which no point can be played: there is no rate to compare with.
void find_bound(CurveSimulation& simulation, const CurveOptions& options, int doublings, Curve& curve) {
  const auto played = [](const CurvePoint& point) { return point.played(); };
  if (std::none_of(curve.points.begin(), curve.points.end(), played)) return;
  const auto under = [&](const CurvePoint& point) {
    return point.played() && point.efficiency < options.efficiency;
  };
  const auto found = std::find_if(curve.points.begin(), curve.points.end(), under);
  if (found != curve.points.end()) {
    curve.under_bound_at = found->workers;
    return;
  }
  curve.searched_to = curve.points.back().workers;
  for (std::int64_t n = 2LL * curve.searched_to; n <= max_npus && doublings > 0; n *= 2, --doublings) {
    const CurvePoint point = simulation.point(static_cast<int>(n));
    if (!point.played() && point.fits) return;  // it cannot be divided further
    curve.searched_to = point.workers;
    if (!under(point)) continue;
    curve.under_bound_at = point.workers;
    return;
  }
}

void warn_of_super_linear(const CurveWorkload& workload, const CurveOptions& options, Curve& curve) {
  const auto one = options.measured.find(1);
  if (one == options.measured.end()) return;
  std::vector<std::string> factors;
  std::vector<int> where;
  for (const CurvePoint& point : curve.points) {
    const double factor = point.measured ? *point.measured / point.workers / one->second : 0.0;
    if (factor <= super_linear) continue;
    factors.push_back(fmt::format("{:.2f}x", factor));
    where.push_back(point.workers);
  }
  if (where.empty()) return;
  curve.warnings.push_back(
      fmt::format("outside the model: measured {} the one-node rate, per node, at {} nodes; nothing {} "
                  "communicates explains it",
                  fmt::join(factors, ", "), fmt::join(where, ", "), workload.name));
}

}  // namespace

Curve simulate_curve(const CurveWorkload& workload, const Machine& machine, const CurveOptions& options) {
  if (workload.batch_is_fixed && (options.mode == ScalingMode::Strong || options.batch > 1)) {
    throw InputError(fmt::format(
        "{} is a table of fixed work per replica: its batch cannot be set or divided (only --weak)",
        workload.name));
  }
  CurveSimulation simulation(workload, machine, options);
  Curve curve;
  bool possible = false;
  for (const int workers : options.workers) {
    const CurvePoint& point = curve.points.emplace_back(simulation.point(workers));
    if (!point.played()) curve.warnings.push_back(fmt::format("{} workers: {}", workers, point.refused));
    possible = possible || point.played() || !point.fits;
  }
  if (!possible) throw InputError(curve.warnings.front());
  curve.baseline = simulation.baseline();
  find_bound(simulation, options, workload.doublings, curve);
  warn_of_super_linear(workload, options, curve);
  return curve;
}

}  // namespace bandwright
