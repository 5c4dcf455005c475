#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "answers/scaling/scaling.h"
#include "report/unit.h"

namespace bandwright {
namespace {

std::string title_of(const SimulatedCurve& answer) {
  const bool strong = answer.options.mode == ScalingMode::Strong;
  std::string text = fmt::format("{} on {}, {} scaling", answer.workload.name, answer.machine.name,
                                 strong ? "strong" : "weak");
  if (strong)
    text += fmt::format(" of {} {} a step", answer.options.global_batch, answer.workload.batch_item);
  return text;
}

Verdict verdict_of_curve(const SimulatedCurve& answer) {
  const double percent = 100 * answer.options.efficiency;
  const std::string base = answer.curve.baseline == 1
                               ? std::string()
                               : fmt::format(" of the rate per worker at {}", answer.curve.baseline);
  if (answer.curve.under_bound_at) {
    return {fmt::format("efficiency is under {:.0f} %{} at {} workers", percent, base,
                        *answer.curve.under_bound_at)};
  }
  if (answer.curve.searched_to == 0) return {"no point can be played", Verdict::Mood::Bad};
  return {fmt::format("efficiency stays at {:.0f} % or more{} up to {} workers", percent, base,
                      answer.curve.searched_to)};
}

Table points_of(const SimulatedCurve& answer) {
  Table table = Table::of("points");
  table.main = true;
  table.column("workers").column("divided_into").column("batch").column("step_time_s");
  table.column("items_per_s", answer.workload.item + "/s").column("efficiency").column("exposed_share");
  table.column("memory_bytes").column("measured_items_per_s", "measured/s").column("error");
  table.column("fits").column("refused", "", Shown::ToPrograms);
  for (const CurvePoint& p : answer.curve.points) {
    const auto simulated = [&](double number) { return p.played() ? Value(number) : Value(); };
    table.rows.push_back({p.workers, p.step.division.empty() ? Value() : Value(p.step.division),
                          p.step.batch > 0 ? Value(p.step.batch) : Value(), simulated(p.step.seconds),
                          simulated(p.items_per_second), simulated(p.efficiency), simulated(p.exposed_share),
                          p.step.memory_bytes, p.measured, p.error(),
                          p.step.memory_bytes || !p.fits ? Value(p.fits) : Value(),
                          p.played() ? Value() : Value(p.refused)});
  }
  return table;
}

Chart curve_chart(const SimulatedCurve& answer) {
  Chart::Panel panel{.title = "", .series = {{"simulated", {}, {}}, {"measured", {}, {}, Chart::Mark::Dots}}};
  for (const CurvePoint& p : answer.curve.points) {
    const auto add = [&](Chart::Series& series, double rate) {
      series.x.push_back(static_cast<double>(p.workers));
      series.y.push_back(rate);
    };
    if (p.played()) add(panel.series[0], p.items_per_second);
    if (p.measured) add(panel.series[1], *p.measured);
  }
  std::erase_if(panel.series, [](const Chart::Series& series) { return series.x.empty(); });
  return {.name = "scaling",
          .caption = "throughput by number of workers",
          .x = {"workers", true},
          .y = {answer.workload.item + "/s", true},
          .panels = {std::move(panel)}};
}

double mean_traffic(const TrialsSummary& point, double makespan_s) {
  return point.head_bytes / makespan_s / 1e9;
}

double seconds_of(TrialTime time) { return static_cast<double>(time.count()) / 1e9; }

}  // namespace

void hide_empty_columns(Table& table) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const bool empty = std::all_of(table.rows.begin(), table.rows.end(),
                                   [&](const auto& row) { return row[c].is_nothing(); });
    if (empty) table.columns[c].shown = Shown::ToPrograms;
  }
}

Document curve_document(const SimulatedCurve& answer) {
  Document document{.title = title_of(answer), .verdict = verdict_of_curve(answer)};
  document.data("model", answer.workload.name)
      .data("machine", answer.machine.name)
      .data("scaling", answer.options.mode == ScalingMode::Strong ? "strong" : "weak")
      .data("item", answer.workload.item);
  if (!answer.remark.empty()) document.fact("calibration", answer.remark, answer.remark, "compute");
  if (answer.image_model) {
    const ImageModel& model = *answer.image_model;
    document.fact("parameters", model.parameters())
        .fact("gradient_bytes", model.gradients())
        .fact("flop_per_image_mflop", static_cast<double>(model.flops_per_image()) * 1e-6);
  }
  document.fact("memory_capacity_bytes", answer.machine.npu.memory_bytes, "", "memory of a worker");
  document.data("baseline_workers", answer.curve.baseline)
      .data("efficiency_bound", answer.options.efficiency)
      .data("under_bound_at", answer.curve.under_bound_at)
      .data("searched_to", answer.curve.searched_to);
  Table table = points_of(answer);
  hide_empty_columns(table);
  document.add(std::move(table)).add(curve_chart(answer));
  document.add(List::of("warnings", answer.curve.warnings.empty() ? "" : "warnings", answer.curve.warnings));
  return document;
}

TrialsAnswer trials_answer(const std::vector<Trial>& trials, const std::vector<int>& workers,
                           const TrialCluster& cluster, const TrialScheduler& scheduler,
                           const HalvingOptions& halving) {
  TrialsAnswer answer{.cluster = cluster, .scheduler = &scheduler, .jobs = static_cast<int>(trials.size())};
  const auto on = [&](int n) {
    TrialCluster sized = cluster;
    sized.workers = n;
    return run_trials(trials, sized, scheduler, halving);
  };
  answer.one_worker_seconds = static_cast<double>(on(1).makespan.count()) / 1e9;
  for (const int n : workers) answer.points.push_back(on(n));
  const double limit = saturating_workers(cluster);
  if (workers.back() > limit) {
    answer.warnings.push_back(
        fmt::format("the head link carries {:.0f} workers; beyond that trials wait for it", limit));
  }
  if (workers.back() > answer.jobs) {
    answer.warnings.push_back(
        fmt::format("more than {0} workers stand idle: there are {0} jobs", answer.jobs));
  }
  return answer;
}

Document trials_document(const TrialsAnswer& answer) {
  const TrialCluster& cluster = answer.cluster;
  const double limit = saturating_workers(cluster);
  const bool saturates = std::isfinite(limit);
  Document document{.title = fmt::format("{} trials, scheduler {}", answer.jobs, answer.scheduler->name)};
  document.verdict.text = saturates ? fmt::format("the head link saturates at {:.0f} workers", limit)
                                    : std::string("the head link never saturates");
  document.data("jobs", answer.jobs)
      .data("scheduler", answer.scheduler->name)
      .fact("head_link_gb_per_s", cluster.head_link, quantity(cluster.head_link.value(), Unit::GbPerS))
      .fact("one_worker_time_s", answer.one_worker_seconds)
      .data("saturates_at_workers", saturates ? Value(limit) : Value());
  Table table = Table::of("points");
  table.main = true;
  table.column("workers").column("makespan_s").column("speedup").column("efficiency").column("utilization");
  table.column("head_gb_per_s").column("head_share").column("mean_head_gb_per_s");
  table.column("head_bytes", "", Shown::ToPrograms).column("stopped_early");
  for (const TrialsSummary& point : answer.points) {
    TrialCluster with = cluster;
    with.workers = point.workers;
    const double makespan = seconds_of(point.makespan);
    const double speedup = answer.one_worker_seconds / makespan;
    const double traffic = head_traffic(with) / 1e9;
    table.rows.push_back({point.workers, makespan, speedup, speedup / point.workers, point.utilization(),
                          traffic, traffic / cluster.head_link.value(), mean_traffic(point, makespan),
                          point.head_bytes, point.stopped_early});
  }
  document.add(std::move(table));
  document.add(List::of("warnings", answer.warnings.empty() ? "" : "warnings", answer.warnings));
  document.notes = {"through the head: with every worker busy; mean: over the study"};
  return document;
}

Document measurement_document(const std::vector<std::string>& command,
                              const std::vector<MeasuredPoint>& points) {
  Document document{.title = fmt::format("{}", fmt::join(command, " "))};
  document.data("measured_command", command);
  Table table = Table::of("points");
  table.main = true;
  table.column("workers").column("median_s").column("fastest_s").column("slowest_s").column("spread");
  table.column("peak_memory_bytes").column("runs");
  const bool has_rates =
      std::any_of(points.begin(), points.end(), [](const auto& point) { return !point.rates.empty(); });
  const bool has_gpus =
      std::any_of(points.begin(), points.end(), [](const auto& point) { return point.gpu_bytes > 0; });
  if (has_rates)
    table.column("items_per_s").column("low_items_per_s").column("high_items_per_s").column("rates");
  if (has_gpus) table.column("gpu_memory_bytes");
  Table failures = Table::of("failures", "not measured");
  failures.column("workers").column("reason");
  for (const MeasuredPoint& point : points) {
    if (!point.failure.empty()) {
      failures.rows.push_back({point.workers, point.failure});
      continue;
    }
    const auto [fastest, slowest] = std::minmax_element(point.seconds.begin(), point.seconds.end());
    std::vector<Value>& row = table.rows.emplace_back();
    row = {point.workers,    point.median(),      *fastest, *slowest, point.spread(),
           point.peak_bytes, point.seconds.size()};
    if (has_rates) {
      const CentralRange rate = central_range(point.rates);
      row.insert(row.end(), {rate.median, rate.low, rate.high, point.rates.size()});
    }
    if (has_gpus) row.emplace_back(point.gpu_bytes);
  }
  document.add(std::move(table)).add(std::move(failures));
  return document;
}

}  // namespace bandwright
