#pragma once
#include <string>

#include "formats/detect.h"

namespace bandwright {

// A file of another tool as YAML of our own, with comments that say what came from where, and what was
// ignored and why.
//
//   layer text                       a model
//   chakra                           a model, see trace_model
//   astra-sim-2-network, -1-network  a network; bandwidths and latencies as comments
//   libra-network, artifact-network  a network
//   astra-sim-2-system, -1-system    a system
//   class-prices                     a price list
//   InfraGraph, a table of links     a network as it is built
//
// Throws InputError for formats that are only part of another input (groups, communicators, memory).
std::string imported(const Sample& sample);

}  // namespace bandwright
