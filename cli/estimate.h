#pragma once
#include <string>
#include <vector>

#include "cli/model_file.h"
#include "cli/offload.h"
#include "cli/output.h"
#include "cli/training_options.h"
#include "training/estimate.h"

namespace bandwright {

struct EstimateOptions {
  std::string word;  // the positional: the model, or with --model the system
  std::string model;
  TrainingOptions training;
  std::vector<std::string> given;  // options of transformers that were typed
  OffloadOptions offload;
  std::string bandwidth;
  std::string timeline;
  OutputOptions output;
};

constexpr double gib = 1073741824.0;

// A network on images, or a layer table.
void estimate_undivided(const EstimateOptions& options, const ModelFile& model);

// --bandwidth, or nothing where it is the machine's own.
std::vector<double> given_bandwidths(const EstimateOptions& options, const Network& network);
TextTable breakdown_table(const std::vector<BreakdownLine>& breakdown, double step_ns);
TextTable memory_table(const std::vector<MemoryBill::Line>& lines);
nlohmann::ordered_json breakdown_json(const std::vector<BreakdownLine>& breakdown);
nlohmann::ordered_json memory_json(const std::vector<MemoryBill::Line>& lines);

}  // namespace bandwright
