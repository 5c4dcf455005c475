#include "simulator/player/together.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "core/stopping.h"
#include "simulator/player/play.h"
#include "simulator/player/player.h"
#include "simulator/transport/flow_network.h"
#include "simulator/transport/flow_ways.h"

namespace bandwright {
namespace {

constexpr Time never = 2 * clock_end;

// Jobs that act at the same moments; none is ahead of another.
class Together {
 public:
  explicit Together(std::span<const JobScenario> jobs)
      : shared_{FlowEngine(flow_ways(jobs.front().scenario, Crossing::All)->capacities())} {
    for (const JobScenario& job : jobs) {
      steps_.push_back(job.ranks != nullptr ? *job.ranks : of_one_kind(job.scenario));
      const Scenario& given = job.scenario;
      scenarios_.push_back({steps_.back().graph, given.network, given.library, given.bandwidth,
                            given.after_collective, given.built});
      players_.push_back(std::make_unique<Player>(scenarios_.back(), steps_.back(), nullptr, true, &shared_));
      starts_.push_back(job.start);
      begun_.push_back(false);
    }
  }

  std::vector<StepResult> run() {
    const StopCheck stop;
    for (Time now = next(); now < never; now = next()) {
      do {
        stop.look();
        shared_.take_ended(now);
        for (std::size_t j = 0; j < players_.size(); ++j) act(j, now);
      } while (next_of_jobs() == now);
      shared_.engine.refill(now);
    }
    std::vector<StepResult> results;
    for (const auto& player : players_) results.push_back(player->end());
    return results;
  }

 private:
  void act(std::size_t job, Time now) {
    if (!begun_[job]) {
      if (starts_[job] > now) return;
      begun_[job] = true;
      return players_[job]->begin(now);
    }
    if (players_[job]->next().value_or(never) == now) players_[job]->act();
  }

  [[nodiscard]] Time next_of_jobs() const {
    Time earliest = never;
    for (std::size_t j = 0; j < players_.size(); ++j) {
      earliest = std::min(earliest, begun_[j] ? players_[j]->next().value_or(never) : starts_[j]);
    }
    return earliest;
  }
  [[nodiscard]] Time next() const {
    const Time jobs = next_of_jobs();
    return shared_.engine.idle() ? jobs : std::min(jobs, on_clock(shared_.engine.next_end()));
  }

  SharedFlows shared_;
  std::deque<RankedStep> steps_;
  std::deque<Scenario> scenarios_;
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<Time> starts_;
  std::vector<bool> begun_;
};

}  // namespace

std::vector<StepResult> simulate_together(std::span<const JobScenario> jobs) {
  if (jobs.empty()) return {};
  return Together(jobs).run();
}

}  // namespace bandwright
