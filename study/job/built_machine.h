#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/library.h"
#include "simulator/transport/flow_network.h"
#include "step/step.h"
#include "study/job/job.h"
#include "training/machine.h"

namespace bandwright {

// Machines on networks as they are built: what such a network says of a job, and what it does not.

// The network of a job that is not a grid; nothing when it is one. Throws InputError.
std::optional<FlowNetwork> built_network(const Job& job, const Library& library);

// The NPU a word stands for: a file, a name, or the beginning of names, of which the one with most memory.
// Throws InputError.
Npu load_npu(std::string_view word);

// An NPU on a grid, as a machine. Links of a dimension have the constants of those of its kind that are sold
// with about as much bandwidth (inputs/hardware/usual.yaml).
Machine machine_on(const LogicalGrid& grid, const Npu& npu);

// The machine of a job that has an NPU in its place: on the grid of a network as it is built, or on a grid
// with the bandwidths that are given, or equal shares of the budget. Throws InputError.
Machine machine_of_npu(const Job& job, const Library& library);

// Reduction in the switch (NVLS, SHARP) is of switches that join all NPUs of a line. Takes it from dimensions
// where the network has none such, and says so.
Machine with_switches_of(Machine machine, const NetworkGraph& graph, std::int64_t npus,
                         std::vector<std::string>& notes);
// Says which collectives of a machine's step are taken to be reduced there.
void note_reduction_in_switches(const Machine& machine, const Step& step, std::vector<std::string>& notes);

}  // namespace bandwright
