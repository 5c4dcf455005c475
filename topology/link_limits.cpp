#include "topology/link_limits.h"

#include "core/io/csv.h"

namespace bandwright {

LinkLimits read_link_limits(const std::filesystem::path& file) {
  constexpr double lowest = 1e-6;
  constexpr double highest = 1e9;
  const CsvTable table = read_csv(file);
  LinkLimits limits;
  for (const CsvRow& row : table.rows) {
    const std::string& name = row.text("class");
    if (name.empty()) throw InputError(row.place("class"), "a class without a name");
    if (!limits.emplace(name, row.number_in("gb_per_s", lowest, highest)).second) {
      throw InputError(row.place("class"), "this class stands twice");
    }
  }
  if (limits.empty()) throw InputError(Place{file.string()}, "no rows, expected class,gb_per_s,why");
  return limits;
}

}  // namespace bandwright
