#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "experiment/specification.h"
#include "experiment/store.h"
#include "runner/crew.h"

namespace bandwright {

struct EvaluationOptions {
  bool force = false;          // compute every point again
  double batch_seconds = 0.2;  // results wait at most about this long for the store
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
// allocation are one piece of the crew's work. The store's answer does not depend on threads, ranks, order or
// interruptions; at the end of any, what was finished is in the store. Only the first rank has one: the
// others help, with the same experiment.
Evaluation evaluate_missing(const Experiment& experiment, ResultStore& store, Crew& crew,
                            const EvaluationOptions& options = {});
Evaluation evaluate_missing(const Experiment& experiment, ResultStore& store,
                            const EvaluationOptions& options = {});  // by a thread per core
void help_evaluate(const Experiment& experiment, Crew& crew, const EvaluationOptions& options = {});

// The lines of results.csv and of convergence.csv, the first with the headings.
using CsvRows = std::vector<std::vector<std::string>>;
CsvRows result_rows(const std::vector<Result>& results);
CsvRows convergence_rows(const std::vector<Result>& results);

}  // namespace bandwright
