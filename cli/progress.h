#pragma once
#include <string>

#include "core/progress.h"
#include "optimizer/summary.h"

namespace bandwright {

// How objectives are shown: "ms" with a factor of 1e-6 for the optimizer's ns, and so on.
struct ObjectiveUnit {
  std::string name;
  double factor = 1.0;
};

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
