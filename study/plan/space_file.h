#pragma once
#include <string>

#include "core/yaml.h"
#include "study/plan/hardware_plan.h"
#include "study/plan/plan.h"

namespace bandwright {

template <class T>
class Fields;  // core/fields.h

// A space of divisions as a YAML file: a job's words, of which decisions may be a value, a list, a range
// (2..8) or any, and what is wanted of it.
struct SpaceFile {
  std::string help;
  std::string model, machine, npus, global_batch;
  std::string tp, cp, pp, ep, virtual_stages, micro_batch, zero, recompute, sequence_parallel;
  std::string sequence, precision, attention, overlap, dispatch, placement, schedule, bucket;
  std::string minimize, max_step, max_memory, best, prices;
  std::string npu, budget, hardware, shapes, dimensions;  // of a network that is still to be bought
  std::vector<std::string> constraints;
  bool pareto = false;
};
const Fields<SpaceFile>& space_fields();

// The question that a file asks. Throws InputError.
PlanQuestion read_space(const YamlValue& root);
// What it says of a network that is still to be bought; without an NPU it asks of a machine.
HardwareWords hardware_words(const YamlValue& root);

// What is wanted of a search in words: minimize, best, max_step, max_memory; an empty word is as usual.
// Throws InputError, which names the option.
struct SearchWords {
  std::string minimize, best, max_step, max_memory;
};
DivisionSearch read_search(const SearchWords& words);

}  // namespace bandwright
