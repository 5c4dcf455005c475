#include "answers/experiments/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "answers/experiments/findings.h"
#include "core/error.h"
#include "core/text.h"

namespace bandwright {

Document points_document(const Experiment& experiment) {
  Document document{.title = fmt::format("{}: {} points", experiment.name, experiment.points.size())};
  document.data("experiment", experiment.name).data("points", experiment.points.size());
  Table table = points_table(experiment.points);
  table.main = true;
  document.add(std::move(table));
  return document;
}

Document evaluation_document(const Experiment& experiment, const Evaluation& evaluation,
                             const std::vector<Result>& results, const ExperimentFolder& folder) {
  const auto refused = std::count_if(results.begin(), results.end(),
                                     [](const Result& result) { return !result.row.step_time_s; });
  const auto too_large = std::count_if(results.begin(), results.end(), [](const Result& result) {
    return result.row.step_time_s && result.row.status != "ok";
  });
  Document document{.title = fmt::format("{}: {} points", experiment.name, evaluation.points)};
  const std::size_t computed = evaluation.missing - (evaluation.points - results.size());
  document.verdict.text = evaluation.missing == 0 ? "all were there already (--force computes them again)"
                                                  : fmt::format("{} of them computed", computed);
  if (!evaluation.complete) {
    document.verdict.text =
        fmt::format("interrupted with {} of them; the same command continues", results.size());
  }
  if (refused > 0) document.verdict.text += fmt::format(", {} have no answer", refused);
  if (too_large > 0) document.verdict.text += fmt::format(", {} do not fit into memory", too_large);
  document.data("experiment", experiment.name)
      .data("points", evaluation.points)
      .data("computed", computed)
      .data("refused_points", refused);
  if (evaluation.complete) document.fact("file", folder.csv().string());
  Table table = rows_table(results);
  table.main = true;
  document.add(std::move(table));
  return document;
}

std::vector<std::string> refused_lines(const Experiment& experiment, const std::vector<Result>& results) {
  constexpr std::size_t most_lines = 5;
  std::map<std::string, int> lines;
  for (const Point& point : experiment.points) lines.emplace(point.asked.id, point.line);
  std::vector<std::string> refused;
  std::size_t count = 0;
  for (const Result& result : results) {
    const Row& row = result.row;
    if (row.status == "ok" || ++count > most_lines) continue;
    const InputError where({experiment.file, lines[row.id]}, point_name(row) + ": " + row.reason);
    refused.push_back(fmt::format("{}: {}", row.status, printable(where.what())));
  }
  if (count > most_lines) {
    refused.push_back(fmt::format("{} more points are not ok: column `reason` says why", count - most_lines));
  }
  return refused;
}

}  // namespace bandwright
