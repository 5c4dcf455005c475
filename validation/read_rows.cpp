#include "validation/read_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace bandwright {

std::vector<Measurement> read_rows(const std::filesystem::path& file, const ReadRow& read) {
  std::vector<Measurement> rows;
  const CsvTable table = read_csv(file);
  for (const CsvRow& row : table.rows) {
    const Place place = row.place();
    std::optional<Measurement> measurement;
    try {
      measurement = read(row);
    } catch (const InputError& error) {
      const std::string known = InputError(place, "").what();
      if (std::string_view(error.what()).substr(0, known.size()) == known) throw;
      throw InputError(place, error.what());
    }
    if (!measurement) continue;
    if (!std::isfinite(measurement->measured) || measurement->measured <= 0.0) {
      throw InputError(place, "the measured value must be more than 0");
    }
    rows.push_back(std::move(*measurement));
  }
  return rows;
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
