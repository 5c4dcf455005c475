#include "answers/built/share.h"

#include <fmt/format.h>

#include "report/unit.h"

namespace bandwright {

Document share_document(const ShareAnswer& answer) {
  Document document{.title = fmt::format("{}: {} jobs", answer.network, answer.jobs.size())};
  const SharedStep* worst = nullptr;
  for (const SharedStep& job : answer.jobs) {
    if (worst == nullptr || job.lost() > worst->lost()) worst = &job;
  }
  if (worst != nullptr) {
    document.verdict.text =
        fmt::format("{} loses most, {}", worst->name, quantity(to_seconds(worst->lost()), Unit::Seconds, 6));
  }
  document.data("network", answer.network);
  document.fact("routing", routing_name(answer.routing.routing));
  Table table = Table::of("sharing_jobs");
  table.main = true;
  table.column("job").column("model").column("npus").column("starts_s").column("step_time_s");
  table.column("alone_step_time_s").column("lost_s").column("lost_share");
  for (const SharedStep& job : answer.jobs) {
    const double alone = to_seconds(job.alone);
    table.rows.push_back({job.name, job.model, job.npus, job.start, job.shared.step_time, job.alone,
                          job.lost(), alone > 0.0 ? Value(to_seconds(job.lost()) / alone) : Value()});
  }
  document.add(std::move(table));
  return document;
}

}  // namespace bandwright
