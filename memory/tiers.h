#pragma once
#include <string>
#include <string_view>

#include "core/units.h"
#include "core/yaml.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// One kind of memory as the kernels of one processor see it.
struct Tier {
  std::string name;
  Bytes capacity;
  Bandwidth read;   // the fast tier: of a kernel bound by memory; the slow tier: of the linear model below
  Bandwidth write;  // slow memories often write far slower than they read
  double dollars_per_gb = 0.0;
};

// Copies between the tiers, slow to fast and fast to slow.
struct CopyBandwidth {
  Bandwidth to_fast;
  Bandwidth to_slow;
};

// A fast and a slow memory beside one processor.
//
// Linear tier model, for kernels nobody has measured: with everything in fast memory a kernel takes
//   max(operations / compute, bytes read / fast.read + bytes written / fast.write)
// and each argument in slow memory adds bytes / slow.read (read) or bytes / slow.write (written). Against
// measured kernels on DRAM and persistent memory the slow terms have a median error of 14 % (21,181
// configurations); the tool prints it wherever the model is used.
struct TierPair {
  std::string name;
  std::string help;
  Tier fast;
  Tier slow;
  CopyBandwidth copies;      // the processor waits for them
  CopyBandwidth overlapped;  // while a kernel runs; one engine, one copy at a time
  FlopRate compute;          // sustained, for the linear model
};
constexpr double linear_model_median_error = 0.144;

// A tiers file: {name, help, fast, slow, copies, overlapped, compute}; every bandwidth is at least 1 kB/s.
const Fields<TierPair>& tier_fields();
// Throws InputError.
TierPair read_tiers(const YamlValue& root);

// A pair by what a user types: the path of a YAML file or a name of inputs/tiers.
TierPair load_tiers(std::string_view word);

}  // namespace bandwright
