#include "memory/programs/programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "memory/programs/formulation.h"

namespace bandwright {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double ns_per_ms = 1e6;
constexpr int most_rounds = 20;
constexpr int widest_window = 15;  // AutoTM's
constexpr std::ptrdiff_t most_binaries =
    15000;  // beyond, the window shrinks: its size decides the time to solve

std::ptrdiff_t binaries(const MixedIntegerProgram& program) {
  return std::count_if(program.columns.begin(), program.columns.end(),
                       [](const MixedIntegerProgram::Column& column) { return column.whole; });
}

struct Solved {
  PlacementStatus status = PlacementStatus::Infeasible;
  Schedule schedule;
  double ns = std::numeric_limits<double>::infinity();
  double bound_ns = 0.0;
  int binaries = 0;
  int rows = 0;
};

PlacementStatus status_of(MixedIntegerSummary::Stop stop) {
  switch (stop) {
    case MixedIntegerSummary::Stop::Gap:
      return PlacementStatus::Optimal;
    case MixedIntegerSummary::Stop::TimeLimit:
      return PlacementStatus::TimeLimit;
    case MixedIntegerSummary::Stop::Interrupted:
    case MixedIntegerSummary::Stop::GivenUp:
      return PlacementStatus::Interrupted;
    case MixedIntegerSummary::Stop::Infeasible:
      break;
  }
  return PlacementStatus::Infeasible;
}

constexpr std::string_view freedom_name(Freedom freedom) {
  return freedom == Freedom::Static        ? "static"
         : freedom == Freedom::Synchronous ? "synchronous"
                                           : "asynchronous";
}

// No policy is faster than every kernel in its best configuration.
double least_kernel_ns(const TrainingGraph& graph) {
  double sum = 0.0;
  for (const Kernel& kernel : graph.kernels) {
    double least = kernel.fast_ns;
    for (const Configuration& configuration : kernel.measured) least = std::min(least, configuration.ns);
    sum += least;
  }
  return sum;
}

// The better of first-touch and everything in slow memory: an answer whenever a search ends too early.
PlacementSummary without_search(const PlacementProblem& problem) {
  PlacementSummary touched = find_policy("first-touch").run(problem, {});
  PlacementSummary slow = find_policy("all-slow").run(problem, {});
  return touched.ns <= slow.ns ? touched : slow;
}

// One policy's programs within one time limit.
class Programs {
 public:
  Programs(const PlacementProblem& problem, const PlacementOptions& options)
      : problem_(problem), options_(options), unsearched_(without_search(problem)) {}

  PlacementSummary run(Freedom freedom) {
    const std::vector<Bytes> limits(problem_.graph.kernels.size(), problem_.fast_limit);
    if (freedom == Freedom::Asynchronous) choose_window(limits);
    const Solved solved = solve_chain(freedom, limits);
    PlacementSummary summary;
    summary.status = solved.status;
    summary.binaries = solved.binaries;
    summary.rows = solved.rows;
    if (solved.ns == MixedIntegerProgram::infinity) {
      summary.reason = solved.status == PlacementStatus::Infeasible
                           ? fmt::format("no {} placement fits {} of fast memory with the times measured",
                                         freedom_name(freedom), format_bytes(problem_.fast_limit))
                           : fmt::format("{} before a placement was found", status_name(solved.status));
      return summary;
    }
    summary.ns = solved.ns;
    summary.bound_ns = std::min(solved.bound_ns, solved.ns);
    summary.schedule = solved.schedule;
    summary.window = freedom == Freedom::Asynchronous ? window_ : 0;
    summary.placed = placed(freedom, solved, limits);
    if (summary.placed && to_ns(summary.placed->replay.total) < summary.ns && summary.placed->rounds > 0) {
      summary.schedule = summary.placed->schedule;  // within the gap, solving again can find a better one
      summary.ns = to_ns(summary.placed->replay.total);
      summary.bound_ns = std::min(summary.bound_ns, summary.ns);
    }
    return summary;
  }

 private:
  [[nodiscard]] double seconds_left() const {
    return options_.time_limit_seconds - std::chrono::duration<double>(Clock::now() - start_).count();
  }

  // As given, or the widest that leaves the program small enough.
  void choose_window(const std::vector<Bytes>& limits) {
    window_ = options_.window.value_or(widest_window);
    while (!options_.window && window_ > 1) {
      const Formulation tried(problem_.graph, problem_.tiers, limits, {Freedom::Asynchronous, window_});
      if (binaries(tried.program()) <= most_binaries) return;
      window_ /= 2;
    }
  }

  // With the least freedom there is, or what the policy with less is known to have found.
  Solved solve_simpler(Freedom freedom, const std::vector<Bytes>& limits) {
    for (const auto& known : options_.found) {
      if (known->policy != freedom_name(freedom) || !known->found()) continue;
      return {.status = known->status, .schedule = known->schedule, .ns = known->ns};
    }
    Programs before = *this;
    before.start_ = Clock::now();
    before.options_.time_limit_seconds = seconds_left() / 3;
    return before.solve_chain(freedom, limits);
  }

  Solved solve_chain(Freedom freedom, const std::vector<Bytes>& limits) {
    if (freedom == Freedom::Static) {
      const Solved unsearched{.schedule = unsearched_.schedule, .ns = unsearched_.ns};
      return solve_one(freedom, limits, unsearched);
    }
    const auto simpler = static_cast<Freedom>(static_cast<int>(freedom) - 1);
    return solve_one(freedom, limits, solve_simpler(simpler, limits));
  }

  // The better of `start` and what is found in the time left.
  Solved solve_one(Freedom freedom, const std::vector<Bytes>& limits, const Solved& start) {
    const Formulation formulation(problem_.graph, problem_.tiers, limits, {freedom, window_});
    const MixedIntegerProgram& program = formulation.program();
    MixedIntegerOptions solver{
        .gap = options_.gap, .time_limit_seconds = seconds_left(), .stop = options_.stop};
    // Static's start is only kept beside CBC: first-touch can take 1.7 times the optimum (ResNet-200 at 4:1).
    const bool started = start.ns < MixedIntegerProgram::infinity && freedom != Freedom::Static;
    if (started) solver.start = formulation.point(start.schedule);
    if (options_.on_stage) options_.on_stage(freedom_name(freedom));
    const MixedIntegerSummary found = solve(program, solver);
    Solved solved{.status = status_of(found.stop), .bound_ns = found.bound * ns_per_ms};
    solved.rows = static_cast<int>(program.rows.size());
    solved.binaries = static_cast<int>(binaries(program));
    if (!found.x.empty()) {
      solved.schedule = formulation.schedule(found.x);
      solved.ns = program.objective(formulation.point(solved.schedule)) * ns_per_ms;
    }
    if (start.ns < MixedIntegerProgram::infinity && start.ns <= solved.ns) {
      solved.schedule = start.schedule;
      solved.ns = start.ns;
      // Not so: `start` is a placement.
      if (solved.status == PlacementStatus::Infeasible) solved.status = PlacementStatus::Interrupted;
    }
    const double trivial_ns = least_kernel_ns(problem_.graph);
    const bool proved = solved.bound_ns >= trivial_ns &&
                        (solved.status == PlacementStatus::Optimal || solved.bound_ns <= solved.ns);
    if (!proved) solved.bound_ns = trivial_ns;  // a search cut short before its first relaxation has no bound
    return solved;
  }

  // AutoTM's rule: M_k *= max(0.90, 1 - (worst / M - 1) / 2) within 10 kernels of the users of what
  // overflows.
  void tighten(const AddressPlan& plan, std::vector<Bytes>& limits) const {
    const Users uses = users(problem_.graph);
    const int last = static_cast<int>(limits.size()) - 1;
    std::vector<bool> affected(limits.size(), false);
    for (const Placed& block : plan.blocks) {
      const Bytes end = block.offset + whole_pages(problem_.graph.tensors[block.stay.tensor].bytes);
      if (end <= problem_.fast_limit) continue;
      for (const int user : uses[block.stay.tensor]) {
        for (int k = std::max(0, user - 10); k <= std::min(last, user + 10); ++k) affected[k] = true;
      }
    }
    const double worst = to_double(plan.high_water) / to_double(problem_.fast_limit);
    const double factor = std::max(0.90, 1.0 - (worst - 1.0) / 2.0);
    for (std::size_t k = 0; k < limits.size(); ++k) {
      if (affected[k]) limits[k] = bytes(std::llround(to_double(limits[k]) * factor));
    }
  }

  // Fits always: first-touch has its addresses, and slow memory needs none.
  [[nodiscard]] std::optional<PlacedSchedule> placed_without_search(int round) const {
    if (!unsearched_.found()) return std::nullopt;
    AddressPlan plan;
    if (unsearched_.placed) plan = unsearched_.placed->addresses;
    Replay played = replay(problem_.graph, problem_.tiers, unsearched_.schedule, problem_.fast_limit);
    return PlacedSchedule{unsearched_.schedule, std::move(plan), std::move(played), round};
  }

  std::optional<PlacedSchedule> placed(Freedom freedom, Solved solved, std::vector<Bytes> limits) {
    for (int round = 0;; ++round) {
      AddressPlan plan = assign_addresses(problem_.graph, solved.schedule, problem_.fast_limit);
      if (plan.high_water <= problem_.fast_limit) {
        Replay played = replay(problem_.graph, problem_.tiers, solved.schedule, problem_.fast_limit);
        std::optional<PlacedSchedule> unsearched = placed_without_search(round);
        if (unsearched && unsearched->replay.total < played.total) return unsearched;
        return PlacedSchedule{std::move(solved.schedule), std::move(plan), std::move(played), round};
      }
      const bool over = solved.status == PlacementStatus::Interrupted || seconds_left() <= 0.0;
      if (over || round == most_rounds) return placed_without_search(round);
      tighten(plan, limits);
      solved = solve_one(freedom, limits, {});
      if (solved.ns == MixedIntegerProgram::infinity) return placed_without_search(round);
    }
  }

  const PlacementProblem& problem_;
  PlacementOptions options_;
  PlacementSummary unsearched_;
  Clock::time_point start_ = Clock::now();
  int window_ = widest_window;
};

}  // namespace

PlacementSummary static_program(const PlacementProblem& problem, const PlacementOptions& options) {
  return Programs(problem, options).run(Freedom::Static);
}
PlacementSummary synchronous_program(const PlacementProblem& problem, const PlacementOptions& options) {
  return Programs(problem, options).run(Freedom::Synchronous);
}
PlacementSummary asynchronous_program(const PlacementProblem& problem, const PlacementOptions& options) {
  return Programs(problem, options).run(Freedom::Asynchronous);
}

}  // namespace bandwright
