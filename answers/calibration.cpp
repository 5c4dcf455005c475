#include "answers/calibration.h"

#include <fmt/format.h>

namespace bandwright {
namespace {

// Of one set: its errors begin at `first` of all.
std::vector<Value> set_row(const DataSet& set, const OwnMachine& own, std::size_t first) {
  const auto mean = [&](const std::vector<double>& all) {
    return summarize(std::span(all).subspan(first, set.rows.size())).mape_percent;
  };
  return {set.name, set.rows.size(), mean(own.before), mean(own.after)};
}

}  // namespace

Document calibration_document(const OwnMachine& own, const OwnMeasurements& measured) {
  Document document{.title = fmt::format("{}: constants from one's own measurements", own.machine.name)};
  const double before = summarize(own.before).mape_percent;
  const double after = summarize(own.after).mape_percent;
  document.verdict = {fmt::format("mean error of the measurements {:.1f} %, before {:.1f} %", after, before),
                      after < before ? Verdict::Mood::Good : Verdict::Mood::Plain};
  document.data("machine", own.machine.name);
  Table constants = Table::of("constants_fitted");
  constants.main = true;
  for (const char* key : {"kind", "constant", "before", "after"}) constants.column(key);
  for (const FittedNumber& each : own.constants) {
    constants.rows.push_back({each.kind, each.field, each.before, each.after});
  }
  document.add(std::move(constants));
  Table sets = Table::of("sets");
  for (const char* key : {"name", "rows", "before_percent", "mape_percent"}) sets.column(key);
  std::size_t first = 0;
  for (const DataSet* set : {&measured.gemms, &measured.collectives, &measured.steps}) {
    if (!set->rows.empty()) sets.rows.push_back(set_row(*set, own, first));
    first += set->rows.size();
  }
  document.add(std::move(sets));
  return document;
}

}  // namespace bandwright
