#pragma once
#include <string>
#include <vector>

#include "formats/chakra/trace_set.h"
#include "workload/model.h"

namespace bandwright {

// A trace set as a layer table: NPUs that all do the same, in groups of neighbours (called TP here, whatever
// they are), groups across those (DP), or all NPUs. Nodes stand one after the other, by id as far as
// dependencies allow, so that compute and communication no longer overlap: the table's step is the trace's
// without overlap. `notes` says so. Throws InputError for traces with several kinds of NPU, messages from NPU
// to NPU, other groups, or compute nodes without a measured time; simulate and optimize read such traces
// themselves.
Model trace_model(const TraceSet& traces, std::vector<std::string>& notes);

}  // namespace bandwright
