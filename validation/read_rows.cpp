#include "validation/read_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace bandwright {
namespace {

// What a message says after the place it begins with, if it does.
std::string without_place(std::string_view message, const Place& place) {
  const std::string prefix = InputError(place, "").what();
  if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
  return std::string(message);
}

// What cannot be predicted, as a step beyond the clock, is its row's own fault and not the table's.
void require_prediction(const Measurement& row) {
  static const Calibration constants = shipped_calibration();
  if (!std::isfinite(row.predict(constants))) throw InputError("no prediction");
}

}  // namespace

RowsRead read_rows(const std::filesystem::path& file, const ReadRow& read) {
  RowsRead result;
  const CsvTable table = read_csv(file);
  for (const CsvRow& row : table.rows) {
    const std::string place = fmt::format("{}:{}", file.filename().string(), row.line());
    try {
      std::optional<Measurement> measurement = read(row);
      if (!measurement) continue;
      // Beyond these an error relative to it is no number.
      constexpr double least = 1e-12;
      constexpr double most = 1e15;
      if (!(measurement->measured > 0.0)) throw InputError("the measured value must be more than 0");
      if (!(measurement->measured >= least && measurement->measured <= most)) {
        throw InputError(fmt::format("a measured value of {:g}, expected {:g} to {:g}", measurement->measured,
                                     least, most));
      }
      require_prediction(*measurement);
      result.rows.push_back(std::move(*measurement));
    } catch (const InputError& error) {
      result.not_run.push_back({place, without_place(error.what(), row.place())});
    }
  }
  return result;
}

const std::shared_ptr<const Machine>& Machines::load(std::string_view name) {
  auto found = loaded_.find(name);
  if (found == loaded_.end()) {
    found = loaded_.emplace(std::string(name), std::make_shared<const Machine>(load_machine(name))).first;
  }
  return found->second;
}

std::string largest_parts(std::vector<Part> parts) {
  double whole = 0.0;
  for (const Part& part : parts) whole += part.ns;
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.ns > b.ns; });
  std::vector<std::string> words;
  for (const Part& part : parts) {
    const double percent = 100.0 * part.ns / whole;
    if (percent >= 10.0) words.push_back(fmt::format("{:.0f} % {}", percent, part.name));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace bandwright
