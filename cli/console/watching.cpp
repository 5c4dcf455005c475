#include "cli/console/watching.h"

#include <fmt/format.h>

#include "core/io/tell.h"
#include "study/job/offload.h"

namespace bandwright {
namespace {

// What is worth a line before it begins.
constexpr double said_from_s = 5.0;
constexpr double said_from_bytes = 2e9;

}  // namespace

Watching::Watching(const Job& job, const Host* host) {
  if (job.tiers.empty()) return;
  interrupt_.emplace(stop_of(host));
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
  watch.on_cost = [](const PlayCost& cost) {
    if (cost.seconds >= said_from_s || cost.bytes >= said_from_bytes) tell("{}\n", described(cost));
  };
  watch.on_play = [this](double share) { playing_.show(share, left_text(share, playing_.seconds())); };
  return watch;
}

}  // namespace bandwright
