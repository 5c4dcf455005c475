#pragma once
#include <string>
#include <vector>

#include "experiment/evaluation.h"
#include "experiment/experiment_folder.h"
#include "report/document.h"

namespace bandwright {

// The points that an experiment asks for.
Document points_document(const Experiment& experiment);

// What came of them, a row each, and the file that figures read.
Document evaluation_document(const Experiment& experiment, const Evaluation& evaluation,
                             const std::vector<Result>& results, const ExperimentFolder& folder);

// Points that cannot be or do not fit, a line each, where they stand in the file; those after the fifth in
// one.
std::vector<std::string> refused_lines(const Experiment& experiment, const std::vector<Result>& results);

}  // namespace bandwright
