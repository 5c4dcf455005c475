#include "scaling/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/io/csv.h"
#include "core/text.h"
#include "core/units.h"

namespace bandwright {
namespace {

constexpr int most_measured_workers = 1'000'000'000;
constexpr double longest_seconds = 1e12;
constexpr double highest_rate = 1e15;
constexpr std::size_t most_points = 1000;

// Where the columns of interest stand in a row.
struct Columns {
  std::size_t workers = 0;
  std::size_t value = 0;
  bool value_is_rate = false;
  std::string value_name;
  std::optional<std::size_t> series;
};

std::optional<std::size_t> find_column(const CsvHeader& header, std::string_view name) {
  const auto found = std::find_if(header.names.begin(), header.names.end(),
                                  [&](std::string_view column) { return equal_ignoring_case(column, name); });
  if (found == header.names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.names.begin());
}

std::optional<std::size_t> find_rate_column(const CsvHeader& header) {
  const auto found = std::find_if(header.names.begin(), header.names.end(), [](std::string_view column) {
    return column.ends_with("_per_sec") || column.ends_with("_per_second") || column == "items_per_s";
  });
  if (found == header.names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.names.begin());
}

Columns find_columns(const CsvHeader& header, MeasuredAs measured) {
  const auto missing = [&](std::string_view wanted) {
    throw InputError(Place{header.file, header.line, {}},
                     fmt::format("no column {}, found: {}", wanted, fmt::join(header.names, ", ")));
  };
  Columns columns;
  std::optional<std::size_t> workers;
  for (const std::string_view name : {"n", "workers", "nodes"}) {
    if (!workers) workers = find_column(header, name);
  }
  if (!workers) missing("'n' (or 'workers', 'nodes')");
  columns.workers = *workers;
  std::optional<std::size_t> value;
  for (const std::string_view name : {"seconds", "median_s", "run_time_s"}) {
    if (!value && measured == MeasuredAs::TimeOrRate) value = find_column(header, name);
  }
  if (!value) {
    value = find_rate_column(header);
    columns.value_is_rate = value.has_value();
  }
  if (!value && measured == MeasuredAs::Rate) missing("of a rate, such as 'images_per_sec'");
  if (!value) missing("'seconds' (or a rate such as 'images_per_sec')");
  columns.value = *value;
  columns.value_name = header.names[*value];
  columns.series = find_column(header, "series");
  return columns;
}

// The reciprocal of a number that almost vanishes would have no end.
double read_positive(std::string_view field, double least, double most) {
  const double value = parse_number(field, -most, most);
  if (!(value > 0.0)) throw InputError(fmt::format("'{}' must be above 0", printable(field)));
  if (value < least) {
    throw InputError(fmt::format("'{}' is out of range: expected {} to {}", printable(field), least, most));
  }
  return value;
}

ScalingPoint read_point(const std::vector<std::string>& fields, const Columns& columns,
                        const ScalingSeries& series, const Place& place) {
  ScalingPoint point;
  point.workers = static_cast<int>(placed({place.file, place.line, "n"}, [&] {
    return parse_integer(fields[columns.workers], 1, most_measured_workers);
  }));
  const double value = placed({place.file, place.line, columns.value_name}, [&] {
    const std::string& field = fields[columns.value];
    return columns.value_is_rate ? read_positive(field, 1.0 / longest_seconds, highest_rate)
                                 : read_positive(field, 1.0 / highest_rate, longest_seconds);
  });
  point.seconds = series.seconds_of(point.workers, value);
  return point;
}

void add_point(ScalingSeries& series, const ScalingPoint& point, const Place& place) {
  for (const ScalingPoint& other : series.points) {
    if (other.workers == point.workers) {
      throw InputError(
          Place{place.file, place.line, "n"},
          fmt::format("{} stands twice{}; give each worker count once, as the median of its runs",
                      point.workers, series.name.empty() ? "" : " in " + series.name));
    }
  }
  series.points.push_back(point);
  if (series.points.size() > most_points) {
    throw InputError(place, fmt::format("more than {} points in a series", most_points));
  }
}

void finish(ScalingSeries& series, const std::string& file_name) {
  if (series.points.size() < 2) {
    throw InputError(Place{file_name, 0, series.name},
                     fmt::format("{} point{}; a law needs at least two worker counts", series.points.size(),
                                 series.points.size() == 1 ? "" : "s"));
  }
  std::sort(series.points.begin(), series.points.end(),
            [](const ScalingPoint& a, const ScalingPoint& b) { return a.workers < b.workers; });
}

}  // namespace

double ScalingSeries::shown(double n, double seconds) const {
  if (is_rate) return 1.0 / seconds;
  return mode == ScalingMode::Weak ? seconds * n : seconds;
}

double ScalingSeries::seconds_of(double n, double value) const {
  if (is_rate) return 1.0 / value;
  return mode == ScalingMode::Weak ? value / n : value;
}

std::vector<ScalingSeries> parse_scaling_csv(std::string_view text, const std::string& file_name,
                                             ScalingMode mode, MeasuredAs measured) {
  const CsvTable table = parse_csv(text, file_name);
  const Columns columns = table.header->names.empty() ? Columns{} : find_columns(*table.header, measured);
  if (table.rows.empty()) {
    throw InputError(Place{.file = file_name}, "no measurements, expected columns n,seconds");
  }
  std::vector<ScalingSeries> all;
  std::map<std::string, std::size_t, std::less<>> index_of;
  for (const CsvRow& row : table.rows) {
    const std::vector<std::string>& fields = row.fields();
    const std::string name = columns.series ? fields[*columns.series] : std::string();
    const auto [entry, is_new] = index_of.try_emplace(name, all.size());
    if (is_new) {
      all.push_back({.name = name,
                     .mode = columns.value_is_rate ? ScalingMode::Weak : mode,
                     .value_name = columns.value_name,
                     .is_rate = columns.value_is_rate});
    }
    ScalingSeries& series = all[entry->second];
    add_point(series, read_point(fields, columns, series, row.place()), row.place());
  }
  for (ScalingSeries& series : all) finish(series, file_name);
  return all;
}

std::vector<ScalingSeries> read_scaling_csv(const std::filesystem::path& file, ScalingMode mode,
                                            MeasuredAs measured) {
  return parse_scaling_csv(read_text_file(file), file.string(), mode, measured);
}

}  // namespace bandwright
