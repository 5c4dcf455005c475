#include "cli/console/progress.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/io/tell.h"

namespace bandwright {
namespace {

double relative_gap(const Iteration& iteration) {
  return (iteration.objective - iteration.lower_bound) / iteration.objective;
}

}  // namespace

Progress::Progress(ObjectiveUnit unit, bool trace) : unit_(std::move(unit)), trace_(trace) {
  if (!trace_) return;
  tell("{:>9}  {:>18}  {:>18}  {:>9}\n", "iteration", "best, " + unit_.name, "proved, " + unit_.name, "gap");
}

void Progress::show(const Iteration& iteration) {
  if (trace_) return trace_line(iteration);
  if (!bar_.on_terminal()) return;
  bar_.show(-1.0,
            fmt::format("{:.0f} s, iteration {}: best {:.6g} {} (Ctrl-C ends with the best so far)",
                        bar_.seconds(), iteration.number, iteration.objective * unit_.factor, unit_.name));
}

void Progress::trace_line(const Iteration& iteration) const {
  const bool proved = std::isfinite(iteration.lower_bound);
  tell("{:>9}  {:>18.10g}  {:>18}  {:>9}\n", iteration.number, iteration.objective * unit_.factor,
       proved ? fmt::format("{:.10g}", iteration.lower_bound * unit_.factor) : "-",
       proved ? fmt::format("{:.2g}", relative_gap(iteration)) : "-");
}

}  // namespace bandwright
