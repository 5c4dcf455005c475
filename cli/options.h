#pragma once
#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cost_model/price_list.h"
#include "topology/network.h"
#include "workload/training_loop.h"

namespace bandwright {

// Options that several commands share: their texts as typed, and what they stand for. Texts are read only
// when a command runs, so that errors name the option.

// --classes and --prices; the network itself is each command's first positional.
struct NetworkOptions {
  std::string network;
  std::string classes;  // "" takes the usual ones
  std::string prices = "artifact";
};
void add_network_options(CLI::App& command, NetworkOptions& options);
Network load(const NetworkOptions& options);

// --tables, --recompute, --compute-scale; models and loop are positionals.
struct WorkloadOptions {
  std::string models;  // one, or several as "17B,175B,1T"
  std::string loop = "NoOverlap";
  std::string tables = "split";
  std::string recompute = "none";
  std::string compute_scale = "1";
};
void add_workload_options(CLI::App& command, WorkloadOptions& options);
std::vector<Model> load_models(const WorkloadOptions& options);  // their weight gradients as --tables says
LoopOptions loop_options(const WorkloadOptions& options);

// "137.98,120.74" or "0.5 TB/s, 25 GB/s": one bandwidth per dimension, in GB/s where no unit is given.
std::vector<double> parse_bandwidths(std::string_view text, const Network& network);
// "325", "0.5 TB/s" or "$15M", not the name of anything.
bool reads_as_budget(std::string_view text);

// Numbers for people: "$15,310,123", "150 GB/s" ...
std::string format_money(Money money);

}  // namespace bandwright
