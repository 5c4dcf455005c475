#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "collective/library.h"
#include "cost_model/price_list.h"
#include "experiment/inputs.h"
#include "experiment/points/allocation.h"
#include "experiment/points/row.h"
#include "simulator/simulate.h"
#include "study/job/job.h"
#include "topology/network.h"
#include "workload/model.h"
#include "workload/training_loop.h"

namespace bandwright {

struct FieldList;  // core/fields.h

enum class Engine { ClosedForm, EventDriven };

// One step to simulate, independent of all others. Pointers lead into the Experiment that owns the point.
struct Point {
  Row asked;     // its columns up to `options`, the id included
  int line = 0;  // of the experiment's file, for messages
  Engine engine = Engine::EventDriven;
  Fidelity fidelity = Fidelity::Auto;  // of the event-driven engine
  const Library* library = nullptr;
  std::string refused;               // why there is no such step; "": it is tried
  const Network* network = nullptr;  // what is paid for; null where a machine cannot have so many NPUs
  const Network* played = nullptr;   // what is simulated: `network`, or switches in its place
  const Workload* model = nullptr;   // null: the job's collective
  const PriceList* prices = nullptr;
  const AllocationRule* rule = nullptr;
  const ShareTable* shares = nullptr;    // null when the allocation is computed
  std::vector<const Workload*> targets;  // the models it is made for; null as above
  bool traced = false;               // keeps the trace of its optimisation: points of one allocation need one
  const Machine* machine = nullptr;  // of a model on a machine
  Job job;                           // the words of the file; those that are left out are empty
  std::string files;                 // what decides the step in other tools' files
  // Points with equal keys have the same allocation.
  std::string allocation_key;
};

// An experiment file: a list of grids, each the product of its axes. Every key takes one value or a list; a
// key beside `grids` holds for all grids that do not say otherwise, and a file without `grids` is one grid.
//
//   name: sweep
//   networks: [2D, 4D]                        # names, shorthands or files
//   models: [17B, 175B]
//   budgets: {from: 100 GB/s, to: 1000 GB/s, step: 100 GB/s}      # or a list; per NPU
//   allocations: [EqualBW, PerfOptBW]         # default: EqualBW, PerfOptBW, PerfPerCostOptBW
//   sources: [optimized, published]           # of those but EqualBW; a table of inputs/allocations
//   targets: own                              # or the models that allocations are made for
//   loops: NoOverlap        recompute: none   libraries: ideal
//   engines: event-driven   prices: artifact  view: default
//   wiring: real            # or switches: each dimension simulated as a switch, as the artifact's evaluation
//   tables, compute_scale   split or fused, and a number; where they are left out the library decides
//   dollars: [$1M, $2M]     # in place of budgets: at most that much money for the whole network
//
// In place of layer tables there may be other tools' files (models or workloads: traces/gpt), or collectives:
//
//   networks: [Ring(16), net.yml]   libraries: sys.json   collectives: [all-reduce, all-to-all]
//   bandwidths: ["25,12.5"]         chunks: [1, 16]       sizes: [1 MiB, 1 GiB]
//
// Without budgets and bandwidths a network's file has them.
//
// A grid with `machines` or `npus` is of any models on machines, with lists in any option of a job (the names
// are those of study/job/job_options.h); a division that cannot be is a row with its reason:
//
//   models: [llama3-70b, gpt3-175b]           machines: [dgx-a100, dgx-h100]
//   npus: [256, 512]        tp: [4, 8]        pp: 4        global_batch: 1024
//   engines: closed-form    # the default there
//   budgets, allocations    # where bandwidth is to be divided; without them it is the machine's own
//
// Points keep the file's order and come once each. Their ids are hashes of all that decides their results:
// the same question in another file, or after a rename of the file, is the same point.
struct Experiment {
  std::string name;
  std::string help;
  std::string file;
  ExperimentInputs inputs;
  std::vector<Point> points;
};

// What the command line says in place of the file.
struct EngineOverrides {
  std::string engine;          // of all points, when it is not empty
  bool full_fidelity = false;  // event-driven points play every NPU
};

const FieldList& experiment_keys();
// Throws InputError.
Experiment read_experiment(const YamlValue& root, const EngineOverrides& overrides = {});
// By what a user types: the path of a YAML file or a name of inputs/experiments.
Experiment load_experiment(std::string_view word, const EngineOverrides& overrides = {});

}  // namespace bandwright
