#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "collective/library.h"
#include "study/job/job.h"
#include "training/undivided.h"

namespace bandwright {

// A step of a network on images, or of a layer table, on a machine, and what of it is known.
struct UndividedStep {
  std::string name;
  Machine machine;
  Network network;
  Step graph;
  std::string item;          // "images": what is counted
  std::int64_t items = 0;    // of a step, all NPUs together
  std::int64_t tensor = 1;   // NPUs of one replica
  std::string division;      // for people
  double parameters = 0.0;   // 0: not known
  double flop = 0.0;         // of a step, all NPUs together; 0: not known
  double peak_per_ns = 0.0;  // FLOP of one NPU; 0: it has no such matrix units
  std::optional<MemoryBill> memory;
  std::vector<std::string> notes;
};

// Throws InputError for options that such a workload has not, and for a batch that cannot be divided.
UndividedStep undivided_step(const Job& job, const ImageModel& model, Machine machine);
// A table is trained as the job and the library say (study/job/table_training.h).
UndividedStep undivided_step(const Job& job, const Model& table, Machine machine, const Library& library);

// FLOP/s of one NPU: what was measured of the machine, or the bound of the network's layers; and a note of
// which it was.
double image_speed(const ImageModel& model, const Machine& machine, Precision precision,
                   std::vector<std::string>& notes);

}  // namespace bandwright
