#include "cli/console/watching.h"

#include "study/job/offload.h"

namespace bandwright {

Watching::Watching(const Job& job, const Host* host) {
  if (job.tiers.empty()) return;
  interrupt_.emplace(host);
  placing_.emplace(offload_seconds);
}

Watch Watching::watch() const {
  Watch watch;
  if (interrupt_) watch.stop = interrupt_->token();
  if (placing_) {
    watch.on_stage = [this](std::string_view stage) { placing_->begin("placing, " + std::string(stage)); };
  }
  watch.on_traces = [this](const TraceProgress& progress) {
    reading_.show(static_cast<std::size_t>(progress.files), static_cast<std::size_t>(progress.total));
  };
  watch.on_play = [this](double share) { playing_.show(share, "every NPU by itself"); };
  return watch;
}

}  // namespace bandwright
