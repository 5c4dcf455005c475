#pragma once
#include <string>
#include <vector>

#include "answers/estimate.h"
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

// A network on images, or a layer table.
void estimate_undivided(const EstimateOptions& options, const ModelFile& model);

// --bandwidth, or nothing where it is the machine's own.
std::vector<double> given_bandwidths(const EstimateOptions& options, const Network& network);
}  // namespace bandwright
