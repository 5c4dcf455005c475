#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/network.h"
#include "training/npu.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// What collectives reach on one kind of links: three numbers, fitted once on public measurements
// (training/collective_time.h has the formula).
struct FabricConstants {
  double efficiency = 0.8;   // share of the bandwidth in a long collective
  double latency_us = 10.0;  // of one call
  double step_us = 5.0;      // of one step of a ring, from one NPU to the next
  std::string source = {};   // the measurements they were fitted on
};

// How the communication library works on these links, where NPU kernels copy the data (NCCL).
struct Software {
  bool copies = false;       // kernels copy; otherwise hardware moves the data without cost
  double low_latency = 0.0;  // speed of the protocol for small messages, in the large ones'; 0: not there
  double in_switch = 0.0;    // speed of links under reductions in the switch; 0: it does not reduce
};

// One dimension of a machine's network.
struct FabricDimension {
  const DimensionKind* kind = nullptr;
  int npus = 0;  // 0: as many as the job needs (the outermost only)
  std::string price_class;
  double gb_per_s = 0.0;  // that one NPU can send, one direction
  std::string constants_name;
  std::optional<FabricConstants> own_constants = {};  // measured on a machine of one's own, in place of those
  FabricConstants constants;
  Software software;
  // The share of it that a group of so many neighbours can use, where wiring or a host bridge allows less
  // than all (index: NPUs of the group; empty: all).
  std::vector<double> group_share;
  // The share of it that a collective's group can use of which each machine inside holds several members but
  // not all, where neighbours have an adapter between them: no two members are at the same one, so that a
  // ring cannot leave a machine by the adapter it came in by without passing through the host.
  double part_share = 1.0;

  [[nodiscard]] double share(int members) const;
};

const Fields<FabricDimension>& fabric_dimension_fields();

// What somebody measured of one model on a machine.
struct MeasuredRates {
  std::string model;
  std::string source;
  std::map<int, double> items_per_second;  // by NPU count
};

// A machine that is asked for by the number of its NPUs: accelerators, or whole nodes where the innermost
// dimension of the file lies between nodes.
struct Machine {
  std::string name;
  std::string help = {};
  Npu npu;
  std::vector<FabricDimension> dimensions;  // the innermost first
  std::vector<MeasuredRates> measured;

  // What was measured of a model (case ignored), or null.
  [[nodiscard]] const MeasuredRates* find_measured(std::string_view model) const;

  // The network of a job of `npus`: whole inner dimensions, the rest outside; a job smaller than a dimension
  // uses a part of it, one NPU has none. Throws InputError naming the nearest counts that fit.
  [[nodiscard]] Network network(std::int64_t npus) const;
  // Nominal bandwidths of that network's dimensions.
  [[nodiscard]] std::vector<double> gb_per_s(const Network& network) const;
};

// The fitted constants by name: {npus: {a100: {...}}, fabrics: {nvlink-3: {...}}}.
struct Calibration {
  std::string help;
  std::vector<std::pair<std::string, NpuConstants>> npus;
  std::vector<std::pair<std::string, FabricConstants>> fabrics;
};
const Fields<Calibration>& calibration_fields();
Calibration read_calibration(const YamlValue& root);
Calibration shipped_calibration();  // inputs/calibration.yaml
// The constants of one NPU kind. Throws InputError for a name that is not there.
const NpuConstants& npu_constants(const Calibration& calibration, std::string_view name);
// Puts constants into a machine by their names, where it has none of its own. Throws InputError for a name
// that is not there.
void calibrate(Machine& machine, const Calibration& calibration);

// The keys of a machine file. `npus` may be left out of the outermost dimension: as many as the job needs.
const Fields<Machine>& machine_fields();
// Throws InputError.
Machine read_machine(const YamlValue& root);
// The same with the shipped constants in it. Throws InputError also at a name of constants that is not there.
Machine read_calibrated_machine(const YamlValue& root);
// By what a user types, calibrated with the shipped constants.
Machine load_machine(std::string_view word);

}  // namespace bandwright
