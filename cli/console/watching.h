#pragma once
#include <optional>

#include "cli/program/host.h"
#include "core/io/interrupt.h"
#include "core/io/progress.h"
#include "study/job/job.h"
#include "study/watch.h"

namespace bandwright {

// Ctrl-C and progress lines on standard error for a question about a job, for as long as it lives; only for
// the parts that can take long.
class Watching {
 public:
  Watching(const Job& job, const Host* host);
  [[nodiscard]] Watch watch() const;

 private:
  std::optional<InterruptWatch> interrupt_;  // before any other thread
  mutable std::optional<ProgressClock> placing_;
  mutable ProgressBar playing_{"simulate"};
  mutable ProgressBar reading_{"traces", "files"};
};

}  // namespace bandwright
