#include "scaling/curve.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "simulator/closed_form.h"

namespace bandwright {
namespace {

constexpr double longest_step_ns = 100 * 86400e9;
constexpr double super_linear = 1.10;  // as in scaling/regimes.h

Time checked_time(double ns, const std::string& what) {
  if (!(ns <= longest_step_ns)) throw InputError(fmt::format("{} takes more than 100 days", what));
  return nanoseconds(ns);
}

StepGraph image_step(const ImageModel& model, double flop_per_s, const Network& network, std::int64_t batch) {
  const std::vector<ImageModel::Phase> phases = model.phases();
  std::vector<std::string> names;
  for (const ImageModel::Phase& phase : phases) names.push_back(phase.name);
  StepGraphBuilder builder(model.name, {whole_network(network)}, std::move(names));
  std::vector<OperationId> front;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const auto line = static_cast<std::uint16_t>(i);
    const double flop = static_cast<double>(phases[i].flops_per_image) * static_cast<double>(batch);
    const Time duration = checked_time(flop / flop_per_s * 1e9, "a step of " + model.name);
    front = {builder.compute({Role::Other, line}, duration, front)};
    if (network.dimensions.empty()) continue;
    const GroupCollective reduction{{CollectiveKind::AllReduce, phases[i].gradients}, 0};
    front = {builder.collective({Role::WeightGradient, line}, reduction, front)};
  }
  return std::move(builder).finish();
}

// Plays the step at each worker count.
class CurveSimulation {
 public:
  CurveSimulation(const CurveWorkload& workload, const Cluster& cluster, const CurveOptions& options)
      : workload_(workload), cluster_(cluster), options_(options) {
    const double fewest = workload.fewest_workers;
    CurvePoint one = unchecked(workload.fewest_workers);
    one_worker_rate_ = one.items_per_second / fewest;
  }

  [[nodiscard]] CurvePoint point(int workers) const {
    CurvePoint point{.workers = workers, .batch = batch_at(workers)};
    point.memory_bytes = workload_.memory_bytes(point.batch);
    point.fits = !point.memory_bytes || *point.memory_bytes <= to_double(cluster_.memory);
    if (point.fits) {
      const CurvePoint played = unchecked(workers);
      point.step_seconds = played.step_seconds;
      point.items_per_second = played.items_per_second;
      point.exposed_share = played.exposed_share;
      point.efficiency = played.items_per_second / workers / one_worker_rate_;
    }
    const auto known = options_.measured.find(workers);
    if (known != options_.measured.end()) point.measured = known->second;
    return point;
  }

  // Whether the step can be divided over so many.
  [[nodiscard]] bool divides(int workers) const {
    return workers % workload_.fewest_workers == 0 &&
           (options_.mode == ScalingMode::Weak || options_.global_batch % workers == 0);
  }

 private:
  [[nodiscard]] std::int64_t batch_at(int workers) const {
    if (workers % workload_.fewest_workers != 0) {
      throw InputError(fmt::format("{} workers are no whole number of replicas of {} ({} each)", workers,
                                   workload_.name, workload_.fewest_workers));
    }
    if (options_.mode == ScalingMode::Weak)
      return options_.batch > 0 ? options_.batch : workload_.usual_batch;
    if (options_.global_batch % workers != 0) {
      throw InputError(
          fmt::format("a global batch of {} does not divide by {} workers", options_.global_batch, workers));
    }
    return options_.global_batch / workers;
  }

  [[nodiscard]] CurvePoint unchecked(int workers) const {
    const std::int64_t batch = batch_at(workers);
    const ClusterPart part = part_of(cluster_, workers);
    const StepGraph graph = workload_.step(part.network, batch);
    const StepResult result = ClosedForm(graph, part.network.size()).evaluate(part.gb_per_s);
    const double replicas = static_cast<double>(workers) / workload_.fewest_workers;
    CurvePoint point;
    point.step_seconds = to_seconds(result.step_time);
    if (!(point.step_seconds > 0.0)) throw InputError(workload_.name + ": a step takes no time");
    point.items_per_second = static_cast<double>(batch) * replicas / point.step_seconds;
    point.exposed_share = to_seconds(result.exposed_communication) / point.step_seconds;
    return point;
  }

  const CurveWorkload& workload_;
  const Cluster& cluster_;
  const CurveOptions& options_;
  double one_worker_rate_ = 0.0;
};

void find_bound(const CurveSimulation& simulation, const CurveOptions& options, Curve& curve) {
  for (const CurvePoint& point : curve.points) {
    if (point.fits && point.efficiency < options.efficiency) {
      curve.under_bound_at = point.workers;
      return;
    }
  }
  curve.searched_to = curve.points.back().workers;
  for (std::int64_t n = 2LL * curve.searched_to; n <= max_npus && simulation.divides(static_cast<int>(n));
       n *= 2) {
    curve.searched_to = static_cast<int>(n);
    const CurvePoint point = simulation.point(curve.searched_to);
    if (point.fits && point.efficiency < options.efficiency) {
      curve.under_bound_at = point.workers;
      return;
    }
  }
}

void warn(const CurveWorkload& workload, const Cluster& cluster, const CurveOptions& options, Curve& curve) {
  for (const CurvePoint& point : curve.points) {
    if (point.fits) continue;
    curve.warnings.push_back(fmt::format(
        "{} workers: a batch of {} needs {:.1f} GB on a worker of {} that has {:.1f} GB", point.workers,
        point.batch, *point.memory_bytes * 1e-9, cluster.name, to_double(cluster.memory) * 1e-9));
  }
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
                  "communicates explains "
                  "it",
                  fmt::join(factors, ", "), fmt::join(where, ", "), workload.name));
}

}  // namespace

CurveWorkload image_workload(const ImageModel& model, double flop_per_s) {
  return {.name = model.name,
          .item = "images",
          .usual_batch = model.batch,
          .step = [model, flop_per_s](
                      const Network& network,
                      std::int64_t batch) { return image_step(model, flop_per_s, network, batch); },
          .memory_bytes = [model](std::int64_t batch) { return std::optional(model.memory_bytes(batch)); }};
}

CurveWorkload table_workload(const Model& model, const TrainingLoop& loop) {
  return {.name = model.name,
          .item = "replica steps",
          .fewest_workers = static_cast<int>(model.tensor_parallel),
          .batch_is_fixed = true,
          .step = [model, &loop](const Network& network,
                                 std::int64_t) { return build_step(model, network, loop, {}); },
          .memory_bytes = [](std::int64_t) { return std::optional<double>(); }};
}

Curve simulate_curve(const CurveWorkload& workload, const Cluster& cluster, const CurveOptions& options) {
  if (workload.batch_is_fixed && (options.mode == ScalingMode::Strong || options.batch > 1)) {
    throw InputError(fmt::format(
        "{} is a table of fixed work per replica: its batch cannot be set or divided (only --weak)",
        workload.name));
  }
  const CurveSimulation simulation(workload, cluster, options);
  Curve curve;
  for (const int workers : options.workers) curve.points.push_back(simulation.point(workers));
  find_bound(simulation, options, curve);
  warn(workload, cluster, options, curve);
  return curve;
}

}  // namespace bandwright
