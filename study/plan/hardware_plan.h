#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plan/hardware/proof/hardware_proof.h"
#include "study/job/job.h"
#include "study/watch.h"
#include "training/estimate.h"

namespace bandwright {

// What of a network is open, in words; an empty one is as usual.
struct HardwareWords {
  std::string npu;         // a name of inputs/npus or how it begins ("h100"), or an NPU file
  std::string hardware;    // a name of inputs/hardware, or a file; usual: "usual"
  std::string shapes;      // "any", or shorthands, "Ring(8)_Switch(128)"; usual: any
  std::string dimensions;  // at most so many, of any; usual: 4
  std::vector<std::string> constraints;
};

// Which network should be bought, within a budget, and how should a transformer be divided over it? Decisions
// of the job are those of PlanQuestion (study/plan/plan.h); --placement is one more: left out it is any.
struct HardwareQuestion {
  Job job;  // with --budget
  HardwareWords words;
  HardwareSearch search;
  // Within the budget, if there is one, and with a step of at most search.longest_step_ns, if that is given:
  // time; the network's cost; what NPUs and network cost in the time of a step; or the product of time and
  // the network's cost, where a budget in GB/s is spent to the last.
  PlanObjective objective = PlanObjective::StepTime;
  bool prove = false;  // keep why nothing else is better
  // search.best points of a front. Of time: the fastest within the budget in dollars, within half of what
  // that costs, and so on. Of what NPUs and network cost, or the network: the fastest, then the cheapest with
  // a step of at most a little more, and so on, to the cheapest of all (or of at most
  // search.longest_step_ns).
  bool pareto = false;
  std::string explain;  // "tp 8 pp 8": why is that not the best? "": nothing is asked
};

// A network with the best division over it, and all that is known of it.
struct PlannedHardware {
  RankedHardware ranked;
  Network network;
  Machine machine;  // with these bandwidths as its own
  TrainingRate rate;
  std::optional<double> network_usd;  // where all prices are known
  // Of NPUs by the hour, and the network's share of its years; where both are known.
  std::optional<double> usd_per_million_tokens;
  double estimate_ns = 0.0;  // by `estimate`, on that machine
};

// One question of a front, and its answer.
struct FrontPart {
  PlanObjective objective = PlanObjective::StepTime;
  double budget = 0.0;           // dollars
  double longest_step_ns = 0.0;  // 0: any
  RankedHardwares found;         // at most one network
  std::vector<ClosedSizes> proof;
};
// What it is of, within the whole question's space.
HardwareSpace part_space(const HardwareSpace& whole, const FrontPart& part);
HardwareSearch part_search(const HardwareSearch& whole, const FrontPart& part);

struct HardwareAnswer {
  HardwareSpace space;
  PlanObjective objective = PlanObjective::StepTime;
  std::vector<PlannedHardware> best;
  HardwareCounts counts;
  HardwareWork work;
  double memory_limit = 0.0;
  std::optional<RankedDivision> smallest;  // bill of memory, where nothing fits
  std::optional<PlannedHardware> fastest;  // where nothing is as fast as --max-step demands
  bool interrupted = false;
  std::vector<ClosedSizes> proof;  // where it was asked for
  bool pareto = false;
  std::vector<FrontPart> parts;  // of a front, which has their networks

  struct Explained {
    std::string asked;
    std::optional<PlannedHardware> best;  // of those that agree with it; nothing where none is left
    std::optional<RankedDivision> smallest;
  };
  std::optional<Explained> explained;
};

// As a machine file.
std::string machine_text(const Machine& machine);

// Throws InputError.
HardwareSpace hardware_space(const HardwareQuestion& question);
HardwareAnswer plan_hardware(const HardwareQuestion& question, const Watch& watch = {});

}  // namespace bandwright
