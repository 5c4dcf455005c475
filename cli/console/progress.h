#pragma once
#include <string>

#include "answers/design.h"
#include "core/io/progress.h"
#include "optimizer/summary.h"

namespace bandwright {

// Shows a solver's iterations on standard error while it runs: with `trace` every one it reports, a line
// each; without, and only on a terminal, one line that is redrawn.
class Progress {
 public:
  Progress(ObjectiveUnit unit, bool trace);
  void show(const Iteration& iteration);

 private:
  void trace_line(const Iteration& iteration) const;

  ObjectiveUnit unit_;
  bool trace_;
  ProgressBar bar_;
};

}  // namespace bandwright
