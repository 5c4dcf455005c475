#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "step/step.h"

namespace bandwright {

// Writes a step as Chakra traces, one per NPU, and its process groups as ASTRA-sim 2's communicator-group
// JSON:
//
//   <folder>/<prefix>.<npu>.et        <folder>/<prefix>.json
//
// Operations become nodes 1, 2, ... in their order, with their dependencies; durations are exact in an
// attribute of our own and whole microseconds in the schema's field. A group becomes as many process groups
// as the network holds of it. A tool that runs one collective at a time per NPU, as ASTRA-sim 2, plays
// collectives of different groups one after the other where the step may overlap them.
//
// Throws InputError when the folder cannot be written, when its disk has no room for all of them, or for a
// collective the schema has no word for. Tells how many of them are written.
using TracesWritten = std::function<void(std::int64_t done, std::int64_t total)>;
void write_traces(const Step& graph, const Network& network, const std::filesystem::path& folder,
                  const std::string& prefix, const TracesWritten& tell = {});

}  // namespace bandwright
