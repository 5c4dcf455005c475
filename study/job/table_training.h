#pragma once
#include <string_view>

#include "collective/library.h"
#include "study/job/job.h"
#include "workload/model.h"
#include "workload/training_loop.h"

namespace bandwright {

// How a job trains a layer table: --tables, --loop, --recompute and --compute-scale; the library decides what
// the job leaves open.
struct TableWords {
  bool fused = false;  // the first line sends all weight gradients
  const TrainingLoop* loop = nullptr;
  LoopOptions options;
};
// Throws InputError, also for options that a layer table has not.
TableWords table_words(const Job& job, const Library& library);

// The table as it is trained so.
struct TableTraining {
  Model table;
  const TrainingLoop* loop = nullptr;
  LoopOptions options;
};

TableTraining table_training(const Job& job, const Model& table, const Library& library);

// Throws InputError for what only a layer table has, of something else: "a transformer".
void refuse_table_words(const Job& job, std::string_view kind);

// --loop, or the usual one.
const TrainingLoop& loop_of(const Job& job);

}  // namespace bandwright
