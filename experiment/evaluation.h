#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "experiment/specification.h"
#include "experiment/store.h"

namespace bandwright {

struct EvaluationOptions {
  int jobs = 0;        // threads; 0: one per core
  bool force = false;  // compute every point again
  std::stop_token stop;
  // Called by one thread at a time; `done` of `total` missing points.
  std::function<void(std::size_t done, std::size_t total)> on_progress;
};

struct Evaluation {
  std::size_t points = 0;   // of the experiment
  std::size_t missing = 0;  // had no result before, or a damaged one
  std::size_t damaged = 0;  // of those
  bool complete = false;    // false when it was stopped
};

// Computes the points of an experiment that the store lacks and makes them its listing. Points that share an
// allocation are one job. The store's answer does not depend on threads, order or interruptions.
Evaluation evaluate_missing(const Experiment& experiment, ResultStore& store,
                            const EvaluationOptions& options);

// The lines of results.csv and of convergence.csv, the first with the headings.
using CsvRows = std::vector<std::vector<std::string>>;
CsvRows result_rows(const std::vector<Result>& results);
CsvRows convergence_rows(const std::vector<Result>& results);

}  // namespace bandwright
