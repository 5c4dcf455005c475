#pragma once
#include <filesystem>

#include "network/builder_arguments.h"
#include "network/graph.h"

namespace bandwright {

// A network as a table of its links (CSV):
//
//   from,to,bandwidth,latency,class,price,cables,one_way
//   npu0,leaf0,50 GB/s,500 ns,nic,Pod,1,
//   leaf0,spine,200 GB/s,500 ns,up,Pod,4,yes      only this direction; else both
//
// Only the first two columns have to be there; a bandwidth that is missing is the defaults'. Nodes are made
// by being named: npu0, npu1 ... are the NPUs, in the order of their numbers, which leave none out; nic...
// and port... are shared ports, all others switches. Throws InputError.
NetworkGraph read_edge_list(const std::filesystem::path& file, const GraphDefaults& defaults = {});

// Whether a file's name says that it is one: it ends in .csv.
bool is_edge_list(const std::filesystem::path& file);

}  // namespace bandwright
