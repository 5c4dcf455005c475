#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/csv.h"
#include "validation/data_set.h"

namespace bandwright {

// The measurements of a CSV file, one row after the other; a row for which `read` gives nothing is left out.
// One for which it throws an InputError, or whose measurement is not a positive number, was not run.
using ReadRow = std::function<std::optional<Measurement>(const CsvRow&)>;
RowsRead read_rows(const std::filesystem::path& file, const ReadRow& read);

// Machines by name, each read once. Shared: rows outlive their reader, and there are thousands per machine.
class Machines {
 public:
  const std::shared_ptr<const Machine>& load(std::string_view name);

 private:
  std::map<std::string, std::shared_ptr<const Machine>, std::less<>> loaded_;
};

// Parts of a predicted time in words, the largest first: "72 % bytes, 20 % latency". Parts of less than 10 %
// are left out.
struct Part {
  std::string_view name;
  double ns = 0.0;
};
std::string largest_parts(std::vector<Part> parts);

}  // namespace bandwright
