#include "experiment/findings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>

#include "core/stopping.h"

namespace bandwright {
namespace {

// A view is a way of looking at the same steps: these columns say which.
constexpr std::array<std::string_view, 6> of_a_view = {"engine",    "library", "wiring",
                                                       "recompute", "tables",  "compute_scale"};

// Rows by all that was asked, so that whatever tells two points apart separates them; or, to compare views,
// by all but what makes a view.
class Index {
 public:
  enum class Kind : std::uint8_t { WithinViews, AcrossViews };
  explicit Index(const std::vector<Result>& results, Kind kind = Kind::WithinViews) {
    for (const Column& column : columns()) {
      const bool varies = kind == Kind::AcrossViews &&
                          std::find(of_a_view.begin(), of_a_view.end(), column.name) != of_a_view.end();
      if (column.asked && !varies) columns_.push_back(&column);
    }
    StopCheck stop;
    for (const Result& result : results) {
      stop.look_now_and_then();
      if (result.row.status == "ok") rows_.emplace(key(result.row), &result.row);
    }
  }

  // The row that differs from `row` only in these columns.
  [[nodiscard]] const Row* find(Row row, const std::string& allocation, const std::string& source,
                                const std::string& target) const {
    row.allocation = allocation;
    row.source = source;
    row.target = target;
    return find(row);
  }
  [[nodiscard]] const Row* find(const Row& row) const {
    stop_.look_now_and_then();
    const auto found = rows_.find(key(row));
    return found == rows_.end() ? nullptr : found->second;
  }
  [[nodiscard]] const Row* equal(const Row& row) const { return find(row, "EqualBW", "equal", ""); }

 private:
  [[nodiscard]] std::string key(const Row& row) const {
    std::string text;
    for (const Column* column : columns_) text += cell_text(row, *column) + '\n';
    return text;
  }
  std::vector<const Column*> columns_;
  std::unordered_map<std::string, const Row*> rows_;
  mutable StopCheck stop_;
};

double time_cost(const Row& row) { return *row.step_time_s * row.cost_usd.value_or(NAN); }

struct Mean {
  double sum = 0.0;
  double largest = 0.0;
  int count = 0;
  void add(double value) {
    sum += value;
    largest = count == 0 ? value : std::max(largest, value);
    ++count;
  }
  [[nodiscard]] double value() const { return count == 0 ? 0.0 : sum / count; }
};

// A map that remembers the order in which its keys came.
template <class Key, class Value>
class Groups {
 public:
  Value& operator[](const Key& key) {
    const auto [place, is_new] = places_.emplace(key, entries_.size());
    if (is_new) entries_.emplace_back(key, Value());
    return entries_[place->second].second;
  }
  [[nodiscard]] const std::vector<std::pair<Key, Value>>& entries() const { return entries_; }

 private:
  std::map<Key, std::size_t> places_;
  std::vector<std::pair<Key, Value>> entries_;
};

using ViewSource = std::pair<std::string, std::string>;

}  // namespace

std::vector<std::pair<const Row*, const Row*>> optima(const std::vector<Result>& results) {
  const Index index(results);
  std::vector<std::pair<const Row*, const Row*>> pairs;
  for (const auto& [row, trace] : results) {
    const Row* equal = row.allocation == "PerfOptBW" && row.status == "ok" ? index.equal(row) : nullptr;
    if (equal != nullptr) pairs.emplace_back(&row, equal);
  }
  return pairs;
}

std::vector<Aggregates> aggregates(const std::vector<Result>& results) {
  struct Sums {
    Mean speedup;
    Mean perf_per_cost;
  };
  const Index index(results);
  Groups<ViewSource, Sums> groups;
  for (const auto& [row, trace] : results) {
    const Row* equal = row.status == "ok" && row.target == row.model ? index.equal(row) : nullptr;
    if (equal == nullptr) continue;
    Sums& sums = groups[{row.view, row.source}];
    if (row.allocation == "PerfOptBW") sums.speedup.add(*equal->step_time_s / *row.step_time_s);
    if (row.allocation == "PerfPerCostOptBW" && row.cost_usd) {
      sums.perf_per_cost.add(time_cost(*equal) / time_cost(row));
    }
  }
  std::vector<Aggregates> all;
  for (const auto& [key, sums] : groups.entries()) {
    all.push_back({key.first, key.second, sums.speedup.count, sums.speedup.value(), sums.speedup.largest,
                   sums.perf_per_cost.value()});
  }
  return all;
}

namespace {

// The largest factor of each view and source; `factor` gives that of a row, or 0 for rows that do not count.
template <class Factor>
std::vector<Slowdown> largest(const std::vector<Result>& results, Factor factor) {
  Groups<ViewSource, Slowdown> groups;
  for (const auto& [row, trace] : results) {
    const double value = row.status == "ok" ? factor(row) : 0.0;
    if (value <= 0.0) continue;
    Slowdown& worst = groups[{row.view, row.source}];
    if (!worst.view.empty() && value <= worst.factor) continue;
    worst = {row.view, row.source, row.network, row.model, row.target, row.budget_gb_per_s, value};
  }
  std::vector<Slowdown> all;
  for (const auto& [key, worst] : groups.entries()) all.push_back(worst);
  return all;
}

}  // namespace

std::vector<Slowdown> backfires(const std::vector<Result>& results) {
  const Index index(results);
  constexpr double rounding = 1e-6;
  return largest(results, [&](const Row& row) {
    const bool meant = row.allocation == "PerfOptBW" && row.target == row.model;
    const Row* equal = meant ? index.equal(row) : nullptr;
    const double factor = equal == nullptr ? 0.0 : *row.step_time_s / *equal->step_time_s;
    return factor > 1.0 + rounding ? factor : 0.0;
  });
}

std::vector<Slowdown> worst_slowdowns(const std::vector<Result>& results, bool group) {
  const Index index(results);
  return largest(results, [&](const Row& row) {
    const bool meant =
        group ? row.allocation == "GroupOptBW" : row.allocation == "PerfOptBW" && row.target != row.model;
    const Row* own = meant ? index.find(row, "PerfOptBW", row.source, row.model) : nullptr;
    return own == nullptr ? 0.0 : *row.step_time_s / *own->step_time_s;
  });
}

std::vector<TableLoss> table_losses(const std::vector<Result>& results) {
  const Index index(results);
  Groups<std::tuple<std::string, std::string, std::string, std::string>, Mean> groups;
  for (const auto& [row, trace] : results) {
    if (row.status != "ok" || row.allocation != "PerfPerCostOptBW" || row.target != row.model) continue;
    const Row* best =
        row.source == "optimized" ? nullptr : index.find(row, row.allocation, "optimized", row.target);
    if (best == nullptr || !row.cost_usd || !best->cost_usd) continue;
    groups[{row.view, row.source, row.network, row.model}].add(time_cost(row) / time_cost(*best) - 1.0);
  }
  std::vector<TableLoss> all;
  for (const auto& [key, loss] : groups.entries()) {
    const auto& [view, source, network, model] = key;
    all.push_back({view, source, network, model, loss.value(), loss.largest});
  }
  return all;
}

std::optional<double> largest_difference(const std::vector<Result>& results, const std::string& view,
                                         const std::string& other) {
  const auto close = [](double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); };
  const Index index(results, Index::Kind::AcrossViews);
  std::optional<double> largest;
  for (const auto& [row, trace] : results) {
    if (row.status != "ok" || row.view != view) continue;
    Row asked = row;
    asked.view = other;
    const Row* same = index.find(asked);
    if (same == nullptr ||
        !std::equal(row.bandwidth_gb_per_s.begin(), row.bandwidth_gb_per_s.end(),
                    same->bandwidth_gb_per_s.begin(), same->bandwidth_gb_per_s.end(), close)) {
      continue;
    }
    largest = std::max(largest.value_or(0.0), std::abs(*row.step_time_s / *same->step_time_s - 1.0));
  }
  return largest;
}

}  // namespace bandwright
