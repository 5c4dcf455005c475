#include "simulator/simulate.h"

#include <array>

#include "core/choice.h"
#include "simulator/event_driven.h"
#include "simulator/full_fidelity.h"
#include "simulator/ranked_run.h"

namespace bandwright {
namespace {

constexpr std::array fidelities = {Choice{Fidelity::Auto, "auto", "folded where that is exact, else full"},
                                   Choice{Fidelity::Folded, "folded", "one NPU stands for all"},
                                   Choice{Fidelity::Full, "full", "every NPU, port and link by itself"}};

}  // namespace

Fidelity fidelity_named(std::string_view name) { return choice_named(fidelities, name, "fidelity"); }

std::string_view fidelity_name(Fidelity fidelity) { return choice_name(fidelities, fidelity); }

Fidelity resolved(Fidelity fidelity, const Scenario& scenario) {
  const System& system = scenario.system;
  const bool exact = system.symmetric() && system.network == NetworkModel::Ports;
  if (fidelity == Fidelity::Auto) return exact ? Fidelity::Folded : Fidelity::Full;
  if (fidelity == Fidelity::Folded && !system.symmetric()) {
    throw InputError("NPUs or links that differ cannot be folded (--npu-fidelity full)");
  }
  return fidelity;
}

Fidelity resolved(Fidelity fidelity, const Scenario& scenario, const RankedStep& step) {
  if (!scenario.system.symmetric() || scenario.system.network != NetworkModel::Ports) {
    throw InputError(
        "traces are played on NPUs that are alike and share only ports: no npus, links or "
        "network_model in the system");
  }
  if (fidelity != Fidelity::Auto) return fidelity;
  const bool fold =
      folds_exactly(step, scenario.network) || ranked_messages(scenario, step) > most_messages_by_default;
  return fold ? Fidelity::Folded : Fidelity::Full;
}

StepResult simulate(const Scenario& scenario, Fidelity fidelity, Timeline* timeline) {
  return fidelity == Fidelity::Full ? simulate_full(scenario, timeline) : simulate_folded(scenario, timeline);
}

StepResult simulate(const Scenario& scenario, const RankedStep& step, Fidelity fidelity, Timeline* timeline) {
  if (fidelity != Fidelity::Full) return simulate_folded(scenario, timeline);
  return simulate_ranked(
      {step.graph, scenario.network, scenario.system, scenario.bandwidth, scenario.after_collective}, step,
      timeline);
}

}  // namespace bandwright
