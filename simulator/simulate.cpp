#include "simulator/simulate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/choice.h"
#include "simulator/event_driven.h"
#include "simulator/player/flow_cost.h"
#include "simulator/player/play_cost.h"
#include "simulator/player/player.h"

namespace bandwright {
namespace {

constexpr std::array fidelities = {Choice{Fidelity::Auto, "auto", "folded where that is exact, else full"},
                                   Choice{Fidelity::Folded, "folded", "one NPU stands for all"},
                                   Choice{Fidelity::Full, "full", "every NPU, port and link by itself"}};

// Over flows, what lines that nobody else meets repeat is played once: looked at where that decides
// something.
PlayCost cost_of_playing(const Scenario& scenario, const RankedStep& step, const PlayLimits& limits) {
  constexpr double worth_a_look_s = 1.0;  // what is said may be five times as long
  constexpr double look_share = 0.1;
  PlayCost cost = play_cost(scenario, step);
  const bool flows = scenario.library.network == NetworkModel::Flows;
  if (!flows || limits.play_all || !step.teams_of_group.empty() || cost.seconds < worth_a_look_s) return cost;
  const double seconds = flow_play_seconds(scenario, look_share * cost.seconds);
  if (std::isinf(seconds)) return cost;
  cost.events *= seconds / cost.seconds;
  cost.seconds = seconds;
  return cost;
}

}  // namespace

Fidelity fidelity_named(std::string_view name) { return choice_named(fidelities, name, "fidelity"); }

std::string_view fidelity_name(Fidelity fidelity) { return choice_name(fidelities, fidelity); }

Fidelity resolved(Fidelity fidelity, const Scenario& scenario) {
  const Library& library = scenario.library;
  const bool exact = library.symmetric() && library.network == NetworkModel::Ports;
  if (!library.links.empty() && library.network == NetworkModel::Ports) {
    throw InputError(
        "slow or failed links are no part of ports, which know no links (--transport flows, or "
        "network_model: flows in the library)");
  }
  if (fidelity == Fidelity::Auto) return exact ? Fidelity::Folded : Fidelity::Full;
  if (fidelity == Fidelity::Folded && !library.symmetric()) {
    throw InputError("NPUs or links that differ cannot be folded (--npu-fidelity full)");
  }
  if (fidelity == Fidelity::Folded && library.network != NetworkModel::Ports) {
    throw InputError("one NPU stands for all where only ports are shared (--npu-fidelity full)");
  }
  return fidelity;
}

Fidelity resolved(Fidelity fidelity, const Scenario& scenario, const RankedStep& step) {
  if (resolved(fidelity, scenario) == Fidelity::Full || fidelity != Fidelity::Auto) {
    return resolved(fidelity, scenario);
  }
  const bool fold =
      folds_exactly(step, scenario.network) || play_cost({step.graph, scenario.network, scenario.library,
                                                          scenario.bandwidth, scenario.after_collective},
                                                         step)
                                                       .messages > most_messages_by_default;
  return fold ? Fidelity::Folded : Fidelity::Full;
}

StepResult simulate(const Scenario& scenario, Fidelity fidelity, Timeline* timeline,
                    const PlayLimits& limits) {
  if (fidelity == Fidelity::Full)
    return simulate(scenario, of_one_kind(scenario), fidelity, timeline, limits);
  tell_of_planning(scenario, limits);
  return simulate_folded(scenario, timeline);
}

void tell_of_planning(const Scenario& scenario, const PlayLimits& limits) {
  const PlayCost cost = planning_cost(scenario);
  if (!limits.force) require_affordable(cost, "--force");
  if (limits.on_cost) limits.on_cost(cost);
}

StepResult simulate(const Scenario& scenario, const RankedStep& step, Fidelity fidelity, Timeline* timeline,
                    const PlayLimits& limits) {
  if (fidelity != Fidelity::Full) {
    tell_of_planning(scenario, limits);
    return simulate_folded(scenario, timeline);
  }
  const Scenario own{step.graph,         scenario.network,          scenario.library,
                     scenario.bandwidth, scenario.after_collective, scenario.built};
  const PlayCost cost = cost_of_playing(own, step, limits);
  if (!limits.force) require_affordable(cost);
  if (limits.on_cost) limits.on_cost(cost);
  return simulate_full(
      own, step, timeline,
      [&](const PlayedSoFar& so_far) {
        if (limits.on_progress) limits.on_progress(share_played(cost, so_far));
      },
      limits.play_all);
}

}  // namespace bandwright
