#include "scaling/trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <vector>

#include "core/error.h"
#include "scaling/laws/best_share.h"

namespace bandwright {
namespace {

constexpr double longest_study_ns = 200 * 365.25 * 86400e9;
constexpr double share_rounding = 1e-9;  // of B/r, whose units are decimal fractions

constexpr std::array schedulers = {
    TrialScheduler{"fifo", "every trial runs to its end", false},
    TrialScheduler{"asha", "asynchronous successive halving: stops all but the best 1/eta at each rung",
                   true}};

// How much longer than alone a trial takes while `active` run; exactly 1 below saturation.
double slowdown(const TrialCluster& cluster, std::size_t active) {
  const double demand = static_cast<double>(active) * cluster.rate.value() / cluster.head_link.value();
  return demand <= 1.0 + share_rounding ? 1.0 : demand;
}

// The iterations after which successive halving looks at a trial.
std::vector<int> rung_iterations(const TrialScheduler& scheduler, const HalvingOptions& halving) {
  std::vector<int> rungs;
  if (!scheduler.stops_early) return rungs;
  for (std::int64_t at = halving.grace; at < halving.max_t; at *= halving.eta)
    rungs.push_back(static_cast<int>(at));
  return rungs;
}

// Where a trial next does something: the end of a rung or its own end. Work is measured in the time it takes
// alone; all running trials advance alike, so `at` is on a clock that runs at the speed of their progress.
struct Event {
  TrialTime at{};
  std::uint64_t sequence = 0;
  std::size_t trial = 0;
  std::size_t rung = 0;
  friend bool operator>(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
  }
};

class Study {
 public:
  Study(std::span<const Trial> trials, const TrialCluster& cluster, const TrialScheduler& scheduler,
        const HalvingOptions& halving)
      : trials_(trials),
        cluster_(cluster),
        halving_(halving),
        rungs_(rung_iterations(scheduler, halving)),
        results_(rungs_.size(), BestShare(static_cast<std::size_t>(halving.eta))) {}

  TrialsSummary run() {
    summary_.workers = cluster_.workers;
    summary_.makespan = cluster_.startup;
    const std::size_t at_once = std::min(trials_.size(), static_cast<std::size_t>(cluster_.workers));
    while (next_ < at_once) start_next();
    while (!events_.empty()) {
      const Event event = events_.top();
      advance(event.at);
      events_.pop();
      finish_rung(event);
    }
    return summary_;
  }

 private:
  void start_next() { run_to_rung(next_++, 0, TrialTime(0)); }

  // The trial, which has done `done` of its work, runs on to its next rung or its end.
  void run_to_rung(std::size_t trial, std::size_t rung, TrialTime done) {
    events_.push({progress_ + work_at(trial, rung) - done, sequence_++, trial, rung});
  }

  [[nodiscard]] TrialTime work_at(std::size_t trial, std::size_t rung) const {
    const TrialTime whole = trials_[trial].duration;
    if (rung == rungs_.size()) return whole;
    return TrialTime(std::llround(static_cast<double>(whole.count()) * rungs_[rung] / halving_.max_t));
  }

  // To the next event, with the trials that run until then.
  void advance(TrialTime to) {
    const std::size_t active = events_.size();
    const double slow = slowdown(cluster_, active);
    const TrialTime work = to - progress_;
    const TrialTime elapsed =
        slow == 1.0 ? work : TrialTime(std::llround(static_cast<double>(work.count()) * slow));
    progress_ = to;
    summary_.makespan += elapsed;
    summary_.busy += elapsed * active;
    if (work.count() == 0) return;
    const double bytes_per_ns = static_cast<double>(active) * cluster_.rate.value();  // at full speed
    summary_.head_bytes += bytes_per_ns * static_cast<double>(work.count());
    summary_.peak_bytes_per_s = std::max(summary_.peak_bytes_per_s, bytes_per_ns / slow * 1e9);
  }

  void finish_rung(const Event& event) {
    const bool at_end = event.rung == rungs_.size();
    if (!at_end && results_[event.rung].offer(trials_[event.trial].quality)) {
      run_to_rung(event.trial, event.rung + 1, work_at(event.trial, event.rung));
      return;
    }
    if (!at_end) ++summary_.stopped_early;
    if (next_ < trials_.size()) start_next();
  }

  std::span<const Trial> trials_;
  TrialCluster cluster_;
  HalvingOptions halving_;
  std::vector<int> rungs_;
  std::vector<BestShare> results_;                                         // per rung
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;  // one per running trial
  TrialTime progress_{};
  std::uint64_t sequence_ = 0;
  std::size_t next_ = 0;
  TrialsSummary summary_;
};

}  // namespace

std::span<const TrialScheduler> trial_schedulers() { return schedulers; }

double TrialsSummary::utilization() const {
  const double available = static_cast<double>(makespan.count()) * workers;
  return available > 0.0 ? static_cast<double>(busy.count()) / available : 0.0;
}

TrialsSummary run_trials(std::span<const Trial> trials, const TrialCluster& cluster,
                         const TrialScheduler& scheduler, const HalvingOptions& halving) {
  double alone_ns = 0.0;
  for (const Trial& trial : trials) alone_ns += static_cast<double>(trial.duration.count());
  const std::size_t at_once = std::min(trials.size(), static_cast<std::size_t>(cluster.workers));
  const double worst_ns =
      static_cast<double>(cluster.startup.count()) + alone_ns * slowdown(cluster, at_once);
  if (!(worst_ns < longest_study_ns)) {
    throw InputError(fmt::format("the study could take {:.3g} years, at most 200 can be played",
                                 worst_ns / 365.25 / 86400e9));
  }
  return Study(trials, cluster, scheduler, halving).run();
}

double head_traffic(const TrialCluster& cluster) {
  const double demand = cluster.workers * cluster.rate.value() * 1e9;
  // To the millibyte: 200 kB/s is not a binary fraction of a GB/s.
  return std::round(std::min(demand, cluster.head_link.value() * 1e9) * 1e3) / 1e3;
}

double saturating_workers(const TrialCluster& cluster) {
  if (!(cluster.rate.value() > 0.0)) return std::numeric_limits<double>::infinity();
  return std::floor(cluster.head_link.value() / cluster.rate.value() * (1.0 + share_rounding));
}

}  // namespace bandwright
