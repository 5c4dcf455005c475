#include "answers/charts/experiment_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "answers/charts/experiment.h"
#include "answers/experiments/findings.h"

namespace bandwright {
namespace {

std::string title_of(const std::vector<Result>& results, const std::string& name) {
  return fmt::format("Experiment {}: {} points", name, results.size());
}

// The rows of one view, without the column that names it.
Table of_view(Table table, const std::string& view) {
  const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                   [](const Table::Column& each) { return each.key->name == "view"; });
  const auto place = static_cast<std::size_t>(column - table.columns.begin());
  std::erase_if(table.rows, [&](const std::vector<Value>& row) {
    const auto* name = std::get_if<std::string>(&row[place].any);
    return name == nullptr || *name != view;
  });
  table.columns[place].shown = Shown::ToPrograms;
  table.key = nullptr;  // each view has one of its own
  return table;
}

}  // namespace

Document findings_document(const std::vector<Result>& results, const std::string& name) {
  Document document{.title = title_of(results, name)};
  document.data("experiment", name).data("points", results.size());
  document.add(List::of("findings", "Findings", sentences(results)));
  return document;
}

Document report_page(const std::vector<Result>& results, const std::string& name, const std::string& word) {
  Document whole{.title = title_of(results, name)};
  whole.add(List::of("", "Jobs", job_sentences(results)));
  const std::vector<std::string> views = views_of(results);
  const Table aggregates = aggregates_table(results);
  const Table losses = losses_table(results);
  for (const std::string& view : views) {
    whole.add(List::of("", views.size() > 1 ? fmt::format("Findings in the view {}", view) : "Findings",
                       sentences_of(results, view)));
    for (const Table& table : {aggregates, losses}) {
      Table own = of_view(table, view);
      if (views.size() > 1) own.heading += fmt::format(", view {}", view);
      if (!own.rows.empty()) whole.add(std::move(own));
    }
  }
  for (Chart& chart : experiment_charts(results, name)) whole.add(std::move(chart));
  Table jobs = jobs_table(results);
  if (!jobs.rows.empty()) whole.add(std::move(jobs));
  List commands =
      List::of("", "Run it again",
               {fmt::format("bandwright evaluate {}", word), fmt::format("bandwright report {}", word)});
  commands.commands = true;
  whole.add(std::move(commands));
  return whole;
}

}  // namespace bandwright
