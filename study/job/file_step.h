#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "formats/chakra/trace_step.h"
#include "formats/load.h"
#include "step/step.h"

namespace bandwright {

// A step as files of any readable format describe it; only the workload and the network have to be given.
struct StepFiles {
  std::string workload;             // traces (folder, prefix or one file for all NPUs) or a layer text
  std::string network;              // a file of any format, or what load_network takes
  std::string library;              // the same for libraries; empty: ideal
  std::string groups;               // communicator-group JSON of traces; empty: the one beside them
  std::string communicator;         // LIBRA's, of a layer text
  std::string memory;               // ASTRA-sim 2's remote memory, of traces
  std::string loop = "NoOverlap";   // of a layer text
  std::optional<GroupRoute> route;  // of traces' groups; nothing: Ring on an ASTRA-sim 2 network, else Grid
};

// Where the bandwidths come from, in GB/s per NPU: `fixed` when it is not empty, else an equal split of
// `budget`, else the network file.
struct FileBandwidth {
  std::vector<double> fixed;
  std::optional<double> budget;
  bool in_system_unit = false;  // both are in the library's unit instead
};

// One training step, ready to be played: by simulate_folded as Scenario{graph, network, system, bandwidth,
// system.after_collective}, or in closed form.
//
// A trace has no order of its own on the NPU's resources. It is recorded once, at these bandwidths and with
// collectives as long as each takes alone, and is part of the graph from then on.
struct FileStep {
  Network network;
  Library library;                // with the latencies of the network file
  std::vector<double> bandwidth;  // in the library's unit
  Step graph;
  std::optional<RankedStep> ranks;   // of traces: the step NPU by NPU
  std::size_t nodes = 0;             // of the traces
  std::vector<std::string> ignored;  // what the files say and nothing here uses, with the reason
};

// Throws InputError.
FileStep load_files(const StepFiles& files, const FileBandwidth& bandwidth,
                    const std::function<void(const TraceProgress&)>& progress = {});

}  // namespace bandwright
