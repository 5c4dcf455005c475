#include "optimizer/solvers/adam.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace bandwright {
namespace {

constexpr int default_steps = 500'000;
constexpr int steps_per_row = 5'000;  // of the trace
constexpr double beta1 = 0.9;
constexpr double beta2 = 0.999;
constexpr double epsilon = 1e-8;
constexpr double least_share = 1e-6;

double budget_of(const Problem& problem) {
  if (problem.constraints.size() == 1) {
    const Constraint& total = problem.constraints.front();
    const std::vector<double>& a = total.coefficients;
    const bool uniform = std::all_of(a.begin(), a.end(), [&](double c) { return c == a.front(); });
    if (uniform && total.sense == Sense::Equal && total.bound / a.front() > 0) return total.bound / a.front();
  }
  throw InputError("solver 'adam' knows one total budget and no other constraint; use 'cutting-plane'");
}

// The objective at b and its gradient.
double evaluate(const Problem& problem, const std::vector<double>& b, std::vector<double>& gradient) {
  const Cut cut = step_time(problem, b);
  const double ns = cut.at(b);
  std::fill(gradient.begin(), gradient.end(), 0.0);
  for (const Load& load : cut.loads) {
    double shared = 0.0;
    for (std::size_t d = 0; d < b.size(); ++d)
      shared += contains(load.dims, static_cast<int>(d)) ? b[d] : 0.0;
    for (std::size_t d = 0; d < b.size(); ++d) {
      if (contains(load.dims, static_cast<int>(d))) gradient[d] -= load.bytes / (shared * shared);
    }
  }
  if (problem.target == Target::Perf) return ns;
  const double dollars = cost(problem, b);
  for (std::size_t d = 0; d < b.size(); ++d) gradient[d] = gradient[d] * dollars + ns * problem.price[d];
  return ns * dollars;
}

class Adam {
 public:
  Adam(const Problem& problem, double budget)
      : rate_(problem.target == Target::Perf ? 5e-3 : 3e-2),
        least_(least_share * budget),
        budget_(budget),
        b_(static_cast<std::size_t>(problem.dimensions), budget / problem.dimensions),
        mean_(b_.size()),
        square_(b_.size()) {}

  [[nodiscard]] const std::vector<double>& b() const { return b_; }

  void step(const std::vector<double>& gradient) {
    power1_ *= beta1;
    power2_ *= beta2;
    const std::size_t last = b_.size() - 1;
    double rest = budget_;
    for (std::size_t d = 0; d < last; ++d) {
      const double slope = gradient[d] - gradient[last];
      mean_[d] = beta1 * mean_[d] + (1.0 - beta1) * slope;
      square_[d] = beta2 * square_[d] + (1.0 - beta2) * slope * slope;
      const double root = std::sqrt(square_[d] / (1.0 - power2_)) + epsilon;
      const double most = rest - least_ * static_cast<double>(last - d);
      b_[d] = std::clamp(b_[d] - rate_ * mean_[d] / (1.0 - power1_) / root, least_, most);
      rest -= b_[d];
    }
    b_[last] = rest;
  }

 private:
  double rate_, least_, budget_;
  std::vector<double> b_, mean_, square_;
  double power1_ = 1.0, power2_ = 1.0;
};

}  // namespace

Summary solve_by_adam(const Problem& problem, const Options& options) {
  Adam adam(problem, budget_of(problem));
  std::vector<double> gradient(static_cast<std::size_t>(problem.dimensions));
  Summary summary;
  summary.status = Status::Optimal;
  const int steps = options.max_iterations > 0 ? options.max_iterations : default_steps;
  for (int step = 1; step <= steps; ++step) {
    const double objective = evaluate(problem, adam.b(), gradient);
    ++summary.evaluations;
    if (objective < summary.objective) {
      summary.objective = objective;
      summary.gb_per_s = adam.b();
    }
    adam.step(gradient);
    if (step % steps_per_row != 0 && step != steps) continue;
    summary.trace.push_back(
        {step, summary.objective, -std::numeric_limits<double>::infinity(), summary.evaluations});
    if (options.on_iteration) options.on_iteration(summary.trace.back());
    if (options.stop.stop_requested()) {
      summary.status = Status::Interrupted;
      break;
    }
  }
  return summary;
}

}  // namespace bandwright
