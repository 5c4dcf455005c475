#pragma once
#include <string>
#include <vector>

#include "experiment/store.h"
#include "report/document.h"

namespace bandwright {

// An experiment's findings, for programs and for terminals.
Document findings_document(const std::vector<Result>& results, const std::string& name);

// The page: findings of each view beside the tables they are read from, the figures as charts, the jobs, and
// how to make it again. `word` is how the experiment was asked for.
Document report_page(const std::vector<Result>& results, const std::string& name, const std::string& word);

}  // namespace bandwright
