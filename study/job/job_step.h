#pragma once
#include <optional>
#include <string>
#include <vector>

#include "collective/library.h"
#include "simulator/transport/flow_network.h"
#include "step/ranked_step.h"
#include "study/job/file_step.h"
#include "study/job/job.h"
#include "study/job/offload.h"
#include "study/job/workload.h"
#include "study/watch.h"
#include "topology/network.h"
#include "training/machine.h"
#include "training/memory_bill.h"
#include "training/training_step.h"

namespace bandwright {

// One step of a job on its network, ready to be timed by any engine: what its words stand for.
struct JobStep {
  std::string model;
  std::string machine;  // its name; "" on a bare network
  Network network;
  Library library;  // latencies of a network file included
  Step graph;
  std::optional<TrainingJob> job;    // of a transformer on a machine
  std::optional<RankedStep> ranks;   // of traces: the graph NPU by NPU
  std::string loop;                  // "" where there is none: of real models and collectives
  std::vector<double> own_gb_per_s;  // of the machine; empty on a bare network
  std::vector<double> recorded_at;   // traces: bandwidths, in the library's unit, that gave the order
  std::optional<MemoryBill> memory;  // of a network on images
  std::optional<Offload> offload;
  std::vector<std::string> ignored;  // what files say and nothing here uses
  std::vector<std::string> notes;    // what to know before its time is believed
  bool lone_collective = false;
  std::optional<FlowNetwork> built;  // the network that messages cross, where it is not a grid
};

// In place of a training loop's name, for traces.
constexpr std::string_view recorded_order = "recorded order";
// Of a trace whose budget is money: the order is recorded at an equal split of so much.
constexpr double usual_gb_per_s = 100.0;

struct StepOptions {
  bool own_links = false;  // on a network, groups have the links among their NPUs only
  FileBandwidth recorded;  // at which the order of traces is recorded
};

// A layer table or a collective on a network, other tools' files, or any model on a machine. Throws
// InputError.
JobStep step_of(const Job& job, const StepOptions& options = {}, const Watch& watch = {});
// Of a model and a machine that are at hand.
JobStep step_on_machine(const Job& job, const Workload& workload, const Machine& machine,
                        const Watch& watch = {});

// Of a layer table, or of the job's collective where that is null, on a grid that is at hand.
JobStep step_on_network(const Job& job, const Workload* table, Network network, Library library,
                        const StepOptions& options = {});

// Whether a word is a machine's name, or a file that says that it is one.
bool names_machine(const std::string& word);
Network network_of(const Job& job);
Library library_of(const Job& job);
// A machine's links, and what is given in their place, have GB/s whatever the library's unit is.
Library library_on_machine(const Job& job);

// Bandwidths of each dimension in the library's unit: those given, else the budget divided as --allocation
// says, else the machine's own; notes what a division takes for granted. Throws InputError.
std::vector<double> bandwidth_of(const Job& job, JobStep& step);
// Budgets are divided in closed form, which knows no NPUs and links that differ.
void note_all_alike(const Library& library, std::vector<std::string>& notes);

}  // namespace bandwright
