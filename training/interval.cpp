#include "training/interval.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/io/csv.h"
#include "core/io/paths.h"
#include "workload/parameters.h"

namespace bandwright {
namespace {

constexpr double share_held = 0.9;
constexpr double unmeasured_weight = 0.3;
constexpr double unmeasured_error = 0.5;
constexpr std::size_t runs_named = 3;

double unlikeness(const StepKind& a, const StepSizes& of_a, const StepKind& b, const StepSizes& of_b) {
  const auto differ = [](bool differs, double by) { return differs ? by : 0.0; };
  const auto doublings = [](double x, double y) { return std::abs(x - y); };
  return differ(a.npu != b.npu, 1.0) + differ(of_a.tpu != of_b.tpu, 1.0) +
         differ(a.experts != b.experts, 1.0) + 0.2 * doublings(of_a.parameters, of_b.parameters) +
         0.15 * doublings(of_a.npus, of_b.npus) + 0.15 * doublings(of_a.tokens_per_npu, of_b.tokens_per_npu) +
         differ(a.tensor != b.tensor, 0.2) + differ(a.pipeline != b.pipeline, 0.2) +
         differ(a.weights_divided != b.weights_divided, 0.3) + differ(a.precision != b.precision, 0.3);
}

// What is in the file of errors, and no more: logarithms and exponentials are taken of it.
constexpr double most_parameters = 1e18;
constexpr double most_npus = 1e9;
constexpr double most_tokens = 1e15;
constexpr double largest_error = 20.0;  // a factor of 5e8

Precision precision_in(const CsvRow& row, std::string_view column) {
  return placed(row.place(column), [&] { return precision(row.text(column)); });
}
bool said_yes(const CsvRow& row, std::string_view column) {
  static_cast<void>(row.text(column));  // there has to be one
  return row.yes(column);
}

}  // namespace

StepKind step_kind(const TrainingJob& job) {
  const Parallelism& p = job.parallelism;
  const auto npus = static_cast<double>(p.npus());
  return {.npu = job.machine.npu.constants_name,
          .experts = job.model.sparse(),
          .parameters = parameters(job.model),
          .npus = npus,
          .tokens_per_npu = static_cast<double>(p.global_batch * job.model.sequence) / npus,
          .tensor = p.tensor > 1,
          .pipeline = p.pipeline > 1,
          .weights_divided = p.zero >= 2,
          .precision = p.precision};
}

StepSizes step_sizes(const StepKind& kind) {
  return {std::log2(kind.parameters), std::log2(kind.npus), std::log2(kind.tokens_per_npu),
          kind.npu.starts_with("tpu")};
}

double unlikeness(const StepKind& a, const StepKind& b) {
  return unlikeness(a, step_sizes(a), b, step_sizes(b));
}

MeasuredErrors::MeasuredErrors(std::vector<MeasuredStep> steps) : steps_(std::move(steps)) {
  for (const MeasuredStep& step : steps_) sizes_.push_back(step_sizes(step.kind));
  // Runs of one configuration err alike: together they count as one.
  std::map<std::string_view, double> runs;
  for (const MeasuredStep& step : steps_) runs[step.configuration] += 1.0;
  std::vector<std::pair<double, double>> scores;  // with what each counts
  for (const MeasuredStep& step : steps_) {
    const Expected other = expected(unlikenesses(step.kind), step.configuration);
    scores.emplace_back(std::abs(step.error - other.error) / other.spread, 1.0 / runs[step.configuration]);
  }
  std::sort(scores.begin(), scores.end());
  // One run more than there are, which is yet to come, must be held as often (Lei et al., Distribution-free
  // predictive inference for regression, 2018).
  double left = share_held * static_cast<double>(runs.size() + 1);
  for (const auto& [score, count] : scores) {
    if (left <= 0.0) break;
    factor_ = score;
    left -= count;
  }
}

std::vector<double> MeasuredErrors::unlikenesses(const StepKind& kind) const {
  const StepSizes sizes = step_sizes(kind);
  std::vector<double> all;
  all.reserve(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i)
    all.push_back(unlikeness(kind, sizes, steps_[i].kind, sizes_[i]));
  return all;
}

MeasuredErrors::Expected MeasuredErrors::expected(std::span<const double> unlike,
                                                  const std::string& without) const {
  double weights = unmeasured_weight;
  double errors = 0.0;
  std::vector<std::pair<double, double>> others;  // weight and error
  others.reserve(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const MeasuredStep& step = steps_[i];
    if (step.configuration == without) continue;
    const double weight = std::exp(-2.0 * unlike[i]);
    weights += weight;
    errors += weight * step.error;
    others.emplace_back(weight, step.error);
  }
  Expected result{errors / weights, unmeasured_weight * unmeasured_error};
  for (const auto& [weight, error] : others) result.spread += weight * std::abs(error - result.error);
  result.spread /= weights;
  return result;
}

StepInterval MeasuredErrors::interval(const StepKind& kind, double step_ns) const {
  const std::vector<double> unlike = unlikenesses(kind);
  const Expected about = expected(unlike, "");
  StepInterval interval{step_ns * std::exp(-about.error - factor_ * about.spread),
                        step_ns * std::exp(-about.error + factor_ * about.spread)};
  std::vector<std::size_t> nearest(steps_.size());
  std::iota(nearest.begin(), nearest.end(), std::size_t{0});
  const std::size_t named = std::min(runs_named, nearest.size());
  std::partial_sort(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(named), nearest.end(),
                    [&](std::size_t a, std::size_t b) { return unlike[a] < unlike[b]; });
  for (std::size_t i = 0; i < named; ++i) interval.runs.push_back(steps_[nearest[i]].run);
  return interval;
}

bool MeasuredErrors::holds(const MeasuredStep& step) const {
  const Expected about = expected(unlikenesses(step.kind), step.configuration);
  return std::abs(step.error - about.error) <= factor_ * about.spread;
}

double MeasuredErrors::width(const StepKind& kind) const {
  return 2.0 * factor_ * expected(unlikenesses(kind), "").spread;
}

std::vector<MeasuredStep> read_step_errors(const std::string& file) {
  std::vector<MeasuredStep> steps;
  for (const CsvRow& row : read_csv(file).rows) {
    steps.push_back({.run = row.text("run"),
                     .configuration = row.text("configuration"),
                     .kind = {.npu = row.text("npu"),
                              .experts = said_yes(row, "experts"),
                              .parameters = row.number_in("parameters", 1.0, most_parameters),
                              .npus = row.number_in("npus", 1.0, most_npus),
                              .tokens_per_npu = row.number_in("tokens_per_npu", 1e-9, most_tokens),
                              .tensor = said_yes(row, "tensor"),
                              .pipeline = said_yes(row, "pipeline"),
                              .weights_divided = said_yes(row, "weights_divided"),
                              .precision = precision_in(row, "precision")},
                     .error = row.number_in("error", -largest_error, largest_error)});
  }
  return steps;
}

const MeasuredErrors& shipped_errors() {
  static const MeasuredErrors errors(read_step_errors((inputs_folder() / "step_errors.csv").string()));
  return errors;
}

}  // namespace bandwright
