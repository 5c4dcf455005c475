#pragma once
#include <optional>
#include <string>
#include <vector>

#include "collective/library.h"
#include "core/yaml.h"

namespace bandwright {

// A system file of ASTRA-sim: `key: value` lines in version 1, JSON in version 2. Latencies stand in its
// network files. An implementation per dimension becomes AlgorithmChoice::by_dimension; "GB/s" are GiB/s and
// message times whole nanoseconds there, which Library::gib and Library::truncate say.
struct AstraSimSystem {
  Library library;
  std::optional<FlopRate> peak;      // version 2 with roofline-enabled; else compute runs as measured
  Bandwidth memory;                  // of the NPU's own memory (local-mem-bw, decimal GB/s)
  std::vector<std::string> ignored;  // keys that change nothing here, with the reason
};

// Throw InputError, by name for a custom implementation, an unknown algorithm or an unknown scheduler.
AstraSimSystem read_astra_sim_1_system(const YamlValue& root);
AstraSimSystem read_astra_sim_2_system(const YamlValue& root);

}  // namespace bandwright
