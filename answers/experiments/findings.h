#pragma once
#include <string>
#include <vector>

#include "experiment/findings.h"
#include "experiment/specification.h"
#include "report/document.h"

namespace bandwright {

// Findings as tables for `table` and the report.
Table aggregates_table(const std::vector<Result>& results);
Table losses_table(const std::vector<Result>& results);
// Optimal bandwidths: one line per model and loop of an experiment with EqualBW and PerfOptBW.
Table optima_table(const std::vector<Result>& results);
// Jobs on machines, a row each.
Table jobs_table(const std::vector<Result>& results);

// Findings as sentences with numbers, each of the view that it names.
std::vector<std::string> sentences(const std::vector<Result>& results);
std::vector<std::string> sentences_of(const std::vector<Result>& results, const std::string& view);
std::vector<std::string> job_sentences(
    const std::vector<Result>& results);  // of jobs on machines, in all views

// Ways of looking at a step, in the order of the results.
std::vector<std::string> views_of(const std::vector<Result>& results);

// Lines of results.csv, all of them; or only what was asked.
Table rows_table(const std::vector<Result>& results);
Table points_table(const std::vector<Point>& points);

}  // namespace bandwright
